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
import os
import pathlib
import tempfile
from collections.abc import Iterable

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import healing
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.tests.unit.faults import fakes

Verb = catalogue.Verb


class TestHealAll(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.log = journal.Journal(pathlib.Path(directory.name))
        self.service = fakes.Service()
        self.engine = fakes.Engine(self.service)
        self.observer = fakes.Observer(self.service)
        self.clock = fakes.Clock()
        self.lines: list[str] = []

    def _heal(
        self,
        preflight: engines.Preflight = lambda faults: None,
        report: healing.Report | None = None,
    ) -> tuple[healing.Healed, ...]:
        return healing.Healer(
            self.log,
            lambda kind, target: self.engine,
            lambda kind, target: self.observer,
            report or self.lines.append,
            preflight=preflight,
            clock=self.clock.now,
            pause=self.clock.pause,
        ).heal_all()

    def _left(self, *entries: journal.Entry) -> None:
        """As a run that was killed leaves them, whatever its phase."""
        for entry in entries:
            name = f'{entry.utc_ns:020d}-{entry.fault}.json'
            self.log.directory.mkdir(exist_ok=True)
            (self.log.directory / name).write_bytes(msgspec.json.encode(entry))

    def test_nothing_to_heal(self) -> None:
        self.assertEqual((), self._heal())
        self.assertEqual([], self.lines)

    def test_killed_after_the_injection(self) -> None:
        self._left(fakes.entry())
        self.service.stop()
        (healed,) = self._heal()
        self.assertTrue(healed.proven)
        self.assertIn('rabbitmq', healed.fault)
        self.assertEqual('active', self.service.active)
        self.assertEqual((), self.log.held())
        self.assertEqual((), self._heal())

    def test_all_are_undone_before_one_is_waited_for(self) -> None:
        """A compute is not whole while its controllers have no power."""
        self._left(fakes.entry(), fakes.entry('fault-2', utc_ns=2))
        undone: list[int] = []
        looked = self.observer.observe

        def look(target: configuration.Target) -> object:
            undone.append(len(self.engine.calls))
            return looked(target)

        self.observer.observe = look  # type: ignore[method-assign,assignment]
        healed = self._heal()
        self.assertEqual([True, True], [one.proven for one in healed])
        self.assertGreaterEqual(undone[0], 2)

    def test_killed_before_the_injection_or_after_the_heal(self) -> None:
        self._left(fakes.entry())
        (healed,) = self._heal()
        self.assertTrue(healed.proven)
        self.assertEqual(1, self.service.starts)
        self.assertEqual((), self.log.held())

    def test_killed_while_the_entry_was_written(self) -> None:
        self.log.prepare()
        torn = self.log.directory / '1-fault-1.json.new'
        torn.write_bytes(b'{')
        self.assertEqual((), self._heal())
        self.assertFalse(torn.exists())
        self.assertEqual([], self.engine.calls)

    def test_last_command_of_the_killed_run_arrives_late(self) -> None:
        self._left(fakes.entry())
        when = self.clock.ns + fakes.SECOND

        def late() -> None:
            if self.clock.ns >= when and self.service.starts == 1:
                self.service.stop()
                self.service.starts = 2
                self.clock.on_pause = late_start

        def late_start() -> None:
            self.service.start()
            self.clock.on_pause = lambda: None

        self.clock.on_pause = late
        (healed,) = self._heal()
        self.assertTrue(healed.proven)
        self.assertEqual('active', self.service.active)
        # Seen whole first, and again for the whole of the steady time.
        self.assertGreaterEqual(self.clock.ns, when + 2 * fakes.SECOND)

    def test_what_breaks_after_it_was_undone_is_undone_again(self) -> None:
        # As a host that the killed run told to shut down, which takes time.
        self._left(fakes.entry())
        when = self.clock.ns + fakes.SECOND

        def late() -> None:
            if self.clock.ns >= when:
                self.service.stop()
                self.clock.on_pause = lambda: None

        self.clock.on_pause = late
        (healed,) = self._heal()
        self.assertTrue(healed.proven)
        self.assertEqual([Verb.START] * 2, self.engine.calls)
        # Well before the recovery was over.
        self.assertLess(self.clock.ns, when + 20 * fakes.SECOND)

    def test_reverse_order(self) -> None:
        self._left(
            fakes.entry('fault-1', utc_ns=1), fakes.entry('fault-2', utc_ns=2)
        )
        names = [healed.fault[:7] for healed in self._heal()]
        self.assertEqual(['fault-2', 'fault-1'], names)

    def test_cannot_be_healed(self) -> None:
        self._left(fakes.entry())
        self.service.stop()
        self.engine.instead[Verb.START] = fakes.fails('host is down')
        (healed,) = self._heal()
        self.assertFalse(healed.proven)
        self.assertIn('host is down', healed.text)
        self.assertEqual(1, len(self.log.held()))
        self.engine.instead = {}
        (healed,) = self._heal()
        self.assertTrue(healed.proven)

    def test_kind_that_this_version_does_not_know(self) -> None:
        self._left(fakes.entry(kind='service.explode'))
        (healed,) = self._heal()
        self.assertFalse(healed.proven)
        self.assertIn('service.explode', healed.text)
        self.assertEqual([], self.engine.calls)
        self.assertEqual(1, len(self.log.held()))

    def test_cannot_be_seen(self) -> None:
        self._left(fakes.entry())
        self.observer.errors = [ssh.UnreachableError('no answer')] * 1000
        (healed,) = self._heal()
        self.assertFalse(healed.proven)
        self.assertIn('no answer', healed.text)
        self.assertEqual(1, len(self.log.held()))

    def test_flapping_is_not_healed_and_ends(self) -> None:
        self._left(fakes.entry())
        self.clock.on_pause = self.service.start
        (healed,) = self._heal()
        self.assertFalse(healed.proven)
        self.assertIn('does not stay so', healed.text)

    def test_torn_entry_is_told_and_the_others_are_healed(self) -> None:
        self._left(fakes.entry('fault-1', utc_ns=1))
        torn = self.log.directory / '00000000000000000002-fault-2.json'
        torn.write_bytes(b'{"fault": "fau')
        first, second = self._heal()
        self.assertFalse(first.proven)
        self.assertIn(str(torn), first.fault)
        self.assertIn('by hand', first.text)
        self.assertTrue(second.proven)
        self.assertTrue(torn.exists())

    def test_living_run_heals_itself(self) -> None:
        us = liveness.this_process()
        parent = liveness.Owner(
            pid=os.getppid(),
            boot=us.boot,
            started=liveness.started(os.getppid()),
        )
        self._left(fakes.entry(owner=parent))
        error = self.assertRaises(errors.RefusedError, self._heal)
        self.assertIn('20261120-180000-rabbit', str(error))
        self.assertEqual([], self.engine.calls)
        self.assertEqual(1, len(self.log.held()))

    def test_entry_of_this_process_is_healed(self) -> None:
        self._left(fakes.entry(owner=liveness.this_process()))
        (healed,) = self._heal()
        self.assertTrue(healed.proven)

    def test_preflight_only_where_there_is_something(self) -> None:
        def missing(faults: Iterable[engines.What]) -> None:
            self.assertEqual(
                [('service.terminate', fakes.TARGET)],
                [(kind.name, target) for kind, target in faults],
            )
            raise errors.UsageError('install it')

        def healer() -> healing.Healer:
            return healing.Healer(
                self.log,
                lambda kind, target: self.engine,
                lambda kind, target: self.observer,
                self.lines.append,
                preflight=missing,
            )

        self.assertEqual((), healer().heal_all())
        self._left(fakes.entry())
        (healed,) = healer().heal_all()
        self.assertFalse(healed.proven)
        self.assertEqual('install it', healed.text)
        self.assertEqual([], self.engine.calls)
        self.assertEqual(1, len(self.log.held()))

    def _three(self) -> None:
        """Of which the second is of another kind."""
        self._left(
            fakes.entry('fault-1', utc_ns=1),
            fakes.entry('fault-2', utc_ns=2, kind='service.freeze'),
            fakes.entry('fault-3', utc_ns=3),
        )
        self.service.stop()

    def _assert_second_is_left(
        self, healed: tuple[healing.Healed, ...], why: str
    ) -> None:
        self.assertEqual(
            ['fault-3', 'fault-2', 'fault-1'],
            [one.fault[:7] for one in healed],
        )
        self.assertEqual(
            [True, False, True], [one.proven for one in healed], healed
        )
        self.assertEqual(why, healed[1].text)
        (left,) = self.log.held()
        assert left.entry is not None
        self.assertEqual('fault-2', left.entry.fault)

    def test_what_one_lacks_keeps_no_other_broken(self) -> None:
        for error, why in (
            (errors.UsageError('install it'), 'install it'),
            (ImportError('no x'), 'ImportError: no x'),
        ):

            def lacks(
                faults: Iterable[engines.What], error: Exception = error
            ) -> None:
                if any(kind.name == 'service.freeze' for kind, _ in faults):
                    raise error

            self._three()
            self._assert_second_is_left(self._heal(preflight=lacks), why)

    def test_engine_that_raises_anything_keeps_no_other_broken(self) -> None:
        def broken() -> None:
            raise KeyError('a bug')

        self._three()
        self.engine.instead[Verb.THAW] = broken
        # Each of the others starts it; this one is to be seen broken.
        looked = self.observer.observe

        def look(target: configuration.Target) -> object:
            if self.engine.calls[-1] is Verb.THAW:
                raise ssh.UnreachableError('not seen')
            return looked(target)

        self.observer.observe = look  # type: ignore[method-assign,assignment]
        self._assert_second_is_left(
            self._heal(), "KeyError: 'a bug'; not seen"
        )

    def test_observer_that_raises_anything_keeps_no_other_broken(self) -> None:
        self._three()
        looked = self.observer.observe

        def look(target: configuration.Target) -> object:
            if self.engine.calls[-1] is Verb.THAW:
                raise ValueError('of a\nlibrary')
            return looked(target)

        self.observer.observe = look  # type: ignore[method-assign,assignment]
        self._assert_second_is_left(self._heal(), 'ValueError: of a library')

    def test_report_that_fails_ends_no_heal(self) -> None:
        def gone(line: str) -> None:
            raise BrokenPipeError

        self._left(
            fakes.entry('fault-1', utc_ns=1), fakes.entry('fault-2', utc_ns=2)
        )
        (self.log.directory / '1-fault-1.json.new').write_bytes(b'{')
        self.service.stop()
        healed = self._heal(report=gone)
        self.assertEqual([True, True], [one.proven for one in healed])
        self.assertEqual((), self.log.held())

    def test_public_function_with_an_empty_journal(self) -> None:
        destructive = settings.Destructive(
            allowed=False,
            targets=(),
            os_faults_config='',
            call_timeout=60,
            state_dir=self.log.directory / 'none',
        )
        self.assertEqual((), healing.heal_all(destructive))
