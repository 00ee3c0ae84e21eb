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
"""Faults on real hosts with a real systemd; run in ``sandbox exec``.

With ``EXTREME_FAULTS=all`` each kind is tried, and killed at each moment;
without it, some are, and at some.
"""

import os
import pathlib
import subprocess
import sys
import time

import fixtures
import testtools

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import healing
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.sandbox.faults import killed_run

Phase = events.FaultPhase
ALL = list(Phase)

EVERY = os.environ.get('EXTREME_FAULTS') == 'all'
TAKES_LONG = testtools.skipUnless(EVERY, 'takes long: EXTREME_FAULTS=all')

#: After which word of a run, and how many seconds later, it is killed: at each
#: phase, and while a call is under way.
MOMENTS = [
    ('planned', 0.0),
    ('injected', 0.0),
    ('injected', 1.2),
    ('evidenced', 0.0),
    ('healing', 0.0),
    ('healing', 0.6),
    ('healed', 0.0),
    ('heal-evidenced', 0.0),
]
#: What is broken of a service, and the name of the target.
SERVICES = [
    ('service.terminate', 'memcached'),
    ('service.restart', 'memcached'),
    ('service.kill', 'memcached'),
    ('service.freeze', 'memcached'),
]
#: What takes a host away, and the name of its target.
AWAY = [
    ('node.off', 'cmp2'),
    ('node.reset', 'cmp2'),
    ('node.shutdown', 'cmp2'),
    ('switch.port_down', 'cmp2-ports'),
    ('switch.flap', 'cmp2-ports'),
]
#: What is undone on the host itself, which answers all the while.
THERE = [
    ('host.command', 'rabbitmq-memory-alarm'),
    ('disk.full', 'storage'),
    ('network.loss', 'cmp1-lossy'),
    ('network.partition', 'cmp2-no-controllers'),
    ('network.partition', 'cmp2-no-controllers-in'),
    ('network.partition', 'cmp2-no-controllers-out'),
]


class _OnSandbox(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = os.environ.get('OS_FAULTS_CONFIG', '')
        if not self.path:
            self.fail('run this in `tempest extreme sandbox exec --`')
        self.state_dir = self.useFixture(fixtures.TempDir()).path

    def target(self, name: str) -> configuration.Target:
        return reading.read(self.path).targets[name]

    def assert_whole(self, name: str, kind: str = 'service.restart') -> None:
        target = self.target(name)
        observer = engines.observer(engines.kind(kind), target)
        seen = observer.observe(target)
        self.assertTrue(evidence.whole(seen), evidence.describe(seen))


class TestInjection(_OnSandbox):
    def _run(self, kind: str, name: str) -> list[events.Event]:
        seen: list[events.Event] = []
        allowed = killed_run.destructive(name, self.state_dir)
        plan = model.Fault(fault=kind, target=name)
        (target,) = guard.check((plan,), allowed, killed_run.BOUNDS)
        with breaking.make(
            plan,
            target,
            allowed,
            identity='fault-1',
            run='sandbox',
            record=seen.append,
        ):
            pass
        self.assertEqual(
            ALL, [event.phase for event in seen if _is_fault(event)], seen
        )
        self.assert_whole(name, kind)
        self.assertEqual((), journal.Journal(allowed.state_dir).held())
        return seen

    def test_restart_of_rabbitmq(self) -> None:
        self._run('service.restart', 'rabbitmq')

    def test_terminate_of_rabbitmq(self) -> None:
        self._run('service.terminate', 'rabbitmq')

    def test_two_hosts(self) -> None:
        seen = self._run('service.terminate', 'nova-compute')
        proof = seen[2].evidence
        for host in self.target('nova-compute').hosts:
            self.assertIn(f'{host.address}: inactive', proof)

    def test_kill(self) -> None:
        before = evidence.OverSsh().observe(self.target('nova-compute'))
        self._run('service.kill', 'nova-compute')
        after = evidence.OverSsh().observe(self.target('nova-compute'))
        for old, new in zip(before, after, strict=True):
            # systemd started it again by itself.
            self.assertGreater(new.restarts, old.restarts)

    def test_host_that_is_away(self) -> None:
        for kind, name in AWAY if EVERY else AWAY[::3]:
            with self.subTest(kind=kind):
                self._run(kind, name)

    def test_freeze(self) -> None:
        self._run('service.freeze', 'memcached')

    def test_undone_on_the_host(self) -> None:
        for kind, name in THERE if EVERY else THERE[:4]:
            with self.subTest(kind=kind, name=name):
                self._run(kind, name)

    def test_overhead_of_a_restart(self) -> None:
        """Printed, not asserted: the machine may be busy."""
        target = self.target('memcached')
        began = time.monotonic()
        ssh.run(
            target.hosts[0],
            ('systemctl', 'restart', target.unit),
            as_root=True,
        )
        plain = time.monotonic() - began
        began = time.monotonic()
        self._run('service.restart', 'memcached')
        whole = time.monotonic() - began
        print(
            f'restart {plain:.2f} s, as a fault with guard and evidence '
            f'{whole:.2f} s',
            file=sys.stderr,
        )


class TestKilled(_OnSandbox):
    """kill -9 at any moment; heal_all brings the target back."""

    def test_some_moments(self) -> None:
        self._kill('service.terminate', 'injected', 1.2, 'memcached')
        self._kill('service.terminate', 'heal-evidenced', 0.0, 'memcached')
        self._kill('service.restart', 'evidenced', 0.0, 'memcached')

    def test_rabbitmq(self) -> None:
        self._kill('service.terminate', 'evidenced', 0.0, 'rabbitmq')

    @TAKES_LONG
    def test_services(self) -> None:
        self._kill_at_each_moment(SERVICES)

    @TAKES_LONG
    def test_host_that_is_away(self) -> None:
        self._kill_at_each_moment(AWAY)

    @TAKES_LONG
    def test_undone_on_the_host(self) -> None:
        self._kill_at_each_moment(THERE)

    def _kill_at_each_moment(self, faults: list[tuple[str, str]]) -> None:
        for kind, name in faults:
            for word, seconds in MOMENTS:
                with self.subTest(kind=kind, word=word, seconds=seconds):
                    self._kill(kind, word, seconds, name)

    def _kill(self, kind: str, word: str, seconds: float, name: str) -> None:
        run = subprocess.Popen(
            [sys.executable, killed_run.__file__, kind, name, self.state_dir],
            stdout=subprocess.PIPE,
            encoding='utf-8',
        )
        for line in run.stdout:
            if line.strip() == word:
                break
        else:
            self.fail(f'the run ended before {word}: {run.wait()}')
        time.sleep(seconds)
        run.kill()
        run.wait()
        word += run.stdout.read()
        run.stdout.close()
        lines: list[str] = []
        healed = healing.heal_all(
            killed_run.destructive(name, self.state_dir), lines.append
        )
        print(f'{kind} {word} +{seconds}: {lines}', file=sys.stderr)
        self.assertTrue(all(one.proven for one in healed), lines)
        # One that came to its end before it was killed left nothing to heal.
        if 'planned' not in word and 'heal-evidenced' not in word:
            self.assertEqual(1, len(healed))
        self.assert_whole(name, kind)
        # What the killed run had sent would have arrived by now.
        time.sleep(2)
        self.assert_whole(name, kind)
        state_dir = pathlib.Path(self.state_dir)
        self.assertEqual((), journal.Journal(state_dir).held())
        # And a second time there is nothing to do.
        self.assertEqual(
            (),
            healing.heal_all(killed_run.destructive(name, self.state_dir)),
        )


class TestUnreachable(_OnSandbox):
    def test_address_without_a_host(self) -> None:
        host = ssh.Host(address='10.88.0.99', user='stack')
        began = time.monotonic()
        self.assertRaises(ssh.UnreachableError, ssh.run, host, ('true',))
        self.assertLess(time.monotonic() - began, 10)


def _is_fault(event: events.Event) -> bool:
    return isinstance(event, events.Fault)
