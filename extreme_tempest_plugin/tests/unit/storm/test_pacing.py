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
"""When operations are due."""

import itertools
import statistics

import testtools

from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import pacing

SECOND = 1_000_000_000


def _storm(**more) -> plan_model.Storm:
    return plan_model.Storm(**{'actions': {'a': 1.0}, 'users': 10, **more})


def _arrivals(rate: float, users: int, until: int, seed: int = 1) -> list[int]:
    """Times of all users together, in order."""
    storm = _storm(rate=rate, users=users)
    found = []
    for index in range(users):
        pace = pacing.pace(storm, seed, index)
        due = pace.first(0)
        while due < until:
            found.append(due)
            due = pace.after(due, due + 5 * SECOND)
    return sorted(found)


class PacingTest(testtools.TestCase):
    def test_thinking(self):
        pace = pacing.pace(_storm(think_time=(1, 2)), 1, 3)
        self.assertFalse(pace.open)
        self.assertEqual(7, pace.first(7))
        waits = [pace.after(7, 100 * SECOND) for _ in range(200)]
        self.assertGreaterEqual(min(waits), 101 * SECOND)
        self.assertLessEqual(max(waits), 102 * SECOND)
        self.assertGreater(len(set(waits)), 100)

    def test_without_a_word(self):
        pace = pacing.pace(_storm(), 1, 3)
        self.assertGreaterEqual(pace.after(0, 0), 0.5 * SECOND)

    def test_the_rate_is_that_of_all_users(self):
        for users in (1, 10, 40):
            found = _arrivals(rate=20, users=users, until=200 * SECOND)
            # 4000 expected; a Poisson count has a deviation of 63.
            self.assertAlmostEqual(4000, len(found), delta=250)

    def test_the_sum_is_a_poisson_process(self):
        """Gaps are exponential: their deviation is their mean."""
        found = _arrivals(rate=20, users=10, until=200 * SECOND)
        gaps = [later - sooner for sooner, later in itertools.pairwise(found)]
        mean = statistics.fmean(gaps)
        self.assertAlmostEqual(1, statistics.stdev(gaps) / mean, delta=0.1)
        below = sum(gap < mean for gap in gaps) / len(gaps)
        # 1 - 1/e
        self.assertAlmostEqual(0.632, below, delta=0.04)

    def test_arrivals_do_not_wait_for_the_end_of_operations(self):
        pace = pacing.pace(_storm(rate=10.0), 1, 0)
        other = pacing.pace(_storm(rate=10.0), 1, 0)
        self.assertTrue(pace.open)
        due = pace.first(0)
        self.assertEqual(due, other.first(0))
        for _ in range(10):
            later = pace.after(due, due + 60 * SECOND)
            self.assertEqual(later, other.after(due, due))
            due = later

    def test_same_seed_same_times(self):
        self.assertEqual(
            _arrivals(5, 4, 30 * SECOND), _arrivals(5, 4, 30 * SECOND)
        )
        self.assertNotEqual(
            _arrivals(5, 4, 30 * SECOND), _arrivals(5, 4, 30 * SECOND, seed=2)
        )

    def test_ramp(self):
        storm = _storm(ramp=20.0, users=4)
        begins = [pacing.begin(storm, index, 7) for index in range(4)]
        self.assertEqual([7 + 5 * SECOND * n for n in range(4)], begins)
        self.assertEqual(7, pacing.begin(_storm(), 3, 7))
