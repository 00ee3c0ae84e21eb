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
"""Real containers of podman and docker, broken through a real sshd.

Only systemd is made up, where a unit runs the container.
"""

import os
import pathlib
import signal
import threading
import time

import testtools

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import runtimes as runtimes_
from extreme_tempest_plugin.faults.drivers import containers
from extreme_tempest_plugin.faults.drivers import containers_state
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import runtimes
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
Proof = catalogue.Proof
NAME = 'extreme_api'
#: That a busy machine may take; nothing here waits for it.
_TIMEOUT = 120.0
# The unit that kolla-ansible writes, as far as it is asked here.
_SYSTEMCTL = """
echo "$*" >>{top}/asked
case $1 in
  show) cat {top}/state;;
  start|stop|restart) exec {runtime} "$1" {name};;
esac
"""
# It heeds no TERM, and ends when it is told otherwise.
_STUBBORN = 'trap "" TERM; trap exit USR1; while :; do sleep 0.1; done'


def target(
    server: sshd.Sshd, port: int = 0, unit: str = '', **part: str
) -> configuration.Target:
    """The container, as the configuration would have it."""
    return configuration.Target(
        name='api',
        unit=unit,
        hosts=(server.host,),
        port=port,
        part=runtimes_.Container(**{'container': NAME, **part}),
    )


class OfPodman(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        if why := runtimes.usable(self.fixture.name):
            self.skipTest(why)
        self.runtime = self.useFixture(self.fixture())
        self.sshd = self.useFixture(sshd.Sshd(self.runtime.force))
        self.driver = containers.Containers(_TIMEOUT)

    fixture: type[runtimes.Podman] = runtimes.Podman

    def _serve(self, *options: str, **part: str) -> configuration.Target:
        port = self.runtime.serve(NAME, *options)
        part = {'runtime': self.runtime.name, **part}
        return target(self.sshd, port, **part)

    def _look(
        self, target: configuration.Target
    ) -> containers_state.ContainerState:
        (state,) = self.driver.observe(target)
        return state

    def _whole(
        self, target: configuration.Target
    ) -> containers_state.ContainerState:
        """Wait until it is."""
        end = time.monotonic() + _TIMEOUT
        while not (state := self._look(target)).whole:
            self.assertLess(time.monotonic(), end, state)
            time.sleep(0.1)
        return state

    def _refused(self, verb: Verb, target: configuration.Target) -> str:
        return str(
            self.assertRaises(
                remote.RemoteError, self.driver.call, verb, target
            )
        )


class TestPodman(OfPodman):
    def test_restart_and_terminate(self) -> None:
        target = self._serve()
        before = self._look(target)
        self.assertTrue(before.whole, before)
        self.assertTrue(before.answers)
        self.assertFalse(before.moving)
        self.assertEqual('', before.forbidden)
        self.assertEqual(self.runtime.pid(NAME), before.pid)
        self.assertGreaterEqual(before.processes, 1)
        for proof in (
            Proof.REPLACED, Proof.GONE, Proof.KILLED, Proof.FROZEN,
        ):  # fmt: skip
            self.assertFalse(before.shows(proof, before), proof)

        self.driver.call(Verb.RESTART, target)
        again = self._whole(target)
        self.assertTrue(again.shows(Proof.REPLACED, before), again)
        self.assertFalse(before.shows(Proof.REPLACED, again))
        # Heals what is whole as well, and leaves it alone.
        self.driver.call(Verb.START, target)
        self.assertEqual(again.start, self._look(target).start)

        self.driver.call(Verb.TERMINATE, target)
        self.assertFalse(pathlib.Path(f'/proc/{again.pid}').exists())
        gone = self._look(target)
        self.assertTrue(gone.shows(Proof.GONE, again), gone)
        self.assertFalse(gone.shows(Proof.REPLACED, again))
        self.assertFalse(gone.whole or gone.moving)
        self.assertIn('is exited', self._refused(Verb.TERMINATE, target))
        self.driver.call(Verb.START, target)
        back = self._whole(target)
        self.assertTrue(back.shows(Proof.REPLACED, again), back)
        self.assertEqual(before.identity, back.identity)

    def test_kill_of_one_that_comes_back(self) -> None:
        target = self._serve('--restart', 'always')
        before = self._look(target)
        self.driver.call(Verb.KILL, target)
        after = self._whole(target)
        self.assertTrue(after.shows(Proof.REPLACED, before), after)
        self.assertTrue(after.shows(Proof.KILLED, before), after)
        self.assertIn('restart policy always', before.was)

    def test_kill_of_one_that_nobody_starts(self) -> None:
        target = self._serve()
        before = self._look(target)
        self.driver.call(Verb.KILL, target)
        end = time.monotonic() + _TIMEOUT
        while not (after := self._look(target)).shows(Proof.KILLED, before):
            self.assertLess(time.monotonic(), end, after)
        self.assertFalse(pathlib.Path(f'/proc/{before.pid}').exists())
        self.assertFalse(after.shows(Proof.REPLACED, before))
        self.assertFalse(after.whole)
        self.driver.call(Verb.START, target)
        self._whole(target)

    def test_freeze_and_thaw(self) -> None:
        target = self._serve()
        before = self._look(target)
        self.driver.call(Verb.FREEZE, target)
        frozen = self._look(target)
        self.assertTrue(frozen.shows(Proof.FROZEN, before), frozen)
        self.assertEqual('FROZEN', frozen.freezer)
        self.assertTrue(frozen.port_open)
        self.assertFalse(frozen.answers or frozen.whole)
        self.assertFalse(frozen.shows(Proof.GONE, before))
        self.driver.call(Verb.THAW, target)
        after = self._look(target)
        self.assertTrue(after.whole and after.answers, after)
        self.assertEqual(before.start, after.start)
        # Heals what is whole as well, and what ended meanwhile.
        self.driver.call(Verb.THAW, target)
        self.assertEqual(before.start, self._look(target).start)
        self.driver.call(Verb.TERMINATE, target)
        self.driver.call(Verb.THAW, target)
        self._whole(target)

    def test_stop_that_takes_its_time(self) -> None:
        self.runtime.start(
            NAME, 'sh', '-c', _STUBBORN,
            options=('--stop-timeout', '300'),
        )  # fmt: skip
        one = target(self.sshd, runtime=self.runtime.name)
        self.assertTrue(self._look(one).whole)
        stop = threading.Thread(
            target=self.driver.call, args=(Verb.TERMINATE, one)
        )
        stop.start()
        self.addCleanup(stop.join)
        self.addCleanup(self.runtime.run, 'kill', NAME, check=False)
        end = time.monotonic() + _TIMEOUT
        while not (state := self._look(one)).stopping:
            self.assertLess(time.monotonic(), end, state)
        # It still runs, and will not.
        self.assertTrue(state.pid)
        self.assertFalse(state.whole)
        self.assertTrue(state.moving)
        # The heal comes after it.
        os.kill(state.pid, signal.SIGUSR1)
        stop.join()
        self.driver.call(Verb.START, one)
        self.assertNotEqual(state.pid, self._whole(one).pid)

    def test_our_own_session(self) -> None:
        one = self._serve()
        for path in runtimes.groups(self.runtime.pid(NAME)):
            (path / 'cgroup.procs').write_text(str(self.sshd.process.pid))
        self.assertIn('own session', self._look(one).forbidden)
        for verb in (Verb.RESTART, Verb.TERMINATE, Verb.KILL, Verb.FREEZE):
            self.assertIn('own session', self._refused(verb, one))
        for path in runtimes.groups(1):
            (path / 'cgroup.procs').write_text(str(self.sshd.process.pid))
        self.assertEqual('', self._look(one).forbidden)

    def test_beginning_of_an_identity_is_no_name(self) -> None:
        self._serve()
        identity = self.runtime.run('inspect', '--format', '{{.Id}}', NAME)
        one = target(
            self.sshd, runtime=self.runtime.name, container=identity[:12]
        )
        absent = self._look(one)
        self.assertEqual('absent', absent.status)
        self.assertFalse(absent.whole or absent.moving)
        self.assertIn('is absent', self._refused(Verb.KILL, one))
        self.assertTrue(
            pathlib.Path(f'/proc/{self.runtime.pid(NAME)}').exists()
        )

    def test_unit_that_runs_it(self) -> None:
        one = self._serve(unit='kolla-api-container.service')
        top = self.runtime.top
        self.runtime.systemctl(
            _SYSTEMCTL.format(top=top, runtime=self.runtime.name, name=NAME)
        )
        (top / 'state').write_text('active')
        before = self._look(one)
        self.assertTrue(before.whole, before)
        self.driver.call(Verb.TERMINATE, one)
        self.assertTrue(self._look(one).shows(Proof.GONE, before))
        self.driver.call(Verb.START, one)
        self._whole(one)
        self.driver.call(Verb.RESTART, one)
        (top / 'state').write_text('activating')
        self.assertTrue(self._look(one).moving)
        asked = (top / 'asked').read_text()
        for verb in ('stop', 'start', 'restart'):
            self.assertIn(f'{verb} -- kolla-api-container.service', asked)


class TestDocker(TestPodman):
    fixture = runtimes.Docker


class TestRuntimes(OfPodman):
    def test_of_several_how_they_are(self) -> None:
        for name in (NAME, 'other'):
            self.runtime.start(name, 'sleep', '60')
        self.runtime.run('pause', 'other')
        wanted = tuple(
            runtimes_.Container(container=name, runtime=runtime)
            for name, runtime in (
                (NAME, 'podman'), ('other', 'podman'), ('none', 'podman'),
                (NAME, ''), (NAME, 'docker'),
            )
        )  # fmt: skip
        (self.runtime.top / 'bin' / 'docker').symlink_to('/bin/false')
        self.assertEqual(
            ('running', 'paused', 'absent', 'running', 'unknown'),
            containers.statuses(self.sshd.host, wanted, _TIMEOUT),
        )

    def test_that_has_the_container(self) -> None:
        # Also where docker is there and has no daemon.
        self.assertTrue(self._look(self._serve(runtime='')).whole)

    def test_that_is_not_there(self) -> None:
        one = self._serve(runtime='')
        (self.runtime.top / 'bin' / 'docker').symlink_to('/bin/false')
        self.runtime.run('rm', '--force', NAME)
        self.assertIn('say which', self._refused(Verb.KILL, one))
