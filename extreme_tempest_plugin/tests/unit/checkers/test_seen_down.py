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

import msgspec
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories

ROW = 'cmp2 seen down (fault-1)'


def history(*said, fault='node.off', hold=90.0, down_after=None, **phases):
    """A host that is off from 5 s on, and healed at 95 s.

    :param said: when, and what nova says of its service.
    """
    (planned,) = histories.PLAN.faults
    planned = msgspec.structs.replace(
        planned, fault=fault, target='cmp2', hold=hold, recovery=200.0
    )
    built = histories.storm(
        msgspec.structs.replace(
            histories.PLAN,
            uptime=None,
            faults=(planned,),
            steady=model.Steady(checks=(), down_after=down_after),
        )
    )
    built.fault(
        **{
            'start': 4.0,
            'evidenced': 1.0,
            'healed': 91.0,
            'whole': 94.0,
            'target': 'cmp2',
            **phases,
        }
    )
    built._events = [
        msgspec.structs.replace(event, kind=fault)
        if isinstance(event, events.Fault)
        else event
        for event in built._events
    ]
    for t, state in said:
        built.census(
            'service/nova-compute@cmp2',
            state,
            t=t,
            phase='during',
            target='cmp2',
        )
    return built


class TestSeenDown(testtools.TestCase):
    def judged(self, word, *said, **how):
        verdict = history(*said, **how).verdict()
        self.assertEqual(word, verdict.verdict, verdict.reason)
        return verdict

    def rows(self, verdict):
        return [
            (row.measured, row.ok) for row in verdict.slo if row.name == ROW
        ]

    def test_down(self):
        verdict = self.judged('pass', (94.0, 'down'))
        self.assertEqual([('down', True)], self.rows(verdict))

    def test_up(self):
        verdict = self.judged('fail', (94.0, 'up'))
        (finding,) = verdict.findings
        self.assertEqual(
            ('recovery', 'fault-1'), (finding.checker, finding.about)
        )
        self.assertIn('Nova called nova-compute@cmp2 up 89.0 s', finding.what)
        # The phases of the fault, and what nova said.
        self.assertEqual(6, len(finding.events))
        self.assertEqual([('nova-compute@cmp2 up', False)], self.rows(verdict))

    def test_before_it_must_know_and_after_the_heal_says_nothing(self):
        for t in (79.0, 96.0):
            verdict = self.judged('pass', (t, 'up'))
            self.assertEqual([], self.rows(verdict))

    def test_a_shutdown_that_took_its_time(self):
        said = (94.0, 'up')
        self.judged('pass', said, fault='node.shutdown', evidenced=20.0)
        self.judged('fail', said, fault='node.shutdown', evidenced=10.0)

    def test_a_plan_that_gives_nova_longer_or_less(self):
        self.judged('pass', (94.0, 'down'), down_after=30.0)
        self.judged('fail', (40.0, 'up'), down_after=30.0)
        # Longer than it is off.
        self.judged('pass', (94.0, 'up'), down_after=100.0)

    def test_nobody_could_ask(self):
        self.judged('pass')
        verdict = self.judged('unknown', down_after=75.0)
        self.assertIn('whether nova saw it down', verdict.reason)

    def test_of_others_and_of_short_ones_nothing_is_expected(self):
        for how in ({'hold': 60.0}, {'fault': 'node.reset'}):
            verdict = self.judged('pass', (94.0, 'up'), **how)
            self.assertEqual([], self.rows(verdict))

    def test_holes_make_it_a_gap(self):
        built = history((94.0, 'up'))
        number = built.events()[3].n
        verdict = built.verdict(lambda event: event.n == number)
        self.assertNotIn(
            'recovery', [found.checker for found in verdict.findings]
        )
        self.assertEqual([('nova-compute@cmp2 up', None)], self.rows(verdict))
