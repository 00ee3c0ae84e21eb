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
"""Histories that are quick enough, too slow, or tell too little."""

import msgspec
import testtools

from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories


def plan(base=histories.STORM, **slo):
    limits = {
        key: {
            action: model.Times(**times) for action, times in actions.items()
        }
        for key, actions in slo.items()
    }
    return msgspec.structs.replace(base, slo=model.Slo(**limits))


def creates(built, *took, first=3.0):
    for number, seconds in enumerate(took):
        op = built.call(
            first + number / 10,
            'server.create',
            value=f'server/{number}',
            args={'name': f'n-{number}'},
            took=seconds,
        )
        built.settle(90.0, op, 'ACTIVE')
        built.census(f'server/{number}', name=f'n-{number}')


def base(plan):
    built = histories.Builder(plan)
    built.process('campaign')
    built.process('storm/0', 1.0, 95.0)
    built.complete('server')
    return built


class Rows:
    def judged(self, built, drop=lambda event: False):
        self.verdict = built.verdict(drop)
        return {
            row.name: (row.measured, row.ok)
            for row in self.verdict.slo
            if ' of the ' in row.name
        }


class TestLatency(Rows, testtools.TestCase):
    name = 'p95 of the latency of server.create'

    def of(self, *took, limit=5.0):
        built = base(plan(latency={'server.create': {'p95': limit}}))
        creates(built, *took)
        return self.judged(built)[self.name]

    def test_quick_enough(self):
        self.assertEqual(('1.00 s of 20', True), self.of(*[1.0] * 19, 60.0))
        self.assertEqual('pass', self.verdict.verdict, self.verdict.reason)

    def test_too_slow(self):
        self.assertEqual(
            ('60.0 s of 20', False), self.of(*[1.0] * 18, 60.0, 61.0)
        )
        self.assertEqual('fail', self.verdict.verdict)
        (finding,) = self.verdict.findings
        self.assertEqual('times', finding.checker)
        self.assertIn('the plan allows 5 s', finding.what)
        self.assertIn('2 of 20 operations', finding.what)
        self.assertEqual(('req-20', 'req-19'), finding.request_ids)

    def test_too_few_to_say(self):
        self.assertEqual(('at least 1.00 s of 19', None), self.of(*[1.0] * 19))
        self.assertEqual('unknown', self.verdict.verdict)
        self.assertIn('takes 20 operations, and 19', self.verdict.reason)

    def test_few_that_are_all_too_slow(self):
        self.assertEqual(False, self.of(*[60.0] * 5)[1])

    def test_nothing_was_measured(self):
        self.assertEqual(('nothing', None), self.of())

    def test_no_answer_took_at_least_until_it_was_given_up(self):
        for took, expected in ((60.0, False), (1.0, None)):
            built = base(plan(latency={'server.create': {'max': 5.0}}))
            creates(built, 1.0)
            built.call(
                9.0, 'server.create', outcome='info', status=0, took=took
            )
            name = 'max of the latency of server.create'
            self.assertEqual(expected, self.judged(built)[name][1])

    def test_a_fault_is_no_measure(self):
        built = base(
            plan(histories.PLAN, latency={'server.create': {'max': 5.0}})
        )
        built.fault(start=20.0, whole=10.0)
        creates(built, 1.0)
        creates(built, 30.0, first=15.0)
        name = 'max of the latency of server.create'
        self.assertEqual(('1.00 s of 1', True), self.judged(built)[name])

    def test_from_when_it_was_due(self):
        """One call hangs; those that were due meanwhile were held up."""
        built = base(plan(latency={'server.create': {'p50': 5.0}}))
        built.call(
            10.0,
            'server.create',
            value='server/a',
            took=20.0,
            intended=histories.ns(10.0),
        )
        for number in range(3):
            built.call(
                30.0 + number,
                'server.create',
                value=f'server/{number}',
                intended=histories.ns(11.0 + number),
            )
        name = 'p50 of the latency of server.create'
        # It is free at 30.1, 30.2 and 30.3 s if it does not wait itself.
        self.assertEqual(
            ('at least 18.2 s of 4', False), self.judged(built)[name]
        )
        self.assertIn(
            'counted from when it was due',
            next(
                one.what
                for one in self.verdict.findings
                if one.checker == 'times'
            ),
        )
        self.assertEqual(20.0, self.verdict.latency['server.create'].max_s)

    def test_holes_may_have_been_quick(self):
        built = base(plan(latency={'server.create': {'p50': 5.0, 'max': 5.0}}))
        creates(built, 60.0, 60.0)
        rows = self.judged(built, drop=lambda event: event.n == 3)
        self.assertEqual([None, False], [ok for _, ok in rows.values()])

    def test_default_speaks_for_those_that_are_not_named(self):
        built = base(
            plan(
                latency={
                    'default': {'max': 5.0},
                    'server.create': {'max': 70.0},
                    'server.delete': {'max': 1.0},
                }
            )
        )
        creates(built, 60.0)
        built.rename(80.0, '0', 'n', took=6.0)
        built.call(81.0, 'tempest.test:a.b', status=0, took=9.0)
        self.assertEqual(
            {
                'max of the latency of server.create': True,
                'max of the latency of server.delete': None,
                'max of the latency of server.rename': False,
            },
            {name: ok for name, (_, ok) in self.judged(built).items()},
        )

    def test_a_plan_without_limits_has_no_rows(self):
        built = base(plan())
        creates(built, 60.0)
        self.assertEqual({}, self.judged(built))


class TestSettle(Rows, testtools.TestCase):
    def of(self, *rests, limit=30.0):
        """Of rests: state, reached, the lower bound and the upper one, s."""
        built = base(plan(settle={'server.create': {'max': limit}}))
        for number, (state, reached, least, after) in enumerate(rests):
            op = built.create(3.0, str(number), '')
            built.settle(3.1 + after, op, state, reached, after, least=least)
            built.census(f'server/{number}', state)
        return self.judged(built)['max of the time to rest of server.create']

    def test_soon_enough(self):
        self.assertEqual(
            ('20.0 s of 2', True),
            self.of(('ACTIVE', True, 0, 10), ('ACTIVE', True, 19, 20)),
        )

    def test_too_late(self):
        self.assertEqual(
            ('at least 31.0 s of 1', False), self.of(('ACTIVE', True, 31, 32))
        )

    def test_a_user_that_looked_late_does_not_know(self):
        self.assertEqual(
            ('2.00 s to 60.0 s of 1', None), self.of(('ACTIVE', True, 2, 60))
        )
        self.assertEqual('unknown', self.verdict.verdict)

    def test_one_that_did_not_come_to_rest(self):
        self.assertEqual(False, self.of(('BUILD', False, 40, 41))[1])
        self.assertIsNone(self.of(('BUILD', False, 40, 41), limit=60)[1])

    def test_one_that_could_not_be_looked_at(self):
        self.assertIsNone(self.of(('unseen', False, 0, 60))[1])

    def test_an_error_is_for_another_checker(self):
        self.assertEqual(
            ('10.0 s of 1', True),
            self.of(('ACTIVE', True, 9, 10), ('ERROR', False, 40, 41)),
        )

    def test_no_rest_at_all(self):
        built = base(plan(settle={'server.create': {'max': 30.0}}))
        built.create(3.0, 'a', '')
        (row,) = self.judged(built).values()
        self.assertIsNone(row[1])
