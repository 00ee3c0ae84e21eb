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
"""Floating IPs that are tried, on sockets of loopback."""

import contextlib
import errno
import socket
import subprocess
import sys
import unittest.mock

import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import reaching

LOOPBACK = '127.0.0.1'

#: Tries a silent port while another greenlet counts tenths of a second.
_PATCHED = """
from gevent import monkey
monkey.patch_all()
import gevent, sys
from extreme_tempest_plugin.cloud import reaching
ticks = []
def tick():
    while True:
        gevent.sleep(0.1)
        ticks.append(1)
gevent.spawn(tick)
print(reaching.attempt('127.0.0.1', int(sys.argv[1]), 1.0).error, len(ticks))
"""


@contextlib.contextmanager
def listening():
    with socket.create_server((LOOPBACK, 0), backlog=0) as server:
        yield server.getsockname()[1]


@contextlib.contextmanager
def silent():
    """A port that takes no more connections: the kernel drops each SYN."""
    with listening() as port, contextlib.ExitStack() as stack:
        for _ in range(8):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((LOOPBACK, port))
        yield port


class ReachingTest(testtools.TestCase):
    def test_somebody_listens(self):
        with listening() as port:
            self.assertEqual(
                ports.Attempt(at=f'{LOOPBACK}:{port}'),
                reaching.attempt(LOOPBACK, port),
            )

    def test_nobody_listens(self):
        with listening() as port:
            pass
        tried = reaching.attempt(LOOPBACK, port)
        self.assertEqual('refused', tried.error)

    def test_nothing_is_heard(self):
        with silent() as port:
            tried = reaching.attempt(LOOPBACK, port, timeout=0.3)
        self.assertEqual('no answer', tried.error)

    def test_what_this_machine_cannot_do_says_nothing(self):
        for code in (errno.ENETUNREACH, errno.EMFILE, errno.EADDRNOTAVAIL):
            broken = unittest.mock.patch.object(
                socket, 'create_connection', side_effect=OSError(code, 'no')
            )
            with broken:
                error = self.assertRaises(
                    ports.CallError, reaching.attempt, LOOPBACK, 1
                )
            self.assertIn(f'{LOOPBACK}:1 cannot be tried', str(error))
            self.assertIs(ports.Kind.INFO, error.refusal.kind)

    def test_no_route_says_nothing(self):
        # Broadcast is no address to connect to, so nothing is sent.
        self.assertRaises(
            ports.CallError, reaching.attempt, '255.255.255.255', 22
        )

    def test_only_who_looks_waits(self):
        with silent() as port:
            done = subprocess.run(
                [sys.executable, '-c', _PATCHED, str(port)],
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
        said, _, ticks = done.stdout.strip().rpartition(' ')
        self.assertEqual('no answer', said)
        # If all waited there would be none, or the one that was due then; on
        # a busy machine there are fewer than ten.
        self.assertGreater(int(ticks), 1)
