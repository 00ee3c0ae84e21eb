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
"""Windows of faults: which ones overlap a time."""

import hypothesis
import hypothesis.strategies as st
import testtools

from extreme_tempest_plugin.checkers import windows

times = st.integers(0, 30)


class TestCover(testtools.TestCase):
    @hypothesis.given(
        st.lists(st.tuples(times, times), max_size=8), times, times
    )
    @hypothesis.settings(max_examples=200)
    def test_as_found_one_by_one(self, pairs, first, second):
        found = sorted(
            (
                windows.Window(f'fault-{number}', min(pair), max(pair))
                for number, pair in enumerate(pairs, start=1)
            ),
            key=lambda window: (window.start, window.end),
        )
        start, end = sorted((first, second))
        expected = tuple(
            window.fault
            for window in found
            if window.start <= end and window.end >= start
        )
        self.assertEqual(expected, windows.Cover(found).of(start, end))

    def test_the_edges_belong_to_it(self):
        cover = windows.Cover([windows.Window('fault-1', 10, 20)])
        for start, end, inside in (
            (0, 9, False),
            (0, 10, True),
            (20, 30, True),
            (21, 30, False),
        ):
            self.assertEqual(inside, bool(cover.of(start, end)), (start, end))
