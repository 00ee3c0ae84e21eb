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
"""Power: a host with a BMC is switched off, reset and shut down."""

import contextlib
import pathlib
import signal
import threading
import time

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults.drivers import power
from extreme_tempest_plugin.tests.functional.faults import machines
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
Proof = catalogue.Proof
_TIMEOUT = 30.0


class TestPower(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        if why := machines.usable():
            self.skipTest(why)
        self.machine = self.useFixture(machines.Machine())
        self.target = self.machine.target
        self.engine = power.Power(_TIMEOUT)

    def _look(self) -> power.NodeState:
        (state,) = self.engine.observe(self.target)
        return state

    def _orders(self) -> list[str]:
        return self.machine.supervisor.orders

    def test_off_and_on(self) -> None:
        before = self._look()
        self.assertTrue(before.whole, before)
        self.assertFalse(before.shows(Proof.OFF, before))
        self.engine.call(Verb.POWEROFF, self.target)
        off = self._look()
        self.assertTrue(off.shows(Proof.OFF, before), off)
        self.assertFalse(off.whole)
        self.assertFalse(off.moving)
        # A second time is the same.
        self.engine.call(Verb.POWEROFF, self.target)
        for _ in range(2):
            self.engine.call(Verb.POWERON, self.target)
            on = self._look()
            self.assertTrue(on.whole, on)
        self.assertNotEqual(before.boot, on.boot)
        self.assertEqual(['off', 'on'], self._orders())

    def test_reset(self) -> None:
        before = self._look()
        again = self._look()
        self.assertEqual(before.boot, again.boot)
        self.assertFalse(again.shows(Proof.REBOOTED, before))
        self.engine.call(Verb.RESET, self.target)
        end = time.monotonic() + 60
        while not (state := self._look()).shows(Proof.REBOOTED, before):
            self.assertLess(time.monotonic(), end, state)
        self.assertTrue(state.whole, state)
        self.assertEqual(['reset'], self._orders())

    def test_shutdown(self) -> None:
        before = self._look()
        self.engine.call(Verb.SHUTDOWN, self.target)
        self.assertTrue(self._look().shows(Proof.OFF, before))
        self.assertEqual(['soft'], self._orders())

    def test_power_without_ssh_is_neither_off_nor_whole(self) -> None:
        before = self._look()
        self.machine.server.stop()
        dead = self._look()
        self.assertFalse(dead.shows(Proof.OFF, before), dead)
        self.assertFalse(dead.whole)
        self.assertTrue(dead.moving)

    def test_services_that_do_not_come_back(self) -> None:
        self.assertIn('1 of 1 units active', str(self._look()))
        self.machine.units.write_text('failed')
        state = self._look()
        self.assertFalse(state.whole)
        self.assertIn('nova-api failed', str(state))

    def test_ssh_without_power_is_no_proof(self) -> None:
        # A BMC of another host, e.g. a mistake in the configuration.
        before = self._look()
        self.machine.supervisor.power = 'off'
        state = self._look()
        self.assertFalse(state.shows(Proof.OFF, before), state)
        self.assertFalse(state.whole)

    def test_wrong_password_is_named_and_never_shown(self) -> None:
        self.machine.configure('falsch-0123456789abc')
        for call in (
            lambda: self.engine.call(Verb.POWEROFF, self.target),
            lambda: self.engine.observe(self.target),
        ):
            error = self.assertRaises(errors.HarnessError, call)
            self.assertIn('assword', str(error))
            self.assertNotIn('falsch', str(error))
        self.assertEqual([], self._orders())

    def test_password_that_is_gone(self) -> None:
        self.machine.file.write_text('{}')
        error = self.assertRaises(
            errors.UsageError, self.engine.call, Verb.POWERON, self.target
        )
        self.assertIn(str(self.machine.file), str(error))

    def test_nobody_sees_the_password(self) -> None:
        # The host takes its time, so that the call is under way for a while.
        self.machine.supervisor.go.clear()
        timer = threading.Timer(2.0, self.machine.supervisor.go.set)
        timer.start()
        self.addCleanup(timer.join)

        def work() -> None:
            self.engine.call(Verb.POWEROFF, self.target)
            self.engine.observe(self.target)

        works = threading.Thread(target=work)
        works.start()
        seen = set()
        while works.is_alive():
            for word in ('os_faults_child', 'bmc_child'):
                for pid in namespaces.naming(word):
                    seen.add(word)
                    known = known_of(pid)
                    self.assertNotIn(machines.PASSWORD.encode(), known)
        self.assertEqual({'os_faults_child', 'bmc_child'}, seen)
        self.assertEqual(['off'], self._orders())

    def test_bmc_that_is_silent_is_given_up(self) -> None:
        # Stopped, it takes what is sent and says nothing.
        self.machine.bmc.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.machine.bmc.process.send_signal, signal.SIGCONT)
        engine = power.Power(3.0)
        for call in (
            lambda: engine.call(Verb.POWEROFF, self.target),
            lambda: engine.observe(self.target),
        ):
            began = time.monotonic()
            self.assertRaises(errors.HarnessError, call)
            self.assertLess(time.monotonic() - began, 3 + 10)


def known_of(pid: int) -> bytes:
    """What everybody, or every process of the user, may read of it."""
    known = b''
    for name in ('cmdline', 'environ'):
        with contextlib.suppress(OSError):
            known += pathlib.Path(f'/proc/{pid}', name).read_bytes()
    return known
