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
"""Power by Redfish: a host is switched off, reset and shut down."""

import collections.abc
import contextlib
import socket
import threading
import time

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults.drivers import power
from extreme_tempest_plugin.tests.functional.faults import machines
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import redfish
from extreme_tempest_plugin.tests.functional.faults import test_power
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
Proof = catalogue.Proof
_TIMEOUT = 30.0


class _Stubborn(fixtures.Fixture):
    """A server that takes every connection and never comes to an end.

    :param drips: what it says every 0.2 s; empty for nothing.
    """

    def __init__(self, drips: bytes) -> None:
        super().__init__()
        self.drips = drips

    def _setUp(self) -> None:
        listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(listener.close)
        self.address = f'http://127.0.0.1:{listener.getsockname()[1]}'
        self.over = threading.Event()
        self.addCleanup(self.over.set)
        threading.Thread(
            target=self._accept, args=[listener], daemon=True
        ).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(
                    target=self._drip, args=[listener.accept()[0]], daemon=True
                ).start()

    def _drip(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            if self.drips:
                connection.sendall(b'HTTP/1.1 200 OK\r\n')
            while not self.over.wait(0.2):
                connection.sendall(self.drips)


class TestRedfish(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        if why := machines.usable():
            self.skipTest(why)
        self.engine = power.Power(_TIMEOUT)

    def _plug(self, tls: bool = True) -> redfish.Machine:
        self.machine = self.useFixture(redfish.Machine(tls))
        self.target = self.machine.target
        return self.machine

    def _look(self) -> power.NodeState:
        (state,) = self.engine.observe(self.target)
        return state

    def test_off_and_on(self) -> None:
        machine = self._plug()
        before = self._look()
        self.assertTrue(before.whole, before)
        self.engine.call(Verb.POWEROFF, self.target)
        off = self._look()
        self.assertTrue(off.shows(Proof.OFF, before), off)
        self.assertFalse(off.whole)
        for _ in range(2):
            self.engine.call(Verb.POWERON, self.target)
        on = self._look()
        self.assertTrue(on.whole, on)
        self.assertNotEqual(before.boot, on.boot)
        # Nothing is pressed where it is so already.
        self.assertEqual(['ForceOff', 'On'], machine.pressed)

    def test_reset_and_shutdown_without_tls(self) -> None:
        machine = self._plug(tls=False)
        before = self._look()
        self.engine.call(Verb.RESET, self.target)
        end = time.monotonic() + 60
        while not (state := self._look()).shows(Proof.REBOOTED, before):
            self.assertLess(time.monotonic(), end, state)
        self.engine.call(Verb.SHUTDOWN, self.target)
        self.assertTrue(self._look().shows(Proof.OFF, before))
        self.assertEqual(['ForceRestart', 'GracefulShutdown'], machine.pressed)

    def _calls(self) -> tuple[collections.abc.Callable[[], object], ...]:
        return (
            lambda: self.engine.call(Verb.POWEROFF, self.target),
            lambda: self.engine.observe(self.target),
        )

    def test_certificate_that_nobody_vouches_for(self) -> None:
        machine = self._plug()
        another = str(redfish.certify(machine.file.parent)[0])
        for verify, call in zip((True, another), self._calls(), strict=True):
            machine.configure(machines.PASSWORD, verify=verify)
            error = self.assertRaises(errors.HarnessError, call)
            self.assertIn('CERTIFICATE_VERIFY_FAILED', str(error))
        self.assertEqual([], machine.pressed)
        machine.configure(machines.PASSWORD, verify=False)
        self.assertTrue(self._look().whole)

    def test_wrong_password_and_a_system_that_is_not_there(self) -> None:
        machine = self._plug()
        off, look = self._calls()
        machine.configure('falsch-0123456789abc')
        said = str(self.assertRaises(errors.HarnessError, off))
        self.assertIn('AccessError', said)
        self.assertNotIn('falsch', said)
        machine.configure(machines.PASSWORD, system='another')
        error = self.assertRaises(errors.HarnessError, look)
        self.assertIn('another not found', str(error))
        self.assertEqual([], machine.pressed)

    def test_nobody_sees_the_password(self) -> None:
        machine = self._plug()
        # The host takes its time, so that the call is under way for a while.
        machine.supervisor.stopping = 2.0
        works = threading.Thread(
            target=self.engine.call, args=[Verb.SHUTDOWN, self.target]
        )
        works.start()
        seen = 0
        while works.is_alive():
            for pid in namespaces.children('redfish_child'):
                seen += 1
                known = test_power.known_of(pid)
                self.assertNotIn(machines.PASSWORD.encode(), known)
        self.assertGreater(seen, 0)
        self.assertEqual('off', machine.supervisor.power)

    def test_bmc_that_does_not_come_to_an_end(self) -> None:
        machine = self._plug(tls=False)
        self.engine = power.Power(2.0)
        drips = (b'', b'X-Wait: yes\r\n')
        for each, call in zip(drips, self._calls(), strict=True):
            machine.address = self.useFixture(_Stubborn(each)).address
            machine.configure(machines.PASSWORD)
            began = time.monotonic()
            error = self.assertRaises(errors.HarnessError, call)
            self.assertIn('no answer within 2 s', str(error))
            self.assertLess(time.monotonic() - began, 2 + 10)
        self.assertEqual([], namespaces.children('redfish_child'))
