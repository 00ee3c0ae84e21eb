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
"""A run is killed with SIGKILL; what undoes its fault is on disk.

And one that is not killed comes through every phase.
"""

import collections.abc
import os
import pathlib
import signal
import subprocess
import sys
import time

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import healing
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import killed_run
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import test_freeze
from extreme_tempest_plugin.tests.functional.faults import wait
from extreme_tempest_plugin.tests.functional.logs import sshd

_MODULE = 'extreme_tempest_plugin.tests.functional.faults.killed_run'

EVERY = os.environ.get('EXTREME_FAULTS') == 'all'

#: For a test that CI has no time for.
takes_long = testtools.skipUnless(EVERY, 'takes long: EXTREME_FAULTS=all')


_ASK = """
import sys
import msgspec
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults.drivers import remote
host = msgspec.json.decode(sys.argv[1], type=ssh.Host)
remote.run(host, 'sleep 60', timeout=60)
"""


class TestSsh(testtools.TestCase):
    def test_ssh_dies_with_us(self) -> None:
        # Else a command that is still on its way breaks what was healed.
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        host = self.useFixture(sshd.Sshd()).host
        # As an argument of ssh; the run that asks has it in JSON.
        key = f'-i\0{host.key_file}\0'
        asks = subprocess.Popen(
            [sys.executable, '-c', _ASK, msgspec.json.encode(host)]
        )
        self.addCleanup(asks.wait)
        self.addCleanup(asks.kill)
        wait.until(lambda: namespaces.naming(key))
        asks.send_signal(signal.SIGKILL)
        # Less than what it asks for takes.
        wait.until(lambda: not namespaces.naming(key), 30)


def moments(
    *each: tuple[str, float], last: bool = False
) -> tuple[tuple[str, float], ...]:
    """When to kill: phases, and seconds after them.

    One moment of each phase, the last, unless ``EXTREME_FAULTS=all``.

    :param last: of these the last: another fault that is healed in the same
        way has the others.
    """
    if EVERY:
        return each
    return each[-1:] if last else tuple(dict(each).items())


class KilledRun(testtools.TestCase):
    """A run of one fault, killed and healed."""

    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        self.state = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def _start(
        self, plan: model.Fault, target: configuration.Target
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                sys.executable, '-m', _MODULE,
                msgspec.json.encode(plan), msgspec.json.encode(target),
                str(self.state), test_freeze.find(),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
        )  # fmt: skip

    def _live(self, plan: model.Fault, target: configuration.Target) -> None:
        """Let a run come to its end, and see each phase of its fault."""
        run = self._start(msgspec.structs.replace(plan, hold=1), target)
        said, notes = run.communicate(timeout=100)
        self.assertEqual(
            [
                'planned', 'injected', 'evidenced',
                'healing', 'healed', 'heal-evidenced',
            ],
            said.split(),
            notes,
        )  # fmt: skip
        self.assertEqual(('', 0), (notes, run.returncode))
        self.assertEqual((), journal.Journal(self.state).held())

    def _kill(
        self,
        plan: model.Fault,
        target: configuration.Target,
        phase: str,
        after: float = 0.0,
        when: collections.abc.Callable[[], object] = lambda: True,
    ) -> int:
        """Run until it says the phase, and kill it some seconds later.

        :param when: not before that holds.
        :returns: which process it was.
        """
        run = self._start(plan, target)
        try:
            assert run.stdout is not None
            for line in run.stdout:
                if line == f'{phase}\n':
                    break
            else:
                self.fail(f'the run ended before it was {phase}')
            time.sleep(after)
            wait.until(when)
        finally:
            run.send_signal(signal.SIGKILL)
            run.communicate(timeout=30)
        return run.pid

    def _heal(self) -> healing.Healed:
        """As ``tempest extreme heal`` does."""
        log = journal.Journal(self.state)
        self.assertEqual(1, len(log.held()))
        (healed,) = healing.Healer(
            log,
            lambda *what: killed_run.driver(*what, test_freeze.find())[0],
            lambda *what: killed_run.driver(*what, test_freeze.find())[1],
            lambda line: None,
        ).heal_all()
        self.assertTrue(healed.proven, healed)
        self.assertEqual((), log.held())
        return healed

    def _assert_no_timer(self, target: configuration.Target) -> None:
        # A look of the killed run goes on for a moment, under the same name.
        wait.until(lambda: not namespaces.naming(dead_man.tag(target)))


class TestKilledFreeze(KilledRun):
    def test_freeze(self) -> None:
        plan = model.Fault(fault='service.freeze', target='server', hold=60)
        for phase, after in moments(
            ('planned', 0.0),
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
        ):
            service = self.useFixture(test_freeze.Service())
            target = configuration.Target(
                name='server',
                unit=str(service.pid),
                hosts=(self.useFixture(sshd.Sshd()).host,),
                port=service.port,
            )
            self._kill(plan, target, phase, after)
            if phase == 'evidenced':
                self.assertEqual({'T'}, set(service.states()))
            if journal.Journal(self.state).held():
                self._heal()
            else:
                self.assertEqual('planned', phase)
            self.assertNotIn('T', service.states())
            self.assertTrue(service.answers())
        self._live(plan, target)
        self.assertNotIn('T', service.states())


class TestKilledPartition(KilledRun):
    def setUp(self) -> None:
        super().setUp()
        if why := namespaces.usable():
            self.skipTest(why)
        self.net = self.useFixture(namespaces.Namespaces())
        self.target = configuration.Target(
            name=f'host-peer-{os.getpid()}',
            hosts=(self.useFixture(sshd.Sshd(self.net.enter)).host,),
            part=parts.Partition(peers=(namespaces.PEER,), port=self.net.port),
        )
        self.addCleanup(namespaces.disarm, dead_man.tag(self.target))

    def _plan(self, hold: float, recovery: float) -> model.Fault:
        return model.Fault(
            fault='network.partition',
            target=self.target.name,
            hold=hold,
            recovery=recovery,
        )

    def _rules(self) -> str:
        return self.net.on_host('nft', 'list', 'ruleset').stdout

    def test_partition(self) -> None:
        for phase, after in moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
        ):
            self._kill(self._plan(60, 90), self.target, phase, after)
            if phase == 'evidenced':
                self.assertFalse(self.net.reaches(namespaces.PEER))
            self._heal()
            self.assertTrue(self.net.reaches(namespaces.PEER))
            self.assertEqual('', self._rules())
            self._assert_no_timer(self.target)
        self._live(self._plan(1, 90), self.target)
        self.assertTrue(self.net.reaches(namespaces.PEER))

    def test_loss(self) -> None:
        plan = model.Fault(
            fault='network.loss', target='lossy', hold=60, recovery=90
        )
        # So much to two peers that it is seen as good as always: that some
        # packets are dropped and others are not, each way.
        target = msgspec.structs.replace(
            self.target,
            part=links.Loss(
                peers=(namespaces.PEER, namespaces.PEER6),
                port=self.net.port,
                percent=20,
            ),
        )
        self.addCleanup(namespaces.disarm, dead_man.tag(target))
        for phase, after in moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
            last=True,
        ):
            self._kill(plan, target, phase, after)
            if phase == 'evidenced':
                self.assertIn('mod 100 < 20', self._rules())
            self._heal()
            self.assertEqual('', self._rules())
            self._assert_no_timer(target)
        self._live(plan, target)
        self.assertEqual('', self._rules())

    def test_nobody_heals_a_partition(self) -> None:
        plan = self._plan(9, 10)
        began = time.monotonic()
        self._kill(plan, self.target, 'evidenced')
        self.assertFalse(self.net.reaches(namespaces.PEER))
        waits = plans.dead_man(plan)
        while self._rules():
            self.assertLess(time.monotonic() - began, waits + 20)
            time.sleep(0.5)
        self.assertTrue(self.net.reaches(namespaces.PEER))
        # The journal does not know, and loses nothing by asking.
        self._heal()


class TestKilledDisk(KilledRun):
    def test_disk(self) -> None:
        if os.getuid():
            self.skipTest('mounting needs root')
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=32m', 'extreme', path],
            check=True,
        )
        self.addCleanup(subprocess.run, ['umount', path], check=True)
        target = configuration.Target(
            name=f'disk-{os.getpid()}',
            hosts=(self.useFixture(sshd.Sshd()).host,),
            part=parts.Disk(path=str(path)),
        )
        self.addCleanup(namespaces.disarm, dead_man.tag(target))
        plan = model.Fault(
            fault='disk.full', target=target.name, hold=60, recovery=90
        )
        for phase, after in moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
        ):
            self._kill(plan, target, phase, after)
            if phase == 'evidenced':
                self.assertEqual(1, len(list(path.iterdir())))
            self._heal()
            self.assertEqual([], list(path.iterdir()))
            self._assert_no_timer(target)
        self._live(plan, target)
        self.assertEqual([], list(path.iterdir()))
