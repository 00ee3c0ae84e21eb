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
"""Each way to watch something, over real sockets."""

import contextlib
import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import testtools

from extreme_tempest_plugin.tests.functional.uptime import stand_in
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import kept
from extreme_tempest_plugin.uptime import making
from extreme_tempest_plugin.uptime import plain
from extreme_tempest_plugin.uptime import targets
from extreme_tempest_plugin.uptime import transport

SECOND = 1_000_000_000


def soon(seconds=20.0):
    return time.monotonic_ns() + round(seconds * SECOND)


def ask(target, seconds=20.0):
    probe = plain.make(targets.parse(target))
    return probe.send(probe.headers(), soon(seconds)).error


class Server:
    """Answers HTTP over kept connections and counts them."""

    def __init__(self):
        self.accepted = 0
        self.close_after = self.breaks_after = 10**9
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        # Wakes the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.accepted += 1
                threading.Thread(
                    target=self._talk, args=(sock,), daemon=True
                ).start()

    def _talk(self, sock):
        with sock, contextlib.suppress(OSError):
            for number in range(self.close_after):
                if not sock.recv(65536) or number >= self.breaks_after:
                    return
                sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')


class TestKept(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.server = Server()
        self.addCleanup(self.server.close)
        self.target = endpoints.Endpoint(
            '127.0.0.1', self.server.port, '', None
        )
        self.connections = kept.Connections()

    def request(self):
        return self.connections.request(self.target, 'GET', '/', {}, soon())

    def test_one_connection_for_all(self):
        for _ in range(5):
            self.assertEqual((200, b'{}'), self.answer())
        self.assertEqual(1, self.server.accepted)

    def answer(self):
        answer = self.request()
        return answer.status, answer.body

    def test_new_ones_where_they_are_not_kept(self):
        for _ in range(3):
            transport.request(self.target, 'GET', '/', {}, soon())
        self.assertEqual(3, self.server.accepted)

    def test_one_that_was_closed_while_idle_is_not_used(self):
        self.server.close_after = 1
        for number in range(3):
            self.assertEqual((200, b'{}'), self.answer())
            (sock,) = self.connections._idle
            sock.settimeout(20)
            # Until its end has come.
            self.assertEqual(b'', sock.recv(1, socket.MSG_PEEK))
            self.assertEqual(number + 1, self.server.accepted)

    def test_one_that_breaks_is_a_failure(self):
        self.server.breaks_after = 1
        self.request()
        error = self.assertRaises(transport.Failed, self.request)
        self.assertEqual('reset', error.kind)
        self.assertEqual(1, self.server.accepted)


class TestTcp(testtools.TestCase):
    def test_taken_and_refused(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            port = listener.getsockname()[1]
            self.assertEqual('', ask(f'tcp:127.0.0.1:{port}'))
        self.assertEqual('refused', ask(f'tcp:127.0.0.1:{port}'))


class TestPing(testtools.TestCase):
    def test_an_address_of_ours_answers(self):
        self.assertEqual('', ask('ping:127.0.0.1'))


class TestDns(testtools.TestCase):
    def serve(self, change):
        """A name server; ``change`` makes the answer."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(('127.0.0.1', 0))

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    asked, client = sock.recvfrom(4096)
                    answer = dns.message.make_response(
                        dns.message.from_wire(asked)
                    )
                    data = change(answer)
                    if data is not None:
                        sock.sendto(data, client)

        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(sock.close)
        return f'dns:www.example.org@127.0.0.1:{sock.getsockname()[1]}'

    def test_an_address(self):
        def change(answer):
            answer.answer.append(
                dns.rrset.from_text(
                    'www.example.org.', 60, 'IN', 'A', '192.0.2.1'
                )
            )
            return answer.to_wire()

        self.assertEqual('', ask(self.serve(change)))

    def test_no_address(self):
        target = self.serve(lambda answer: answer.to_wire())
        self.assertEqual('dns-empty', ask(target))

    def test_errors_of_the_server(self):
        for code, error in (
            (dns.rcode.SERVFAIL, 'dns-servfail'),
            (dns.rcode.NXDOMAIN, 'dns-nxdomain'),
        ):

            def change(answer, code=code):
                answer.set_rcode(code)
                return answer.to_wire()

            self.assertEqual(error, ask(self.serve(change)))

    def test_silence(self):
        target = self.serve(lambda answer: None)
        self.assertEqual('timeout', ask(target, 0.3))

    def test_noise(self):
        self.assertEqual('malformed', ask(self.serve(lambda answer: b'x')))


class TestBackend(testtools.TestCase):
    """A backend alone is away; see test_monitor for whole outages."""

    def test_each_is_asked_at_its_own_address(self):
        with stand_in.Cloud() as cloud:
            tls = endpoints.tls_context('', False)
            found = endpoints.of('http://127.0.0.1:1/v2.1', tls)
            backend = targets.parse(f'nova@127.0.0.1:{cloud.nova.port}')
            where = making.at(backend, found, tls)
            headers = {'X-Auth-Token': stand_in.TOKEN}
            answer = transport.request(
                where, 'GET', '/servers', headers, soon()
            )
            self.assertEqual(200, answer.status)

    def test_schemes(self):
        tls = endpoints.tls_context('', False)
        found = endpoints.of('https://vip/v2.1', tls)
        for text, port, secure in (
            ('nova@10.0.0.11', 443, True),
            ('nova@10.0.0.11:8774', 8774, True),
            ('nova@http://10.0.0.11', 80, False),
            ('nova@https://10.0.0.11', 443, True),
        ):
            where = making.at(targets.parse(text), found, tls)
            self.assertEqual(
                ('10.0.0.11', port, '/v2.1', secure),
                (where.host, where.port, where.path, where.tls is not None),
            )
