#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.
"""Questions to a name server on loopback."""

import contextlib
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import fixtures
import testtools

from extreme_tempest_plugin.cloud import name_servers


class NameServer:
    """Answers each question over UDP and TCP with what it is told.

    :ivar answer: makes of a response what is to be sent; None is silent.
    """

    def __init__(self):
        self.udp, self.tcp = _both()
        self.port = self.udp.getsockname()[1]
        self.asked = []
        self.cut = False
        self.answer = lambda response: response
        self._threads = [
            threading.Thread(target=serve, daemon=True)
            for serve in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()

    def close(self):
        """Close both; a second time does nothing."""
        for sock in (self.udp, self.tcp):
            # Wakes the thread in it, also where it says ENOTCONN.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self.udp.close()
        self.tcp.close()

    def _respond(self, data):
        question = dns.message.from_wire(data)
        self.asked.append(question)
        return self.answer(dns.message.make_response(question))

    def _serve_udp(self):
        while True:
            try:
                data, sender = self.udp.recvfrom(4096)
            except OSError:
                return
            if not data:
                # It was shut down.
                return
            response = self._respond(data)
            if response is None:
                continue
            if self.cut:
                response.flags |= dns.flags.TC
                response.answer = []
            self.udp.sendto(response.to_wire(), sender)

    def _serve_tcp(self):
        while True:
            try:
                peer, _ = self.tcp.accept()
            except OSError:
                return
            with peer:
                length = int.from_bytes(peer.recv(2), 'big')
                wire = self._respond(peer.recv(length)).to_wire()
                peer.sendall(len(wire).to_bytes(2, 'big') + wire)


def _both():
    """A socket of UDP and one of TCP with the same port."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(('127.0.0.1', 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            # Another process has that one.
            udp.close()


class AskTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.server = NameServer()
        self.addCleanup(self.server.close)
        self.patience(30.0)

    def patience(self, seconds):
        timeout = f'{name_servers.__name__}.TIMEOUT'
        self.useFixture(fixtures.MonkeyPatch(timeout, seconds))

    def ask(self, of_type='A'):
        return name_servers.ask(
            name_servers.Server('127.0.0.1', self.server.port),
            'a.example.',
            of_type,
        )

    def answers(self, *records, of_type='A', flags=dns.flags.AA):
        def answer(response):
            response.flags |= flags
            if records:
                response.answer = [
                    dns.rrset.from_text(
                        'a.example.', 60, 'IN', of_type, *records
                    )
                ]
            return response

        self.server.answer = answer

    def test_records_in_order(self):
        self.answers('198.51.100.9', '198.51.100.10')
        self.assertEqual(
            name_servers.Reply(
                code='NOERROR',
                records=('198.51.100.10', '198.51.100.9'),
                ttl=60,
            ),
            self.ask(),
        )
        (asked,) = self.server.asked
        self.assertFalse(asked.flags & dns.flags.RD)

    def test_no_such_record(self):
        self.answers()
        self.assertEqual(name_servers.Reply(code='NOERROR'), self.ask())

    def test_what_it_only_heard_of_does_not_count(self):
        self.answers('198.51.100.9', flags=0)
        self.assertEqual(name_servers.Reply(code='no authority'), self.ask())

    def test_it_refuses(self):
        def refuse(response):
            response.set_rcode(dns.rcode.REFUSED)
            return response

        self.server.answer = refuse
        self.assertEqual(name_servers.Reply(code='REFUSED'), self.ask())

    def test_what_is_too_long_for_udp(self):
        self.answers(*(f'"{"x" * 200}{n}"' for n in range(9)), of_type='TXT')
        self.server.cut = True
        self.assertEqual(9, len(self.ask('TXT').records))

    def test_nobody_listens(self):
        self.patience(0.5)
        self.server.close()
        error = self.assertRaises(name_servers.SilentError, self.ask)
        self.assertNotIn('\n', str(error))

    def test_no_answer(self):
        self.patience(0.5)
        self.server.answer = lambda response: None
        error = self.assertRaises(name_servers.SilentError, self.ask)
        self.assertIn('no answer', str(error))

    def test_garbage(self):
        self.answers()
        self.assertRaises(name_servers.SilentError, self.ask, 'NOTYPE')


class WrittenTest(testtools.TestCase):
    def test_as_name_servers_write_them(self):
        self.assertEqual(
            '192.0.2.1,192.0.2.2',
            name_servers.written('A', ['192.0.2.2', '192.0.2.1']),
        )
        self.assertEqual(
            '2001:db8::1', name_servers.written('AAAA', ['2001:DB8:0::1'])
        )

    def test_what_is_no_record(self):
        self.assertEqual('x,y', name_servers.written('A', ['y', 'x']))
        self.assertEqual('x', name_servers.written('NOTYPE', ['x']))


class ResolveTest(testtools.TestCase):
    def test_addresses(self):
        self.assertEqual(
            (name_servers.Server('127.0.0.1', 5353),),
            name_servers.resolve('127.0.0.1', 5353),
        )
        self.assertEqual('[::1]:53', str(name_servers.Server('::1')))

    def test_nobody_knows_it(self):
        for name in ('no-such-host.invalid', 'x' * 70 + '.invalid'):
            self.assertEqual((), name_servers.resolve(name))
