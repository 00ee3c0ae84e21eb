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
"""What answers inside the guests, with pairs of sockets for a network."""

import socket

import fixtures
import testtools

from extreme_tempest_plugin.sandbox.guest import guest_answers

ONE, TWO = ('/run/netns/vm-one', 11), ('/run/netns/vm-two', 12)


class FakeListener:
    """A listening socket without a network."""

    def __init__(self):
        self.wake, self.ready = socket.socketpair()
        self.clients = []
        self.closed = False

    def fileno(self):
        return self.ready.fileno()

    def connect(self):
        ours, theirs = socket.socketpair()
        self.clients.append(theirs)
        self.wake.send(b'x')
        ours.settimeout(5)
        return ours

    def accept(self):
        self.ready.recv(1)
        return self.clients.pop(0), None

    def close(self):
        self.closed = True
        self.wake.close()
        self.ready.close()


class TestGuestAnswers(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.found = set()
        self.listeners = {}
        self.broken = set()
        self.now = 100.0
        self.server = guest_answers.Server(self.listen, lambda: self.found)
        self.addCleanup(self.close)
        where = guest_answers.__name__
        self.useFixture(
            fixtures.MonkeyPatch(f'{where}.time.monotonic', lambda: self.now)
        )
        self.useFixture(
            fixtures.MonkeyPatch('builtins.print', lambda *a, **k: None)
        )

    def close(self):
        self.found = set()
        self.server.look()
        for connection in list(self.server.connections):
            self.server.drop(connection)

    def listen(self, path, port):
        if (path, port) in self.broken:
            raise OSError(22, 'Invalid argument')
        return self.listeners.setdefault((path, port), FakeListener())

    def look(self, *found):
        self.found = set(found)
        self.server.look()

    def connect(self, guest, port):
        client = self.listeners[guest[0], port].connect()
        self.addCleanup(client.close)
        self.server.serve_once(1)
        return client

    def test_ssh_greets_first_and_names_the_guest(self):
        self.look(ONE, TWO)
        self.assertEqual(
            b'SSH-2.0-sandbox two\r\n', self.connect(TWO, 22).recv(100)
        )

    def test_http_answers_a_request(self):
        self.look(ONE)
        client = self.connect(ONE, 80)
        client.send(b'GET / HTTP/1.1\r\n\r\n')
        self.server.serve_once(1)
        answer = client.recv(500)
        self.assertTrue(answer.startswith(b'HTTP/1.0 200 OK\r\n'))
        self.assertTrue(answer.endswith(b'\r\n\r\none\n'))

    def test_a_client_that_goes_is_forgotten(self):
        self.look(ONE)
        self.connect(ONE, 22).close()
        self.server.serve_once(1)
        self.assertEqual({}, self.server.connections)

    def test_a_client_that_stays_is_dropped(self):
        self.look(ONE)
        client = self.connect(ONE, 80)
        self.now += guest_answers.PATIENCE + 1
        self.server.serve_once(0)
        self.assertEqual(b'', client.recv(1))

    def test_a_guest_that_went_lets_its_namespace_go(self):
        self.look(ONE)
        self.look()
        self.assertEqual(
            [True, True], [fake.closed for fake in self.listeners.values()]
        )

    def test_a_guest_that_came_back_is_another_one(self):
        self.look(ONE)
        before = dict(self.listeners)
        self.listeners.clear()
        self.look((ONE[0], 99))
        self.assertTrue(all(fake.closed for fake in before.values()))
        self.assertFalse(any(f.closed for f in self.listeners.values()))

    def test_a_half_made_namespace_is_tried_again(self):
        self.broken.add((ONE[0], 80))
        self.look(ONE)
        self.assertTrue(self.listeners.pop((ONE[0], 22)).closed)
        self.assertEqual({}, self.server.guests)
        self.broken.clear()
        self.look(ONE)
        self.assertEqual({ONE}, set(self.server.guests))
