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
"""Faults by commands of the operator, on this machine over SSH.

The commands are a program of our own, that keeps its state in a file.
"""

import os
import pathlib
import time

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import commands as commands_
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import commands
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import test_killed_run
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
BROKEN = catalogue.Proof.BROKEN
_TIMEOUT = 60.0
#: Says "it is LOUD" while it is broken with 70; ends with what the file says,
#: 0 without it.
_PROGRAM = """#!/bin/sh
echo "$1" >>{file}.log
case $1 in
  break)
    echo "$2" >{file}
    # A daemon.
    [ "$2" != 71 ] || setsid sleep 30 >/dev/null 2>&1 </dev/null &
    [ "$2" != 72 ] || sleep 40
    [ "$2" != 9 ];;
  heal) rm -f {file};;
  status)
    [ ! -e {file}.hangs ] || sleep 40
    status=$(cat {file} 2>/dev/null || echo 0)
    [ "$status" != 70 ] || echo "it is LOUD"
    exit "$status";;
esac
"""


class Alarm(fixtures.Fixture):
    """Something that commands break, and the host that it is on."""

    def _setUp(self) -> None:
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = directory / 'broken'
        self.program = directory / 'alarm'
        self.program.write_text(_PROGRAM.format(file=self.file))
        self.program.chmod(0o700)
        self.host = self.useFixture(sshd.Sshd()).host
        tag = dead_man.tag(self.target())
        self.addCleanup(namespaces.disarm, tag)

    def target(self, status: int = 70) -> configuration.Target:
        """As the configuration would have it.

        :param status: with which the status ends after the injection; the
            injection itself fails with 9.
        """
        program = str(self.program)
        return configuration.Target(
            # Its own, as others may test on this machine.
            name=f'alarm-{os.getpid()}',
            hosts=(self.host,),
            part=commands_.Commands(
                inject=(program, 'break', str(status)),
                heal=(program, 'heal'),
                status=(program, 'status'),
                says_broken='is loud',
            ),
        )

    def done(self) -> list[str]:
        """What was asked of the program, in turn."""
        return self.file.with_suffix('.log').read_text().split()

    def timers(self) -> list[int]:
        """Processes that wait to heal it."""
        return namespaces.naming(dead_man.tag(self.target()))


class TestCommands(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        self.alarm = self.useFixture(Alarm())
        self.target = self.alarm.target()
        self.engine = commands.Commander(_TIMEOUT)

    def _look(self) -> commands.CommandState:
        (state,) = self.engine.observe(self.target)
        return state

    def _assert_whole(self) -> None:
        self.assertTrue(self._look().whole)
        self.assertEqual([], self.alarm.timers())
        self.assertFalse(self.alarm.file.exists())

    def test_break_and_heal(self) -> None:
        before = self._look()
        self.assertTrue(before.whole)
        self.assertFalse(before.shows(BROKEN, before))
        # The second time is the same.
        for _ in range(2):
            self.engine.call(Verb.INJECT, self.target, 600)
            seen = self._look()
            self.assertTrue(seen.shows(BROKEN, before), seen)
            self.assertFalse(seen.whole)
            self.assertEqual(1, len(self.alarm.timers()))
        # Somebody else healed it; the timer is still ours.
        self.alarm.file.unlink()
        self.assertFalse(self._look().whole)
        for _ in range(2):
            self.engine.call(Verb.HEAL, self.target)
            self._assert_whole()

    def test_status_that_is_neither(self) -> None:
        before = self._look()
        target = self.alarm.target(status=69)
        self.engine.call(Verb.INJECT, target, 600)
        seen = self._look()
        self.assertFalse(seen.whole)
        self.assertFalse(seen.shows(BROKEN, before))
        self.engine.call(Verb.HEAL, target)
        self._assert_whole()

    def test_injection_that_fails_is_healed(self) -> None:
        error = self.assertRaises(
            remote.RemoteError,
            self.engine.call,
            Verb.INJECT,
            self.alarm.target(status=9),
            600,
        )
        self.assertIn(f'failed: {self.alarm.program} break 9', str(error))
        self._assert_whole()

    def test_what_it_leaves_has_not_our_lock(self) -> None:
        target = self.alarm.target(status=71)
        self.engine.call(Verb.INJECT, target, 600)
        began = time.monotonic()
        self.engine.call(Verb.HEAL, target)
        self.assertLess(time.monotonic() - began, 8)
        self._assert_whole()

    def test_what_hangs_has_not_our_lock_for_ever(self) -> None:
        target = self.alarm.target(status=72)
        began = time.monotonic()
        error = self.assertRaises(
            remote.RemoteError,
            commands.Commander(8.0).call,
            Verb.INJECT,
            target,
            600,
        )
        self.assertIn('break 72 ended with 124', str(error))
        self.engine.call(Verb.HEAL, target)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual([], namespaces.naming(f'{self.alarm.program}\0break'))
        self._assert_whole()

    def test_status_that_hangs_is_ended(self) -> None:
        hangs = self.alarm.file.with_suffix('.hangs')
        hangs.touch()
        seen = commands.Commander(8.0).observe(self.target)[0]
        self.assertEqual(124, seen.status)
        self.assertFalse(seen.whole)
        self.assertEqual(
            [], namespaces.naming(f'{self.alarm.program}\0status')
        )
        hangs.unlink()
        self._assert_whole()

    def test_timer_heals(self) -> None:
        self.engine.call(Verb.INJECT, self.target, 4)
        end = time.monotonic() + 60
        while self.alarm.done() != ['break', 'heal'] or self.alarm.timers():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)
        self._assert_whole()

    def test_no_such_program(self) -> None:
        self.alarm.program.unlink()
        self.assertFalse(self._look().whole)
        self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.INJECT, self.target, 600
        )
        self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.HEAL, self.target
        )

    def test_one_host_is_silent(self) -> None:
        silent = ssh.Host(address='127.0.0.2', port=1)
        target = msgspec.structs.replace(
            self.target, hosts=(silent, self.alarm.host)
        )
        self.assertRaises(ssh.UnreachableError, self.engine.observe, target)
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.INJECT, target, 600
        )
        self.assertIn('127.0.0.2', str(error))
        self.assertTrue(self.alarm.file.exists())
        self.engine.call(Verb.HEAL, self.target)
        self._assert_whole()


class TestKilledCommands(test_killed_run.KilledRun):
    def test_killed_and_healed(self) -> None:
        alarm = self.useFixture(Alarm())
        target = alarm.target()
        plan = model.Fault(
            fault='host.command', target=target.name, hold=60, recovery=90
        )
        for phase, after in test_killed_run.moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
        ):
            self._kill(plan, target, phase, after)
            if phase == 'evidenced':
                self.assertTrue(alarm.file.exists())
            self._heal()
            self.assertFalse(alarm.file.exists())
            self.assertEqual([], alarm.timers())
        self._live(plan, target)
        self.assertFalse(alarm.file.exists())
