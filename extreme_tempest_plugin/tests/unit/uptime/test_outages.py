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

import itertools

import hypothesis
import hypothesis.strategies as st
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.uptime import outages

#: A busy machine is not a failure.
bounded = hypothesis.settings(deadline=None)
MS = 1_000_000
INTERVAL = 100 * MS


def sample(sent, took=5, error='', status=0):
    """Times in milliseconds."""
    return events.Sample(
        t=(sent + took) * MS,
        actor='uptime/nova',
        service='nova',
        probe='server.list',
        intended=sent * MS,
        sent=sent * MS,
        done=(sent + took) * MS,
        status=status,
        error=error,
    )


def missed(intended):
    return events.Missed(
        t=intended * MS,
        actor='uptime/nova',
        service='nova',
        probe='server.list',
        intended=intended * MS,
        why='no token',
    )


def of(*watched, **options):
    return outages.of(watched, INTERVAL, **options)


class TestOutage(testtools.TestCase):
    def test_edges(self):
        result = of(
            sample(0),
            sample(100),
            sample(200, error='refused'),
            sample(300, error='http-5xx'),
            sample(400),
            sample(500),
        )
        (outage,) = result.outages
        self.assertEqual(100 * MS, outage.start_earliest_ns)
        self.assertEqual(200 * MS, outage.start_ns)
        self.assertEqual(205 * MS, outage.start_latest_ns)
        self.assertEqual(300 * MS, outage.end_earliest_ns)
        self.assertEqual(405 * MS, outage.end_ns)
        self.assertEqual(405 * MS, outage.end_latest_ns)
        self.assertEqual({'refused': 1, 'http-5xx': 1}, outage.errors)
        self.assertFalse(outage.open)
        self.assertEqual(205 * MS, outage.length_ns)
        self.assertEqual(95 * MS, outage.least_ns)
        self.assertEqual(305 * MS, outage.most_ns)
        self.assertEqual(205 * MS, result.longest_ns)
        self.assertEqual((4, 2, 0), (result.good, result.failed, 0))

    def test_hung_is_away_from_the_moment_it_hung(self):
        result = of(
            sample(0),
            sample(100, 10_000, 'timeout'),
            sample(200, 10_000, 'timeout'),
            sample(300),
        )
        (outage,) = result.outages
        self.assertEqual(100 * MS, outage.start_ns)
        self.assertEqual(150 * MS, outage.start_latest_ns)
        self.assertEqual(200 * MS, outage.end_earliest_ns)
        self.assertEqual(305 * MS, outage.end_ns)

    def test_what_waited_and_is_answered_late_ends_it(self):
        result = of(
            sample(0),
            sample(100, 300, 'timeout'),
            sample(200, 300, 'timeout'),
            sample(300, 250),
        )
        (outage,) = result.outages
        self.assertEqual(550 * MS, outage.end_ns)
        self.assertEqual(500 * MS, outage.end_earliest_ns)

    def test_the_first_good_answer_counts_not_the_first_request(self):
        result = of(
            sample(0),
            sample(100, error='refused'),
            sample(200, 5000),
            sample(300, 400),
            sample(400, 10),
            sample(500, 10),
        )
        (outage,) = result.outages
        self.assertEqual(410 * MS, outage.end_ns)
        self.assertEqual(360 * MS, outage.end_earliest_ns)

    def test_away_from_the_beginning_has_no_usual_answer(self):
        result = of(
            sample(0, 900, 'timeout'),
            sample(1000, 900, 'timeout'),
            sample(2000, 800),
        )
        (outage,) = result.outages
        self.assertEqual(900 * MS, outage.start_latest_ns)
        self.assertEqual(1000 * MS, outage.end_earliest_ns)

    def test_open_at_the_end(self):
        result = of(sample(0), sample(100, error='reset'), until_ns=300 * MS)
        (outage,) = result.outages
        self.assertTrue(outage.open)
        self.assertEqual(300 * MS, outage.end_ns)
        self.assertEqual(100 * MS, outage.end_earliest_ns)

    def test_away_from_the_beginning(self):
        result = of(
            sample(100, error='refused'), sample(200), since_ns=20 * MS
        )
        (outage,) = result.outages
        self.assertEqual(20 * MS, outage.start_earliest_ns)
        self.assertEqual(105 * MS, outage.start_latest_ns)

    def test_missed_does_not_end_it(self):
        result = of(
            sample(0),
            sample(100, error='refused'),
            missed(200),
            sample(300, error='refused'),
            sample(400),
        )
        (outage,) = result.outages
        self.assertEqual(1, outage.missed)
        self.assertEqual(2, outage.failed)

    def test_a_gap_within_is_told_apart(self):
        result = of(
            sample(0),
            sample(100, error='refused'),
            sample(5000, error='refused'),
            sample(5100),
        )
        (outage,) = result.outages
        self.assertEqual(4895 * MS, outage.unknown_ns)
        self.assertEqual(4895 * MS, result.unknown_ns)
        self.assertEqual(110 * MS, result.down_ns)
        self.assertEqual(100 * MS, result.up_ns)

    def test_what_begins_before_the_end_is_the_same_outage(self):
        """The slow good answer came when there were failures again."""
        result = of(
            sample(0),
            sample(100, error='refused'),
            sample(200, 500),
            sample(300, error='refused'),
            sample(400, 400),
        )
        (outage,) = result.outages
        self.assertEqual(100 * MS, outage.start_ns)
        self.assertEqual(105 * MS, outage.start_latest_ns)
        self.assertEqual(650 * MS, outage.end_earliest_ns)
        self.assertEqual(800 * MS, outage.end_ns)
        self.assertEqual(2, outage.failed)
        self.assertEqual({'refused': 2}, outage.errors)
        self.assertEqual(700 * MS, result.down_ns)
        self.assertEqual(100 * MS, result.up_ns)


class TestAvailability(testtools.TestCase):
    def test_good_stream(self):
        result = of(*(sample(100 * n) for n in range(50)))
        self.assertEqual((), result.outages)
        self.assertEqual(100.0, result.uptime_pct_by_requests)
        self.assertEqual(100.0, result.uptime_pct_by_time)
        self.assertEqual(0, result.longest_ns)

    def test_gap_is_not_up(self):
        result = of(sample(0), sample(100), sample(5000), sample(5100))
        self.assertEqual((), result.outages)
        self.assertEqual(4895 * MS, result.unknown_ns)
        self.assertLess(result.uptime_pct_by_time, 10)

    def test_monitor_that_died_leaves_unknown_time(self):
        result = of(sample(0), sample(100), until_ns=10_000 * MS)
        self.assertEqual(9895 * MS, result.unknown_ns)

    def test_late_beginning_is_unknown(self):
        result = of(sample(1000), sample(1100), since_ns=0)
        self.assertEqual(1000 * MS, result.unknown_ns)

    def test_one_missed_sample_is_no_gap(self):
        result = of(sample(0), missed(100), sample(200))
        self.assertEqual(0, result.unknown_ns)
        self.assertEqual(1, result.missed)

    def test_nothing_but_missed(self):
        result = of(*(missed(100 * n) for n in range(10)))
        self.assertIsNone(result.uptime_pct_by_requests)
        self.assertEqual(0.0, result.uptime_pct_by_time)
        self.assertEqual(900 * MS, result.unknown_ns)

    def test_nothing_at_all(self):
        result = of()
        self.assertIsNone(result.uptime_pct_by_requests)
        self.assertIsNone(result.uptime_pct_by_time)

    def test_streaming_wants_order(self):
        tracker = outages.Tracker(INTERVAL)
        tracker.feed(sample(100))
        self.assertRaises(ValueError, tracker.feed, sample(0))


#: Planted outages: good intervals before, length in ms, and how it fails.
plants = st.lists(
    st.tuples(
        st.integers(3, 20),
        st.integers(120, 3000),
        st.sampled_from(['refused', 'timeout', 'http-5xx']),
    ),
    max_size=5,
)


def planted_stream(plan, phase, took):
    """Samples each 100 ms, and the windows in which they had to fail."""
    windows, at = [], phase
    for before, length, error in plan:
        start = at + before * 100
        at = start + length
        windows.append((start, at, error))
    watched = []
    for sent in range(0, at + 1000, 100):
        error = next(
            (e for start, end, e in windows if start <= sent < end), ''
        )
        slow = 2000 if error == 'timeout' else took
        watched.append(sample(sent, slow, error))
    return windows, watched


class TestProperties(testtools.TestCase):
    @bounded
    @hypothesis.given(plants, st.integers(0, 99), st.integers(0, 90))
    def test_planted_outages_are_found(self, plan, phase, took):
        windows, watched = planted_stream(plan, phase, took)
        result = outages.of(watched, INTERVAL)
        self.assertEqual(len(windows), len(result.outages))
        for (start, end, _), found in zip(
            windows, result.outages, strict=True
        ):
            self.assertLessEqual(found.start_earliest_ns, start * MS)
            self.assertGreaterEqual(found.start_latest_ns, start * MS)
            self.assertLessEqual(found.end_earliest_ns, end * MS)
            self.assertGreaterEqual(found.end_latest_ns, end * MS)
            self.assertLessEqual(found.start_ns - start * MS, INTERVAL)
            self.assertLessEqual(found.end_ns - end * MS, INTERVAL + took * MS)
            self.assertLessEqual(found.least_ns, (end - start) * MS)
            self.assertGreaterEqual(found.most_ns, (end - start) * MS)

    streams = st.lists(
        st.one_of(
            st.builds(missed, st.integers(0, 5000)),
            st.builds(
                sample,
                st.integers(0, 5000),
                st.integers(0, 3000),
                st.sampled_from(['', '', '', 'timeout', 'refused']),
            ),
        ),
        max_size=40,
    )

    @bounded
    @hypothesis.given(streams, st.randoms(use_true_random=False))
    def test_order_of_completion_does_not_matter(self, watched, source):
        mixed = list(watched)
        source.shuffle(mixed)
        self.assertEqual(
            outages.of(watched, INTERVAL), outages.of(mixed, INTERVAL)
        )

    @bounded
    @hypothesis.given(
        streams,
        st.none() | st.integers(0, 6000 * MS),
        st.none() | st.integers(0, 9000 * MS),
    )
    def test_everything_adds_up(self, watched, since, until):
        result = outages.of(watched, INTERVAL, since, until)
        failed = [e for e in watched if getattr(e, 'error', '')]
        self.assertEqual(len(failed), result.failed)
        self.assertEqual(
            len(watched), result.good + result.failed + result.missed
        )
        self.assertEqual(
            result.failed, sum(one.failed for one in result.outages)
        )
        shares = (result.up_ns, result.down_ns, result.unknown_ns)
        self.assertEqual(result.end_ns - result.start_ns, sum(shares))
        self.assertGreaterEqual(min(shares), 0)
        for one in result.outages:
            self.assertLessEqual(one.start_earliest_ns, one.start_ns)
            self.assertLessEqual(one.start_ns, one.start_latest_ns)
            self.assertLessEqual(one.end_earliest_ns, one.end_latest_ns)
            self.assertLessEqual(one.least_ns, one.most_ns)
            self.assertGreaterEqual(one.length_ns, 0)
        for one, later in itertools.pairwise(result.outages):
            self.assertLessEqual(one.end_ns, later.start_ns)

    @bounded
    @hypothesis.given(streams)
    def test_a_failure_is_never_wholly_up(self, watched):
        result = outages.of(watched, INTERVAL)
        self.assertEqual(bool(result.failed), bool(result.outages))
        if result.failed:
            self.assertLess(result.uptime_pct_by_requests, 100)
