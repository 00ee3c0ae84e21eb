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
"""What is known of times encloses them, whatever they were."""

import hypothesis
import testtools
from hypothesis import strategies as st

from extreme_tempest_plugin.checkers import durations
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import windows

PERCENTS = st.sampled_from([50, 90, 95, 99, 100])

NO_FAULT = windows.Cover(())


def operation(began, end, intended=0, actor='user', **more):
    return operations.Operation(
        n=1,
        op='0-1',
        actor=actor,
        began=began,
        intended=intended,
        action='server.create',
        service='nova',
        target='',
        args={},
        effect='',
        partners={},
        writes={},
        allowed=(),
        **{'known': operations.Known.OK, 'end': end, 'status': 202, **more},
    )


def rest(seen):
    return operations.Rest(
        n=2,
        t=1,
        state='present',
        reached=True,
        after_ns=1,
        least_ns=0,
        error='',
        seen=seen,
    )


def percentile(values, percent):
    """By its definition: the smallest that so many are not above."""
    return min(
        value
        for value in values
        if 100 * sum(one <= value for one in values) >= percent * len(values)
    )


def bounds(calls, cover=NO_FAULT):
    found = durations.latencies(calls, cover)
    return [(one.least, one.most) for one in found.get('server.create', ())]


class PercentileTest(testtools.TestCase):
    @hypothesis.given(st.lists(st.integers(0, 20), min_size=1), PERCENTS)
    def test_nearest_rank_is_its_definition(self, values, percent):
        self.assertEqual(
            percentile(values, percent),
            durations.nearest_rank(sorted(values), percent),
        )

    def test_it_takes_one_above(self):
        self.assertEqual(
            [2, 10, 20, 100, 1],
            [durations.needed(percent) for percent in (50, 90, 95, 99, 100)],
        )

    @hypothesis.given(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25),
        st.lists(st.integers(0, 20), min_size=25, max_size=25),
        PERCENTS,
    )
    def test_bounds_enclose_what_may_have_been(self, known, drawn, percent):
        """Any times within what is known, and any for those that lack."""
        samples = [
            durations.Sample(operation(0, 1), least, least + more)
            for least, more in known
        ]
        really = [
            min(one.least + extra, one.most)
            for one, extra in zip(samples, drawn, strict=False)
        ]
        lacking = max(0, durations.needed(percent) - len(samples))
        really += (drawn * 5)[:lacking]
        least, most = durations.bounds(samples, percent)
        self.assertLessEqual(least, percentile(really, percent))
        self.assertGreaterEqual(most, percentile(really, percent))
        if lacking:
            self.assertEqual(durations.FOREVER, most)


class LatencyTest(testtools.TestCase):
    def test_from_sending_to_answer(self):
        self.assertEqual([(3, 3)], bounds([operation(5, 8)]))

    def test_no_answer(self):
        lost = {'known': operations.Known.INFO, 'status': 0}
        self.assertEqual(
            [(3, durations.FOREVER)], bounds([operation(5, 8, **lost)])
        )

    def test_refusals_and_errors_are_none(self):
        for known, status in (('fail', 409), ('info', 500), ('fail', 0)):
            call = operation(
                5, 8, known=operations.Known(known), status=status
            )
            self.assertEqual([], bounds([call]))

    def test_held_up_by_the_call_before(self):
        """One is slow, and the next ones were due meanwhile."""
        calls = [
            operation(10, 40, intended=10),
            operation(40, 41, intended=20),
            operation(41, 42, intended=30),
            operation(50, 51, intended=50),
        ]
        self.assertEqual([(30, 30), (21, 21), (12, 12), (1, 1)], bounds(calls))

    def test_what_the_user_itself_was_late_is_not_the_clouds(self):
        calls = [
            operation(10, 11, intended=10),
            operation(35, 36, intended=20),
            operation(36, 37, intended=21),
        ]
        self.assertEqual([(1, 1), (1, 16), (1, 16)], bounds(calls))

    def test_each_user_has_its_own_queue(self):
        calls = [
            operation(10, 40, intended=10, actor='one'),
            operation(20, 21, intended=20, actor='two'),
        ]
        self.assertEqual([(30, 30), (1, 1)], bounds(calls))

    @hypothesis.given(
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 20))
        )
    )
    def test_the_queue_without_lateness(self, steps):
        """Each user as it would be if it sent when due and free."""
        calls, expected = [], []
        due, actual, ideal = 1, 0, 0
        for gap, late, took in steps:
            due += gap
            began = max(due, actual) + late
            actual = began + took
            ideal = max(due, ideal) + took
            calls.append(operation(began, actual, intended=due))
            expected.append((ideal - due, actual - due))
        self.assertEqual(expected, bounds(calls))
        for least, most in expected:
            self.assertLessEqual(least, most)

    def test_what_waited_for_a_call_in_a_fault_is_the_faults(self):
        cover = windows.Cover([windows.Window('fault-1', 12, 15)])
        calls = [
            operation(10, 40, intended=10),
            operation(40, 41, intended=20),
            operation(50, 51, intended=50),
        ]
        self.assertEqual([(1, 1)], bounds(calls, cover))
