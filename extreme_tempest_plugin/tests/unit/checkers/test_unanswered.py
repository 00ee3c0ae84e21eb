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
"""What became of what nobody answered."""

import msgspec
import testtools

from extreme_tempest_plugin.checkers import unanswered
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories

Side = unanswered.Side
#: Here it is of no interest that nobody answered.
PLAN = msgspec.structs.replace(
    histories.STORM, slo=model.Slo(unexpected_5xx=9, unexpected_4xx=9)
)


class TestUnanswered(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.built = histories.storm(PLAN)

    def ask(self, action, t=40.0, outcome='info', **more):
        self.built.call(t, action, outcome=outcome, **more)

    def assert_came_to(self, side, number=1, word='pass'):
        verdict = self.built.verdict()
        sides = {
            key: value
            for key, value in verdict.measured.items()
            if key.startswith('unanswered')
        }
        expected = dict.fromkeys(map(str, Side), 0) | {str(side): number}
        self.assertEqual(expected, sides)
        self.assertEqual(
            side is Side.UNKNOWN,
            'unanswered' in [gap.checker for gap in verdict.gaps],
        )
        self.assertEqual(word, verdict.verdict)

    def create(self, name='asked-for', **more):
        args = {'name': name} if name else {}
        self.ask('server.create', args=args, effect='creates', **more)

    def change(self, action='server.rename', args=None, **more):
        self.ask(
            action,
            resource='server/a',
            args=args or {},
            effect='changes',
            **more,
        )

    def test_it_was_made(self):
        self.create()
        self.built.census('server/x', name='asked-for')
        self.assert_came_to(Side.DONE)

    def test_it_was_not_made(self):
        self.create()
        self.assert_came_to(Side.NOT_DONE)

    def test_it_was_made_and_is_only_remembered(self):
        self.create()
        self.built.census('server/x', 'DELETED', name='asked-for')
        self.assert_came_to(Side.NOT_DONE)

    def test_it_had_no_name(self):
        self.create(name=None)
        self.assert_came_to(Side.UNKNOWN, word='unknown')

    def test_no_outcome_was_recorded(self):
        self.create(outcome=None)
        self.assert_came_to(Side.NOT_DONE, word='unknown')

    def test_it_is_gone(self):
        self.ask('server.delete', resource='server/b', effect='consumes')
        self.assert_came_to(Side.DONE)

    def test_it_is_not_gone(self):
        self.ask('server.delete', resource='server/a', effect='consumes')
        self.assert_came_to(Side.NOT_DONE)

    def test_it_was_written(self):
        self.change(args={'name': 'new-a'})
        self.assert_came_to(Side.DONE)

    def test_it_was_not_written(self):
        self.change(args={'name': 'other'})
        self.assert_came_to(Side.NOT_DONE)

    def test_it_was_removed(self):
        self.change(writes={'name': None})
        self.assert_came_to(Side.NOT_DONE)

    def test_nobody_shows_what_was_written(self):
        self.change(writes={'colour': 'red'})
        self.assert_came_to(Side.UNKNOWN, word='unknown')

    def test_it_leaves_no_trace(self):
        self.change('server.reboot_hard')
        self.assert_came_to(Side.NO_TRACE)

    def test_what_it_was_written_to_is_gone(self):
        self.ask(
            'server.rename',
            resource='server/b',
            args={'name': 'other'},
            effect='changes',
        )
        self.assert_came_to(Side.NO_TRACE)

    def test_after_the_census_had_begun(self):
        self.create(t=91.5)
        self.assert_came_to(Side.UNKNOWN, word='unknown')

    def test_reads_and_answers_are_not_concerned(self):
        self.ask('server.show', resource='server/a', effect='reads')
        self.ask('token.issue', effect='creates')
        self.create(outcome='fail', status=403, allowed=(403,))
        measured = self.built.verdict().measured
        self.assertNotIn(str(Side.DONE), measured)
