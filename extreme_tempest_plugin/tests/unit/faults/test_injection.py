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
import pathlib
import tempfile
from unittest import mock

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import injection
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.faults import fakes

Phase = events.FaultPhase
Verb = catalogue.Verb
ALL = [
    Phase.PLANNED,
    Phase.INJECTED,
    Phase.EVIDENCED,
    Phase.HEALED,
    Phase.HEAL_EVIDENCED,
]


class TestInjection(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.log = journal.Journal(pathlib.Path(directory.name))
        self.service = fakes.Service()
        self.engine = fakes.Engine(self.service)
        self.observer = fakes.Observer(self.service)
        self.clock = fakes.Clock()
        self.events: list[events.Event] = []

    def _make(
        self, kind: str = 'service.terminate', hold: float | None = 0.0
    ) -> injection.Injection:
        return injection.Injection(
            model.Fault(
                fault=kind, target='rabbitmq', recovery=60.0, hold=hold
            ),
            fakes.TARGET,
            identity='fault-1',
            run='a run',
            engine=self.engine,
            observer=self.observer,
            log=self.log,
            record=self.events.append,
            clock=self.clock.now,
            pause=self.clock.pause,
        )

    def _phases(self) -> list[Phase]:
        return [
            event.phase
            for event in self.events
            if isinstance(event, events.Fault)
        ]

    def _notes(self, topic: events.Topic) -> list[str]:
        return [
            event.text
            for event in self.events
            if isinstance(event, events.Note)
            and event.what is topic
            and event.about == 'fault-1'
        ]

    def _held(self) -> int:
        return len(self.log.held())

    def test_terminate(self) -> None:
        with self._make() as fault:
            self.assertEqual(ALL[:3], self._phases())
            self.assertEqual('inactive', self.service.active)
            self.assertEqual(1, self._held())
        self.assertEqual(ALL, self._phases())
        self.assertTrue(fault.healed)
        self.assertEqual([Verb.TERMINATE, Verb.START], self.engine.calls)
        self.assertEqual(0, self._held())
        self.assertEqual([], self._notes(events.Topic.UNMEASURED))

    def test_undo_sends_it_once_and_heal_sees_to_the_rest(self) -> None:
        fault = self._make()
        fault.undo()
        self.assertEqual([], self.engine.calls)
        fault.inject()
        # And not from another thread while it is under way.
        self.engine.instead[Verb.START] = lambda: (
            fault.undo(),
            self.service.start(),
        )
        fault.undo()
        fault.undo()
        self.assertEqual([Verb.TERMINATE, Verb.START], self.engine.calls)
        self.assertIsNone(fault.healed)
        self.assertEqual(1, self._held())
        self.assertTrue(fault.heal())
        fault.undo()
        self.assertEqual([Verb.TERMINATE, Verb.START], self.engine.calls)
        self.assertEqual(ALL, self._phases())

    def test_undo_that_fails_is_done_again(self) -> None:
        fault = self._make()
        fault.inject()

        self.engine.instead[Verb.START] = fakes.fails()
        fault.undo()
        self.assertEqual(ALL[:3], self._phases())
        del self.engine.instead[Verb.START]
        self.assertTrue(fault.heal())
        self.assertEqual(ALL, self._phases())

    def test_undo_of_what_heals_itself(self) -> None:
        fault = self._make('service.restart')
        fault.inject()
        fault.undo()
        self.assertTrue(fault.heal())
        self.assertEqual([Verb.RESTART], self.engine.calls)
        self.assertEqual(ALL, self._phases())

    def test_what_ends_before_it_is_healed_was_not_held(self) -> None:
        # Pacemaker, say, starts it again.
        for hold in (30.0, None):
            self.events.clear()
            with self._make(hold=hold) as fault:
                self.service.start()
            (note,) = self._notes(events.Topic.UNMEASURED)
            self.assertIn('ended before it was healed: 10.0.0.1', note)
            self.assertIn('port 5672 answers', note)
            self.assertEqual(ALL, self._phases())
            self.assertTrue(fault.healed)

    def test_what_ends_is_seen_by_whoever_undoes_it_first_and_once(
        self,
    ) -> None:
        fault = self._make(hold=30.0)
        fault.inject()
        self.service.start()
        fault.undo()
        self.assertEqual(1, len(self._notes(events.Topic.UNMEASURED)))
        self.assertTrue(fault.heal())
        self.assertEqual(1, len(self._notes(events.Topic.UNMEASURED)))
        self.assertEqual([Verb.TERMINATE, Verb.START], self.engine.calls)

    def test_what_lasts_is_held(self) -> None:
        with self._make(hold=30.0):
            pass
        self.assertEqual([], self._notes(events.Topic.UNMEASURED))
        self.assertEqual(ALL, self._phases())

    def test_what_is_not_seen_before_it_is_healed_is_healed(self) -> None:
        for error, remarks in (
            (ssh.UnreachableError('no answer'), 0),
            (OSError('no more processes'), 0),
            (KeyError('a bug of a driver'), 1),
        ):
            self.events.clear()
            with self._make(hold=30.0) as fault:
                self.service.start()
                self.observer.errors = [error]
            self.assertEqual([], self._notes(events.Topic.UNMEASURED))
            remarked = self._notes(events.Topic.REMARK)
            self.assertEqual(remarks, len(remarked), remarked)
            self.assertEqual(ALL, self._phases())
            self.assertTrue(fault.healed)
            self.assertEqual([], self.observer.errors)

    def test_interrupted_look_is_not_done_again(self) -> None:
        fault = self._make(hold=30.0)
        fault.inject()
        self.observer.errors = [KeyboardInterrupt()]
        self.assertRaises(KeyboardInterrupt, fault.heal)
        self.service.start()
        self.assertTrue(fault.heal())
        self.assertEqual([], self._notes(events.Topic.UNMEASURED))

    def test_held_for_no_time_is_not_looked_at_again(self) -> None:
        for kind in ('service.terminate', 'service.restart'):
            with self._make(kind):
                self.service.start()
        self.assertEqual([], self._notes(events.Topic.UNMEASURED))

    def test_not_proven_is_told_once(self) -> None:
        self.engine.instead[Verb.TERMINATE] = lambda: None
        with self._make(hold=30.0):
            pass
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('not proven', note)

    def test_restart_heals_itself(self) -> None:
        with self._make('service.restart'):
            pass
        self.assertEqual(ALL, self._phases())
        self.assertEqual([Verb.RESTART], self.engine.calls)
        self.assertEqual(0, self._held())

    def test_events_say_what_proves_them(self) -> None:
        with self._make():
            pass
        proofs = {
            event.phase: event.evidence
            for event in self.events
            if isinstance(event, events.Fault)
        }
        self.assertIn('10.0.0.1', proofs[Phase.INJECTED])
        self.assertIn('does not answer', proofs[Phase.EVIDENCED])
        self.assertIn('port 5672 answers', proofs[Phase.HEAL_EVIDENCED])

    def test_undo_is_on_disk_before_the_call(self) -> None:
        held: list[int] = []
        self.engine.instead[Verb.TERMINATE] = lambda: held.append(self._held())
        with self._make():
            pass
        self.assertEqual([1], held)

    def test_injected_is_when_the_call_is_sent(self) -> None:
        sent: list[int] = []

        def slow() -> None:
            sent.append(self.clock.ns)
            self.clock.pause(20)
            self.service.stop()

        self.engine.instead[Verb.TERMINATE] = slow
        with self._make():
            pass
        injected = self.events[1]
        self.assertEqual(sent[0], injected.t)

    def test_ok_of_the_engine_is_no_evidence(self) -> None:
        self.engine.instead[Verb.RESTART] = lambda: None
        with self._make('service.restart') as fault:
            pass
        self.assertNotIn(Phase.EVIDENCED, self._phases())
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('not proven', note)
        self.assertTrue(fault.healed)
        self.assertEqual(0, self._held())

    def test_failure_of_the_engine_is_no_evidence_either(self) -> None:
        def broken() -> None:
            self.service.stop()
            fakes.fails()()

        self.engine.instead[Verb.TERMINATE] = broken
        with self._make():
            self.assertIn(Phase.EVIDENCED, self._phases())
        self.assertEqual(ALL, self._phases())

    def test_failure_of_the_engine_tells_its_cause(self) -> None:
        self.engine.instead[Verb.TERMINATE] = fakes.fails('sudo: no tty')
        with self._make():
            pass
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('sudo: no tty', note)
        self.assertIn(Verb.START, self.engine.calls)

    def test_evidence_waits_while_systemd_works(self) -> None:
        def stopping() -> None:
            self.service.active = 'deactivating'
            self.clock.on_pause = lambda: (
                self.service.stop()
                if self.clock.ns > 1030 * fakes.SECOND
                else None
            )

        self.engine.instead[Verb.TERMINATE] = stopping
        fault = self._make()
        self.assertTrue(fault.inject())
        self.clock.on_pause = lambda: None
        self.assertTrue(fault.heal())

    def test_unsteady_target_is_not_touched(self) -> None:
        self.service.stop()
        with self._make() as fault:
            pass
        self.assertEqual([], self.engine.calls)
        self.assertEqual([Phase.PLANNED], self._phases())
        self.assertEqual(1, len(self._notes(events.Topic.UNMEASURED)))
        self.assertTrue(fault.healed)

    def test_unseen_target_is_not_touched(self) -> None:
        self.observer.errors = [ssh.UnreachableError('no answer')]
        with self._make():
            pass
        self.assertEqual([], self.engine.calls)
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('no answer', note)

    def test_what_the_host_forbids_is_not_touched(self) -> None:
        forbidden = mock.patch.object(
            evidence.UnitState, 'forbidden', 'nobody could heal it'
        )
        with forbidden, self._make() as fault:
            pass
        self.assertEqual([], self.engine.calls)
        self.assertEqual([Phase.PLANNED], self._phases())
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('nobody could heal it', note)
        self.assertTrue(fault.healed)

    def test_engine_is_told_when_the_target_heals_itself(self) -> None:
        timer = mock.patch.object(plans, 'dead_man', return_value=75.0)
        with timer, self._make():
            pass
        self.assertEqual(75.0, self.engine.dead_men[0])

    def test_exception_while_held_heals(self) -> None:
        with testtools.ExpectedException(KeyboardInterrupt), self._make():
            raise KeyboardInterrupt
        self.assertEqual(ALL, self._phases())
        self.assertEqual(0, self._held())

    def test_exception_in_each_step_heals(self) -> None:
        def interrupted() -> None:
            self.service.stop()
            raise KeyboardInterrupt

        def exits() -> None:
            raise SystemExit(1)

        for instead, kind in (
            (interrupted, KeyboardInterrupt),
            (exits, SystemExit),
        ):
            self.engine.instead = {Verb.TERMINATE: instead}
            fault = self._make()
            self.assertRaises(kind, fault.inject)
            self.assertTrue(fault.healed)
            self.assertEqual('active', self.service.active)
            self.assertEqual(0, self._held())

    def test_exception_while_evidence_is_sought_heals(self) -> None:
        def look() -> None:
            self.service.stop()
            self.observer.errors = [KeyboardInterrupt()]

        self.engine.instead[Verb.TERMINATE] = look
        self.assertRaises(KeyboardInterrupt, self._make().inject)
        self.assertEqual('active', self.service.active)
        self.assertEqual(0, self._held())

    def test_interrupted_heal_can_be_called_again(self) -> None:
        fault = self._make()
        fault.inject()

        def interrupted() -> None:
            raise KeyboardInterrupt

        self.engine.instead[Verb.START] = interrupted
        self.assertRaises(KeyboardInterrupt, fault.heal)
        self.assertEqual(1, self._held())
        self.engine.instead = {}
        self.assertTrue(fault.heal())
        self.assertEqual(0, self._held())

    def _heal_after(self, failures: list[Exception]) -> str:
        """What is said where a heal fails so at first."""

        def flaky() -> None:
            if failures:
                raise failures.pop()
            self.service.start()

        self.engine.instead[Verb.START] = flaky
        with self._make():
            pass
        self.assertEqual(ALL, self._phases())
        (remark,) = self._notes(events.Topic.REMARK)
        return remark

    def test_heal_that_fails_at_first_is_tried_again(self) -> None:
        failures = [errors.HarnessError('timed out')] * 3
        self.assertIn('timed out', self._heal_after([*failures]))

    def test_tester_that_cannot_heal_at_first_goes_on(self) -> None:
        failures = [OSError(28, 'No space left on device')] * 3
        self.assertIn('No space left', self._heal_after([*failures]))

    def test_heal_waits_for_the_port(self) -> None:
        def slow() -> None:
            self.service.start()
            self.service.port_open = False
            self.clock.on_pause = lambda: setattr(
                self.service, 'port_open', self.clock.ns > born + 9e9
            )

        born = self.clock.ns
        self.engine.instead[Verb.START] = slow
        with self._make():
            pass
        self.assertEqual(Phase.HEAL_EVIDENCED, self._phases()[-1])
        self.assertGreater(self.events[-1].t, born + 9e9)

    def test_killed_call_that_arrives_late_is_waited_for(self) -> None:
        self.engine.instead[Verb.RESTART] = fakes.fails('killed')
        fault = self._make('service.restart')
        self.assertFalse(fault.inject())
        began = self.clock.ns

        def late() -> None:
            if self.clock.ns >= began + fakes.SECOND:
                self.service.stop()
                self.clock.on_pause = back

        def back() -> None:
            if self.clock.ns >= began + 5 * fakes.SECOND:
                self.service.start()
                self.clock.on_pause = lambda: None

        self.clock.on_pause = late
        self.assertTrue(fault.heal())
        # When it came back, however long it was watched after that.
        after = (self.events[-1].t - began) / fakes.SECOND
        self.assertTrue(5 <= after <= 6, after)
        self.assertGreaterEqual(self.clock.ns, began + 6 * fakes.SECOND)
        self.assertEqual('active', self.service.active)

    def test_doubtful_target_that_flaps_is_not_healed_and_ends(self) -> None:
        self.engine.instead[Verb.RESTART] = fakes.fails('killed')
        fault = self._make('service.restart')
        fault.inject()
        self.clock.on_pause = self.service.start
        self.assertFalse(fault.heal())
        self.assertEqual(1, self._held())

    def test_service_that_dies_again_and_again_is_not_healed(self) -> None:
        fault = self._make('service.restart')
        fault.inject()
        # systemd starts it anew each time: active in most of the looks.
        for period in (0.5, 1.0, 1.5):
            due = [self.clock.ns + int(period * fakes.SECOND)]

            def tick(due: list[int] = due, period: float = period) -> None:
                if self.clock.ns >= due[0]:
                    self.service.start()
                    due[0] = self.clock.ns + int(period * fakes.SECOND)

            self.clock.on_pause = tick
            fault.healed = None
            self.assertFalse(fault.heal(), period)
        self.assertNotIn(Phase.HEAL_EVIDENCED, self._phases())
        self.assertEqual(1, self._held())

    def test_recovery_is_as_long_as_until_it_was_whole(self) -> None:
        with self._make('service.restart'):
            pass
        self.assertEqual(Phase.HEAL_EVIDENCED, self._phases()[-1])
        self.assertLess(self.events[-1].t - self.events[1].t, fakes.SECOND)
        # Nobody knows since when, if a look took long.
        fault = self._make('service.restart')
        fault.inject()
        began = self.clock.ns
        self.clock.on_pause = lambda: self.clock.__setattr__(
            'ns', began + 60 * fakes.SECOND
        )
        self.assertTrue(fault.heal())
        self.assertGreater(self.events[-1].t, began + 50 * fakes.SECOND)

    def test_entry_that_cannot_be_removed_is_said(self) -> None:
        def full(path: pathlib.Path) -> None:
            raise errors.UsageError('disk')

        fault = self._make()
        fault.inject()
        self.log.remove = full
        self.assertTrue(fault.heal())
        self.assertIn('disk', self._notes(events.Topic.REMARK)[-1])

    def test_never_healed_stays_in_the_journal_and_ends(self) -> None:
        self.engine.instead[Verb.START] = lambda: None
        fault = self._make()
        fault.inject()
        self.assertFalse(fault.heal())
        self.assertFalse(fault.heal())
        self.assertNotIn(Phase.HEAL_EVIDENCED, self._phases())
        self.assertEqual(1, self._held())
        self.assertEqual(1 + 1 + 3, len(self.engine.calls))
        self.assertIn(
            'tempest extreme heal', self._notes(events.Topic.REMARK)[-1]
        )
        spent = (self.clock.ns - 1000 * fakes.SECOND) / fakes.SECOND
        self.assertLess(spent, 60 + 3 * 31 + 1)

    def test_restart_that_does_not_come_back_is_started(self) -> None:
        self.engine.instead[Verb.RESTART] = self.service.stop
        with self._make('service.restart'):
            pass
        self.assertEqual([Verb.RESTART, Verb.START], self.engine.calls)
        late = self.events[-1].t - self.events[1].t
        self.assertEqual(Phase.HEAL_EVIDENCED, self._phases()[-1])
        # The checker sees that it was too late.
        self.assertGreaterEqual(late, 60 * fakes.SECOND)

    def test_fault_of_another_run_refuses_at_the_last_moment(self) -> None:
        self.log.add(fakes.entry())
        with self._make() as fault:
            pass
        self.assertTrue(fault.healed)
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('not injected', note)
        self.assertIn('is active', note)
        self.assertEqual([Phase.PLANNED], self._phases())
        self.assertEqual([], self.engine.calls)
        self.assertEqual(1, self._held())

    def test_no_journal_no_fault(self) -> None:
        self.log.directory.write_text('a file')
        with self._make():
            pass
        (note,) = self._notes(events.Topic.UNMEASURED)
        self.assertIn('[destructive] state_dir', note)
        self.assertEqual([], self.engine.calls)

    def test_same_target_twice_at_a_time(self) -> None:
        with self._make() as first:
            second = self._make()
            self.service.start()
            self.assertFalse(second.inject())
            self.assertTrue(second.heal())
            self.assertIsNone(first.healed)
            self.assertEqual(1, self._held())
        self.assertEqual(0, self._held())

    def test_full_disk_heals_and_then_complains(self) -> None:
        fault = self._make()
        fault.inject()

        def full(event: events.Event) -> None:
            raise OSError('no space')

        fault._tell._record = full
        self.assertRaises(errors.HarnessError, fault.heal)
        self.assertTrue(fault.healed)
        self.assertEqual('active', self.service.active)
        self.assertEqual(0, self._held())
