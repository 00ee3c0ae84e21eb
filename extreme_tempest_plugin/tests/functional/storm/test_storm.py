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
"""Storms in a real Locust child process against a stub on loopback."""

import collections
import multiprocessing
import os
import pathlib
import resource
import signal
import tempfile
import time

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import runner
from extreme_tempest_plugin.storm import spec
from extreme_tempest_plugin.tests.functional.storm import stub

RUN = '0d2a6b8e-1f55-4f7f-9f0e-7d7e9f6a1b2c'

#: What the stub can do.
ACTIONS = (
    'keypair.create',
    'keypair.delete',
    'server.create',
    'server.delete',
    'server.reboot_hard',
    'server.reboot_soft',
    'server.rename',
    'server.show',
)


#: Exit status of a campaign that dies while the load process comes up.
DIED = 9


def _start_and_die(spec, run_dir):
    """End at once when the load process is there, long before it begins."""

    def die(self):
        os._exit(DIED)

    runner.Storm._await_start = die
    runner.Storm(spec, run_dir).start()


def _start_and_wait(whole: spec.StormSpec, run_dir: pathlib.Path) -> None:
    storm = runner.Storm(whole, run_dir)
    storm.start()
    storm.wait()


class StormTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # The private directory of the specification lies here, too.
        self.useFixture(fixtures.NestedTempfile())
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)

    def _storm(
        self,
        duration: float = 3.0,
        users: int = 3,
        settle_timeout: float = 5.0,
        weights: dict[str, float] | None = None,
        **more: object,
    ) -> runner.Storm:
        storm = runner.Storm(
            spec.StormSpec(
                run=RUN,
                seed=1,
                duration=duration,
                storm=plan_model.Storm(
                    actions=weights or dict.fromkeys(ACTIONS, 1.0),
                    users=users,
                    max_instances=3 * users,
                    settle_timeout=settle_timeout,
                    **{'think_time': (0.02, 0.2), **more},
                ),
                cloud=self.stub.cloud,
                credentials=self.stub.credentials,
            ),
            self.run_dir,
        )
        self.addCleanup(storm.kill)
        return storm

    def _run(self, **kwargs) -> runner.Ended:
        self.storm = self._storm(**kwargs)
        self.storm.start()
        ended = self.storm.wait()
        self.assertIsNotNone(ended)
        return ended

    def _events(self, kind=events.Event) -> list[events.Event]:
        part = reader.Reader(self.storm.parts[0], part=True)
        return [event for event in part if isinstance(event, kind)]

    def _topics(self) -> list[events.Topic]:
        return [note.what for note in self._events(events.Note)]

    def _clean(self) -> tuple[cleanup.Left, ...]:
        cloud = clients.make(self.stub.cloud, self.stub.credentials)
        return cleanup.clean(self.storm.ledgers, cloud, timeout=20.0)

    def _await_machine(self, storm: runner.Storm) -> None:
        while not self.stub.machines:
            self.assertTrue(storm.running(), 'it has ended without one')
            time.sleep(0.02)

    def test_healthy(self):
        ended = self._run()
        self.assertTrue(ended.ok, ended)
        topics = self._topics()
        self.assertEqual(
            [
                events.Topic.STARTED,
                events.Topic.CLOCK,
                events.Topic.VALIDATED,
                events.Topic.CLOCK,
                events.Topic.ENDED,
            ],
            topics,
        )
        invoked = [event.op for event in self._events(events.Invoke)]
        answered = [event.op for event in self._events(events.Ok)]
        settled = self._events(events.Settled)
        self.assertGreater(len(invoked), 20)
        self.assertEqual(len(set(invoked)), len(invoked))
        self.assertEqual(sorted(invoked), sorted(answered))
        self.assertEqual(
            sorted(answered), sorted(event.op for event in settled)
        )
        self.assertEqual({True}, {event.reached for event in settled})
        self.assertEqual(
            {f'storm/0/user-{number}' for number in range(3)},
            {event.actor for event in self._events(events.Invoke)},
        )
        seen = self.storm.progress()
        self.assertEqual(len(answered), seen.ok)
        self.assertEqual(0, seen.pending)

    def test_rate(self):
        """Operations come when they are due, whatever became of others."""
        self._run(
            duration=4.0,
            users=4,
            weights={'keypair.create': 1.0, 'keypair.delete': 1.0},
            think_time=None,
            rate=20.0,
        )
        invoked = self._events(events.Invoke)
        # 80 are expected; the deviation is 9. Some users have nothing to do.
        self.assertGreater(len(invoked), 30)
        self.assertLess(len(invoked), 120)
        for event in invoked:
            self.assertLess(0, event.intended)
            self.assertLessEqual(event.intended, event.t)
        began = self._events(events.Note)[0].t
        self.assertLess(began, min(event.intended for event in invoked))

    def test_ramp(self):
        self._run(
            duration=6.0,
            users=4,
            ramp=3.0,
            # There is always something to do.
            weights={'keypair.create': 1.0},
        )
        began = self._events(events.Note)[0].t
        first: dict[str, int] = {}
        for event in self._events(events.Invoke):
            first.setdefault(event.actor, event.t - began)
        begins = [first[f'storm/0/user-{index}'] / 1e9 for index in range(4)]
        for index, begin in enumerate(begins):
            self.assertGreaterEqual(begin, 0.75 * index)
        # How late one is, is up to the machine.
        self.assertEqual(sorted(begins), begins)

    def test_nothing_is_left(self):
        self._run()
        self.assertEqual((), self._clean())
        self.assertEqual({}, self.stub.machines)
        self.assertEqual(set(), self.stub.keypairs)

    def test_no_secret_stays(self):
        self._run(duration=1.0)
        for path in self.run_dir.rglob('*'):
            if path.is_file():
                text = path.read_text(errors='replace')
                self.assertNotIn('not-to-be-seen', text, path)
                self.assertNotIn('SECRET', text, path)
        left = list(pathlib.Path(tempfile.gettempdir()).glob('extreme-*'))
        self.assertEqual([], left)

    def test_limits_hold(self):
        most = 0
        storm = self.storm = self._storm(
            weights={'server.create': 5.0, 'server.delete': 1.0}
        )
        storm.start()
        while storm.running():
            most = max(most, len(self.stub.machines))
            time.sleep(0.02)
        self.assertLessEqual(most, 9)
        self.assertGreater(most, 3)

    def test_the_quota_is_heeded(self):
        """Else nova would put acknowledged servers into error."""
        self.stub.quota = 4
        self._run(weights={'server.create': 1.0}, duration=1.0)
        self.assertEqual(4, len(self.stub.machines))
        (remark,) = (
            note.text
            for note in self._events(events.Note)
            if note.what is events.Topic.REMARK
        )
        self.assertIn('server from 9 to 4', remark)

    def test_no_room(self):
        self.stub.quota = 0
        self.assertRaises(errors.UsageError, self._storm().start)

    def test_stuck(self):
        self.stub.boots = 'BUILD'
        ended = self._run(
            duration=1.0, settle_timeout=2.0, weights={'server.create': 1.0}
        )
        self.assertTrue(ended.ok, ended)
        settled = self._events(events.Settled)
        self.assertEqual({False}, {event.reached for event in settled})
        self.assertEqual({'BUILD'}, {event.state for event in settled})
        for event in settled:
            self.assertGreaterEqual(event.after_ns, 2_000_000_000)

    def test_lost_reboots_are_found(self):
        """Nova says 202 and ACTIVE, and nothing was ever rebooted."""
        self.stub.loses_reboots = True
        self._run(
            duration=3.0,
            settle_timeout=2.0,
            weights={'server.create': 1.0, 'server.reboot_hard': 1.0},
        )
        action = {
            event.op: event.action for event in self._events(events.Invoke)
        }
        reached = collections.defaultdict(set)
        for event in self._events(events.Settled):
            reached[action[event.op]].add(event.reached)
        self.assertEqual({True}, reached['server.create'])
        self.assertEqual({False}, reached['server.reboot_hard'])

    def test_a_cloud_that_breaks_is_no_broken_harness(self):
        told = iter([500, 'reset', 404, 409, 403, 503, 'commit-reset'] * 1000)
        self.stub.rules = [
            lambda method, path: (
                next(told) if '/servers' in path and method != 'GET' else None
            )
        ]
        ended = self._run()
        self.assertTrue(ended.ok, ended)
        self.assertNotEqual([], self._events(events.Fail))
        self.assertNotEqual([], self._events(events.Info))
        self.stub.rules = []
        self.assertEqual((), self._clean())
        self.assertEqual({}, self.stub.machines)

    def test_stop(self):
        storm = self.storm = self._storm(duration=60.0)
        storm.start()
        time.sleep(1)
        began = time.monotonic()
        storm.stop()
        ended = storm.wait()
        self.assertTrue(ended.ok, ended)
        # Long before the time is up.
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual(0, storm.progress().pending)
        self.assertEqual(events.Topic.ENDED, self._topics()[-1])

    def test_stop_of_one_that_ends_by_itself(self):
        # Its users were waiting when the time was up, and settle now.
        self.stub.build_time = 2.0
        self.storm = self._storm(duration=1.0, weights={'server.create': 1.0})
        self.storm.start()
        time.sleep(1.5)
        for _ in range(3):
            self.storm.stop()
            time.sleep(0.3)
        ended = self.storm.wait()
        self.assertTrue(ended.ok, ended)
        acknowledged = [event.op for event in self._events(events.Ok)]
        settled = [event.op for event in self._events(events.Settled)]
        self.assertNotEqual([], acknowledged)
        self.assertEqual(sorted(acknowledged), sorted(settled))

    def test_killed(self):
        """The ledger knows what the dead process made."""
        storm = self.storm = self._storm(duration=60.0)
        storm.start()
        self._await_machine(storm)
        os.kill(storm.pids()[0], signal.SIGKILL)
        ended = storm.wait()
        self.assertFalse(ended.ok)
        self.assertEqual(-signal.SIGKILL, ended.status)
        self.assertNotIn(events.Topic.ENDED, self._topics())
        self.assertEqual((), self._clean())
        self.assertEqual({}, self.stub.machines)
        self.assertEqual(set(), self.stub.keypairs)

    def test_the_campaign_dies(self):
        """Without its parent a storm ends by itself, in good order."""
        storm = self.storm = self._storm(duration=60.0)
        campaign = multiprocessing.get_context('spawn').Process(
            target=_start_and_wait, args=(storm._spec, self.run_dir)
        )
        campaign.start()
        self.addCleanup(campaign.kill)
        deadline = time.monotonic() + 60
        while not self.stub.machines:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        campaign.kill()
        campaign.join()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._topics()[-1] is events.Topic.ENDED:
                break
            time.sleep(0.2)
        self.assertEqual(events.Topic.ENDED, self._topics()[-1])
        self.assertEqual((), self._clean())

    def test_the_campaign_dies_while_it_comes_up(self):
        storm = self.storm = self._storm(duration=60.0)
        campaign = multiprocessing.get_context('spawn').Process(
            target=_start_and_die, args=(storm._spec, self.run_dir)
        )
        campaign.start()
        self.addCleanup(campaign.kill)
        campaign.join(60)
        self.assertEqual(DIED, campaign.exitcode)
        part = self.run_dir / 'parts' / 'storm-0.jsonl'
        self.assertFalse(part.exists(), 'it died too late for this test')
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if part.exists() and events.Topic.ENDED in self._topics():
                break
            time.sleep(0.2)
        self.assertEqual(events.Topic.ENDED, self._topics()[-1])

    def test_overdue(self):
        storm = self.storm = self._storm(duration=60.0)
        storm.start()
        storm._deadline = time.monotonic()
        ended = storm.wait()
        self.assertTrue(ended.killed)
        self.assertFalse(ended.ok)

    def test_our_own_fault_while_it_runs(self):
        """A user that broke is not passed over in silence."""
        storm = self.storm = self._storm(duration=30.0)
        storm.start()
        # No file may grow any more, as on a full disk.
        resource.prlimit(storm.pids()[0], resource.RLIMIT_FSIZE, (1024, 1024))
        ended = storm.wait()
        self.assertFalse(ended.ok, ended)
        self.assertNotIn(events.Topic.ENDED, self._topics())

    def test_it_does_not_come_up(self):
        self.run_dir.joinpath('ledgers').mkdir()
        storm = self.storm = self._storm()
        storm.parts[0].mkdir(parents=True)
        error = self.assertRaises(errors.HarnessError, storm.start)
        self.assertIn('before it began', str(error))
        self.assertIn('locust.log', str(error))
        self.assertNotIn('not-to-be-seen', str(error))

    def test_too_few_servers(self):
        storm = plan_model.Storm(
            actions={'server.create': 1.0}, users=4, max_instances=3
        )
        whole = spec.StormSpec(
            run=RUN,
            seed=1,
            duration=1.0,
            storm=storm,
            cloud=self.stub.cloud,
            credentials=self.stub.credentials,
        )
        self.assertRaises(errors.UsageError, runner.Storm, whole, self.run_dir)
