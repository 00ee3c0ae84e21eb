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

import dataclasses
import pathlib
import types

import fixtures
import testtools

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.faults import world


class Injection:
    healed = None

    def __init__(self, name, done, interrupted=False, heal=None):
        self.plan = types.SimpleNamespace(target=name)
        self._name, self._done = name, done
        self._interrupted = interrupted
        self._heal = iter(heal or ())

    def undo(self):
        self._done.append(f'undo {self._name}')
        if self._interrupted:
            raise KeyboardInterrupt

    def heal(self):
        if error := next(self._heal, None):
            raise error
        self._done.append(f'heal {self._name}')


class TestEndangered(testtools.TestCase):
    """By what the members say, and not only by the plan."""

    def setUp(self):
        super().setUp()
        there = world.World(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        )
        there.configure(
            clusters={
                'galera': {
                    'hosts': [*world.CONTROLLERS],
                    'services': ['mysql'],
                    'kind': 'galera',
                }
            }
        )
        self.asked = []
        self.serve = {world.ADDRESSES[name] for name in world.CONTROLLERS}
        self.useFixture(
            fixtures.MonkeyPatch(
                'extreme_tempest_plugin.faults.members.serving', self.serving
            )
        )
        self.faults = tuple(
            model.Fault(fault='service.kill', target=target, host=host, at=at)
            for target, host, at in (
                ('mysql', 'ctl1', 0.0),
                ('nova-api', 'ctl1', 300.0),
            )
        )
        targets = guard.permitted(self.faults, there.destructive)
        self.breaking = breaking.Breaking(
            self.faults, targets, there.destructive, 'a run', print
        )

    def serving(self, cluster, hosts):
        self.asked.append(cluster.name)
        return frozenset(self.serve)

    def test_one_less_is_a_majority(self):
        self.assertEqual('', self.breaking.endangered(self.faults[0]))

    def test_one_less_is_none(self):
        self.serve.remove(world.ADDRESSES['ctl3'])
        self.assertEqual(
            'galera would have 1 of 3 members',
            self.breaking.endangered(self.faults[0]),
        )

    def test_the_one_that_is_away_already(self):
        self.serve.remove(world.ADDRESSES['ctl1'])
        self.assertEqual('', self.breaking.endangered(self.faults[0]))

    def test_what_takes_no_member_asks_none(self):
        self.assertEqual('', self.breaking.endangered(self.faults[1]))
        self.assertEqual([], self.asked)


class TestHeal(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.done = []
        self.destructive = settings.Destructive(
            allowed=True,
            targets=(),
            os_faults_config='',
            call_timeout=1.0,
            state_dir=pathlib.Path('none'),
        )
        self.breaking = breaking.Breaking(
            (), (), self.destructive, 'a run', self.done.append
        )

    def test_all_are_undone_before_one_is_waited_for(self):
        self.breaking.held = [Injection(name, self.done) for name in 'ab']
        self.breaking.heal(lambda text: None)
        self.assertEqual(['undo b', 'undo a', 'heal b', 'heal a'], self.done)

    def test_what_comes_between_ends_no_heal(self):
        self.breaking.held = [
            Injection('a', self.done, heal=[KeyboardInterrupt()])
        ]
        self.assertRaises(
            KeyboardInterrupt, self.breaking.heal, lambda text: None
        )
        self.assertEqual(['undo a', 'heal a'], self.done)

    def test_a_display_that_fails_ends_no_heal(self):
        def say(text):
            raise OSError('the terminal is gone')

        self.breaking.held = [Injection(name, self.done) for name in 'ab']
        self.assertRaises(OSError, self.breaking.heal, say)
        self.assertEqual(['undo b', 'undo a', 'heal b', 'heal a'], self.done)

    def test_each_is_healed_whatever_comes_between(self):
        self.breaking.held = [
            Injection(name, self.done, name == 'b') for name in 'ab'
        ]
        self.assertRaises(
            KeyboardInterrupt, self.breaking.heal, lambda text: None
        )
        self.assertEqual(['undo b', 'heal b', 'heal a'], self.done)

    def test_who_breaks_nothing_needs_no_journal_of_others(self):
        state_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (state_dir / 'faults').touch()
        destructive = dataclasses.replace(
            self.destructive, state_dir=state_dir
        )
        breaking.heal_dead_runs(destructive, ())
        self.assertRaises(
            errors.UsageError,
            breaking.heal_dead_runs,
            destructive,
            (model.Fault(fault='service.kill', target='a'),),
        )

    def test_what_stays_broken_is_refused_whatever_the_plan_does(self):
        state_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (state_dir / 'faults').mkdir()
        (state_dir / 'faults' / 'torn.json').write_text('{')
        destructive = dataclasses.replace(
            self.destructive, state_dir=state_dir
        )
        error = self.assertRaises(
            errors.RefusedError, breaking.heal_dead_runs, destructive, ()
        )
        self.assertIn('torn.json', str(error))
