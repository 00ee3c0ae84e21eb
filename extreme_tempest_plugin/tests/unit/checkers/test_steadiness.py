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

LIMIT = 30.0


def plan(checks=None, faults=1):
    (fault,) = histories.PLAN.faults
    return msgspec.structs.replace(
        histories.PLAN,
        faults=(fault,) * faults,
        overlap=faults > 1,
        steady=model.Steady(within=LIMIT, checks=checks),
    )


def history(*said, checks=None, faults=1, **phases):
    """A fault at 20 s, whole at 25 s, and what checks said.

    :param said: when, the check, and what is not steady.
    """
    built = histories.storm(plan(checks, faults))
    built.watch()
    built.fault(**phases)
    for t, about, text in said:
        built.note(t, events.Topic.STEADY, about, text)
    return built


class TestSteadiness(testtools.TestCase):
    def judged(self, word, *said, **how):
        verdict = history(*said, **how).verdict()
        self.assertEqual(word, verdict.verdict, verdict.reason)
        return verdict

    def row(self, verdict):
        (row,) = [r for r in verdict.slo if r.name.startswith('steady after')]
        return row

    def test_in_time(self):
        verdict = self.judged(
            'pass',
            (1.0, 'galera', ''),
            (20.5, 'galera', 'a: no answer'),
            (31.0, 'galera', ''),
            (20.4, 'nova services', ''),
            (25.5, 'nova services', ''),
            (33.5, 'canary', ''),
        )
        self.assertEqual(
            {'galera': 11.0, 'nova services': 0.4, 'canary': 13.5},
            verdict.faults[0].steady_s,
        )
        row = self.row(verdict)
        self.assertEqual('8.50 s (canary)', row.measured)
        self.assertEqual('at most 30 s', row.wanted)

    def test_too_late(self):
        verdict = self.judged(
            'fail',
            (26.0, 'galera', 'a: no answer'),
            (56.0, 'galera', ''),
        )
        (finding,) = verdict.findings
        self.assertEqual(
            ('recovery', 'fault-1'), (finding.checker, finding.about)
        )
        self.assertIn('galera was not steady within 30 s', finding.what)
        self.assertIn('It was 31.0 s after it', finding.what)
        self.assertEqual({'galera': 36.0}, verdict.faults[0].steady_s)

    def test_never(self):
        verdict = self.judged('fail', (26.0, 'galera', 'a: no answer'))
        (finding,) = verdict.findings
        self.assertIn('a: no answer', finding.what)
        self.assertEqual({'galera': None}, verdict.faults[0].steady_s)
        self.assertEqual('galera not again', self.row(verdict).measured)

    def test_it_came_and_went(self):
        said = (21.0, 'galera', ''), (40.0, 'galera', 'a: no answer')
        self.judged('fail', *said)
        verdict = self.judged('pass', *said, (50.0, 'galera', ''))
        self.assertEqual({'galera': 30.0}, verdict.faults[0].steady_s)

    def test_what_comes_when_its_time_is_over_is_not_the_faults(self):
        verdict = self.judged(
            'pass',
            (21.0, 'apis', ''),
            (26.0, 'apis', ''),
            (70.0, 'apis', 'nova is down'),
            (71.0, 'apis', ''),
        )
        self.assertEqual({'apis': 1.0}, verdict.faults[0].steady_s)

    def test_the_history_ends_before_its_time_is_over(self):
        verdict = self.judged(
            'unknown',
            (86.0, 'galera', 'a: no answer'),
            start=80.0,
        )
        self.assertEqual((), verdict.findings)
        self.assertIsNone(self.row(verdict).ok)

    def test_before_the_heal_says_nothing_of_what_comes_after(self):
        for said in (
            (1.0, 'galera', ''),
            (20.5, 'galera', 'a: no answer'),
            (24.0, 'galera', ''),
        ):
            for checks in (None, ('galera',)):
                verdict = self.judged(
                    'unknown', said, (26.0, 'apis', ''), checks=checks
                )
                self.assertEqual({'apis': 6.0}, verdict.faults[0].steady_s)
                (gap,) = verdict.gaps
                self.assertIn('whether galera was steady again', gap.why)

    def test_after_one_heal_says_nothing_of_another(self):
        verdict = self.second(60.0, (26.0, 'galera', ''))
        self.assertEqual('unknown', verdict.verdict, verdict.reason)
        self.assertIn('fault-2 (service.restart of ', verdict.reason)
        verdict = self.second(60.0, (66.0, 'galera', ''))
        self.assertEqual('unknown', verdict.verdict, verdict.reason)
        self.assertIn('fault-1 (service.restart of ', verdict.reason)

    def test_what_nobody_ever_asked_is_measured_only_if_it_is_named(self):
        said = (26.0, 'galera', '')
        self.judged('pass', said, checks=('galera',))
        verdict = self.judged('unknown', said, checks=('galera', 'canary'))
        self.assertIn('canary', verdict.reason)

    def test_nothing_is_asked_where_nothing_is_named(self):
        verdict = self.judged('pass', checks=())
        self.assertEqual(
            [], [r for r in verdict.slo if r.name.startswith('steady')]
        )

    def test_not_healed_is_one_finding(self):
        verdict = self.judged(
            'fail', (21.0, 'galera', 'a: no answer'), whole=None
        )
        (finding,) = verdict.findings
        self.assertIn('not proven healed', finding.what)
        self.assertEqual({'galera': None}, verdict.faults[0].steady_s)

    def test_holes_make_it_a_gap(self):
        built = history((26.0, 'galera', 'a: no answer'))
        number = built.events()[40].n
        verdict = built.verdict(lambda event: event.n == number)
        self.assertNotIn(
            'recovery', [found.checker for found in verdict.findings]
        )
        self.assertIsNone(self.row(verdict).ok)

    def second(self, start, *said, whole=5.0, first=5.0, **phases):
        built = history(*said, faults=2, whole=first)
        built.fault(start=start, fault='fault-2', whole=whole, **phases)
        return built.verdict()

    def test_each_fault_until_the_next_one(self):
        verdict = self.second(
            60.0,
            (20.5, 'galera', 'a: no answer'),
            (30.0, 'galera', ''),
            (60.5, 'galera', 'a: no answer'),
            (66.0, 'galera', ''),
        )
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        self.assertEqual(
            [{'galera': 10.0}, {'galera': 6.0}],
            [fault.steady_s for fault in verdict.faults],
        )

    def test_what_was_steady_when_the_next_one_was_due_is(self):
        said = (26.0, 'galera', ''), (41.0, 'galera', 'a: no answer')
        late = (50.0, 'galera', '')
        verdict = self.second(40.0, *said, late, injected=2.0)
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        verdict = self.second(42.0, *said, late)
        self.assertEqual('unknown', verdict.verdict, verdict.reason)

    def test_the_next_one_does_not_excuse_it(self):
        verdict = self.second(
            57.0, (25.5, 'galera', 'a: no answer'), (63.0, 'galera', '')
        )
        self.assertEqual('fail', verdict.verdict)
        self.assertEqual('fault-1', verdict.findings[0].about)

    def test_a_next_one_that_came_too_soon(self):
        verdict = self.second(
            40.0, (25.5, 'galera', 'a: no answer'), (47.0, 'galera', '')
        )
        self.assertEqual('unknown', verdict.verdict)

    def test_one_that_was_under_way_at_the_heal_overlaps(self):
        """A heal has the time since which it held, not that of its proof."""
        said = (26.0, 'galera', ''), (60.0, 'galera', '')
        for start, injected in ((24.0, 12.0), (31.0, 1.0)):
            verdict = self.second(
                *(start, said[1]),
                injected=injected,
                evidenced=13.0,
                whole=20.0,
            )
            self.assertEqual('pass', verdict.verdict, verdict.reason)
        verdict = self.second(45.0, said[1])
        self.assertEqual('unknown', verdict.verdict, verdict.reason)
        self.assertEqual('pass', self.second(45.0, *said).verdict)

    def test_faults_that_overlap_are_judged_after_the_last_heal(self):
        verdict = self.second(
            22.0,
            (20.5, 'galera', 'a: no answer'),
            (69.0, 'galera', ''),
            first=18.0,
            whole=18.0,
        )
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        self.assertEqual('29.0 s (galera)', self.row(verdict).measured)
        self.assertEqual(
            'steady after rabbitmq (fault-2)', self.row(verdict).name
        )
        self.assertEqual(
            [{'galera': 49.0}, {'galera': 47.0}],
            [fault.steady_s for fault in verdict.faults],
        )
