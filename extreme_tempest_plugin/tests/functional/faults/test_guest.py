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
"""Delays and clocks, on a host with a kernel and a clock of its own."""

import collections.abc
import contextlib
import time
from typing import ClassVar

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults.drivers import clock
from extreme_tempest_plugin.faults.drivers import clock_shell
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import delay
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import guest
from extreme_tempest_plugin.tests.functional.faults import test_killed_run
from extreme_tempest_plugin.tests.functional.faults import wait

Verb = catalogue.Verb
DELAYED, STEPPED = catalogue.Proof.DELAYED, catalogue.Proof.STEPPED
_TIMEOUT = 60.0
#: Independent of what the driver asks, and with another program; in one bash,
#: as each start of a program takes its time.
_TOOK = (
    "timeout 20 bash -c 'began=$EPOCHREALTIME; exec 3<>/dev/tcp/{}/{} && "
    "echo $began $EPOCHREALTIME'"
)
#: Seconds by which a clock may be elsewhere than it was set.
_SLACK = 2


class TestGuest(test_killed_run.KilledRun):
    """One guest for all of them: it takes long to start."""

    guest: ClassVar[guest.Guest]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if why := guest.usable():
            raise cls.skipException(why)
        cls.guest = guest.Guest()
        # What fails in there cleans up by itself.
        cls.guest.setUp()
        cls.addClassCleanup(cls.guest.cleanUp)
        if why := cls.guest.unfit:
            raise cls.skipException(why)

    def setUp(self) -> None:
        super().setUp()
        self.delayer = delay.Delayer(_TIMEOUT)
        self.stepper = clock.Stepper(_TIMEOUT)

    def _link(
        self, *peers: str, port: int = 22, delay_ms: int = 400
    ) -> configuration.Target:
        return configuration.Target(
            name='slow',
            hosts=(self.guest.host,),
            part=links.Delay(
                peers=peers, delay_ms=delay_ms, jitter_ms=100, port=port
            ),
        )

    def _clock(self, step_s: int) -> configuration.Target:
        return configuration.Target(
            name='clock',
            hosts=(self.guest.host,),
            part=clocks.Clock(step_s=step_s),
        )

    def _took(self, address: str, port: int = 22) -> float:
        """Seconds until the guest has a connection."""
        said = self.guest.run(_TOOK.format(address, port)).split()
        return float(said[1]) - float(said[0])

    def _assert_ahead(self, step: int) -> None:
        """The clock of the guest is so many seconds ahead of ours."""
        before = time.time()
        self._compare(step, before, self.guest.run('date +%s'))

    def _compare(self, step: int, before: float, said: str) -> None:
        """What a clock said since then; at which moment is not known."""
        self.assertGreaterEqual(int(said) + 1 - before, step - _SLACK)
        self.assertLessEqual(int(said) - time.time(), step + _SLACK)

    def _assert_quick(self, target: configuration.Target) -> None:
        (state,) = self.delayer.observe(target)
        self.assertTrue(state.whole, state)
        said = self._assert_no_timer(target, 'tc qdisc show')
        self.assertNotIn('qdisc prio', said)

    def _assert_right(self, target: configuration.Target) -> None:
        (state,) = self.stepper.observe(target)
        self.assertTrue(state.whole, state)
        self.assertEqual((f'{guest.NTP}.service',), state.ntp)
        before = time.time()
        said = self._assert_no_timer(target, 'date +%s')
        self._compare(0, before, said)

    def _assert_no_timer(
        self, target: configuration.Target, command: str
    ) -> str:
        """Nor what it would run; returns what a command says, beside it."""
        tag = dead_man.tag(target)
        said = self.guest.run(
            f'ls /run | grep {tag}; systemctl is-active {tag}.timer; {command}'
        )
        active, _, more = said.partition('\n')
        self.assertEqual('inactive', active)
        return more

    @test_killed_run.takes_long
    def test_delay(self) -> None:
        for peers, port, kernels in (
            # Elsewhere, and where we come from, which does not wait.
            ((guest.PEER, guest.PEER6), 22, 'noqueue 0: dev eth1 root'),
            ((guest.NEAR,), guest.NEAR_PORT, 'pfifo_fast 0: dev vec0 root'),
        ):
            target = self._link(*peers, port=port)
            (before,) = self.delayer.observe(target)
            self.assertTrue(before.whole, before)
            self.assertEqual('', before.forbidden)
            self.delayer.call(Verb.DELAY, target, 600)
            (late,) = self.delayer.observe(target)
            self.assertTrue(late.shows(DELAYED, before), late)
            self.assertFalse(late.whole)
            self.assertTrue(late.timer)
            self.assertGreaterEqual(self._took(peers[0], port), 0.29)
            self.assertNotIn(kernels, self.guest.run('tc qdisc show'))
            # A second time is the same, not twice of it.
            self.delayer.call(Verb.DELAY, target, 600)
            self.assertEqual(1, self.guest.run('tc qdisc show').count('netem'))
            self.delayer.call(Verb.HEAL, target)
            self._assert_quick(target)
            self.assertIn(kernels, self.guest.run('tc qdisc show'))
        self.delayer.call(Verb.HEAL, target)
        self._assert_quick(target)

    def test_delay_of_peers_alone(self) -> None:
        target = self._link(guest.PEER, delay_ms=2000)
        self.delayer.call(Verb.DELAY, target, 600)
        self.assertGreaterEqual(self._took(guest.PEER), 1.8)
        # The guest may take its time by itself, but not always.
        wait.until(lambda: self._took(guest.PEER6) < 1.8)
        self.delayer.call(Verb.HEAL, target)
        self._assert_quick(target)

    @test_killed_run.takes_long
    def test_delay_is_undone_by_the_timer(self) -> None:
        target = self._link(guest.PEER)
        self.delayer.call(Verb.DELAY, target, 15)
        wait.until(lambda: 'qdisc prio' not in self.guest.run('tc qdisc show'))
        wait.until(lambda: self.delayer.observe(target)[0].whole)
        self._assert_quick(target)

    @test_killed_run.takes_long
    def test_queue_of_others_is_left_alone(self) -> None:
        target = self._link(guest.PEER)
        for queue in ('root handle 7: fq_codel', 'root handle 7: prio'):
            self.guest.run(f'tc qdisc replace dev eth1 {queue}')
            try:
                (state,) = self.delayer.observe(target)
                self.assertTrue(state.whole)
                self.assertIn('somebody configured', state.forbidden)
                error = self.assertRaises(
                    remote.RemoteError,
                    self.delayer.call,
                    Verb.DELAY,
                    target,
                    600,
                )
                self.assertIn('somebody configured', str(error))
                self.delayer.call(Verb.HEAL, target)
                said = self.guest.run('tc qdisc show dev eth1')
                self.assertIn(' 7: root', said)
            finally:
                self.guest.run('tc qdisc del dev eth1 root')
        self._assert_quick(target)

    def test_kernel_that_cannot_delay(self) -> None:
        target = self._link(guest.PEER)
        with self._without('sch_netem'):
            (state,) = self.delayer.observe(target)
            self.assertTrue(state.whole)
            self.assertIn('it needs sch_netem', state.forbidden)
            error = self.assertRaises(
                remote.RemoteError, self.delayer.call, Verb.DELAY, target, 600
            )
            self.assertIn('cannot delay packets', str(error))
        self._assert_quick(target)

    @contextlib.contextmanager
    def _without(self, module: str) -> collections.abc.Iterator[None]:
        path = f'$(modinfo -n {module})'
        self.guest.run(f'modprobe -r {module}; mv {path} /root/{module}')
        try:
            yield
        finally:
            self.guest.run(f'mv /root/{module} {path}')

    def test_step(self) -> None:
        # A second time is the same, not twice of it.
        for step, times in ((3600, 1), (-3600, 2)):
            target = self._clock(step)
            (before,) = self.stepper.observe(target)
            self.assertTrue(before.whole, before)
            self.assertEqual('', before.forbidden)
            for _ in range(times):
                self.stepper.call(Verb.STEP, target, 600)
            (after,) = self.stepper.observe(target)
            self.assertTrue(after.shows(STEPPED, before), after)
            self.assertFalse(after.whole)
            self.assertTrue(after.timer)
            self.assertEqual((), after.ntp)
            self._assert_ahead(step)
            for _ in range(times):
                self.stepper.call(Verb.HEAL, target)
            self._assert_right(target)

    @test_killed_run.takes_long
    def test_step_forth_is_undone_by_the_timer(self) -> None:
        self._until_undone(self._clock(3600))

    @test_killed_run.takes_long
    def test_step_back_is_undone_by_the_timer(self) -> None:
        # Its timer must not wait for an hour more.
        self._until_undone(self._clock(-3600))

    def _until_undone(self, target: configuration.Target) -> None:
        assert isinstance(target.part, clocks.Clock)
        self.stepper.call(Verb.STEP, target, 15)
        self._assert_ahead(target.part.step_s)
        wait.until(lambda: self._is_right(target))
        self._assert_right(target)

    def _is_right(self, target: configuration.Target) -> bool:
        try:
            return self.stepper.observe(target)[0].whole
        except ssh.UnreachableError:
            # It was set right while we looked.
            return False

    @test_killed_run.takes_long
    def test_timer_without_systemd_is_monotonic(self) -> None:
        # The shell's sleep, as it is used where there is no systemd.
        script = dead_man.SHELL + (
            'has_systemd() { false; }\ntag=$1\n'
            'arm 10 "touch /run/fired"\n'
            'date -s @$(($(date +%s) - 3600)) >/dev/null\n'
            'sleep 5; [ ! -e /run/fired ] || echo early\n'
            'sleep 8; [ -e /run/fired ] || echo late\n'
            'date -s @$(($(date +%s) + 3600)) >/dev/null\n'
        )
        said = remote.run(self.guest.host, script, 'extreme_t', timeout=60)
        self.assertEqual('', said)

    @test_killed_run.takes_long
    def test_who_sets_the_clock_all_the_same(self) -> None:
        target = self._clock(3600)
        self.guest.run(
            'cp /bin/sleep /root/chronyd; setsid /root/chronyd 600 '
            '>/dev/null 2>&1 </dev/null & echo $! >/root/pid'
        )
        error = self.assertRaises(
            remote.RemoteError, self.stepper.call, Verb.STEP, target, 600
        )
        self.assertIn('chronyd', str(error))
        self.guest.run('kill $(cat /root/pid)')
        self._assert_right(target)

    def test_container_of_another_kernel(self) -> None:
        for option in ('--pid --fork --mount-proc', '--uts', '--user'):
            script = f'unshare {option} sh -c "$1"'
            inner = (
                'has_systemd() { false; }; set -- tag kernel;'
                f'{clock_shell.COMMON}shared'
            )
            said = ssh.run(self.guest.host, ('sh', '-c', script, 'sh', inner))
            self.assertIn('in a container', said.stdout, (option, said))

    @test_killed_run.takes_long
    def test_killed_runs(self) -> None:
        for kind, target, healed in (
            ('network.delay', self._link(guest.PEER), self._assert_quick),
            ('clock.step', self._clock(3600), self._assert_right),
        ):
            plan = model.Fault(
                fault=kind, target=target.name, hold=60, recovery=90
            )
            for phase, after in test_killed_run.moments(
                ('injected', 0.0),
                ('injected', 0.7),
                ('evidenced', 0.0),
            ):
                self._kill(plan, target, phase, after)
                self._heal()
                healed(target)
            self._live(plan, target)
            healed(target)
