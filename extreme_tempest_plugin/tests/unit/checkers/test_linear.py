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
import testtools
from hypothesis import strategies as st

from extreme_tempest_plugin.checkers import linear

FIRST = linear.Write(value=None, start=linear.ALWAYS, end=linear.ALWAYS)


def write(value, start, end=linear.NEVER):
    return linear.Write(value=value, start=start, end=end)


def read(value, start, end):
    return linear.Read(value=value, start=start, end=end)


def explained(writes, reads):
    """Whether some order explains it: all orders are tried."""
    certain = [one for one in writes if one.end != linear.NEVER]
    open_ = [one for one in writes if one.end == linear.NEVER]
    for number in range(len(open_) + 1):
        for happened in itertools.combinations(open_, number):
            done = [*certain, *happened, *reads]
            for order in itertools.permutations(done):
                if _in_time(order) and _legal(order):
                    return True
    return False


def _in_time(order):
    return all(
        not later.end < earlier.start
        for number, earlier in enumerate(order)
        for later in order[number + 1 :]
    )


def _legal(order):
    value = 'nothing was ever written'
    for one in order:
        if isinstance(one, linear.Write):
            value = one.value
        elif one.value != value:
            return False
    return True


@st.composite
def interval(draw):
    start = draw(st.integers(0, 8))
    return start, draw(st.integers(start, 9))


@st.composite
def histories(draw, values):
    writes, reads = [FIRST], []
    for value in values:
        start, end = draw(interval())
        lost = draw(st.integers(0, 4)) == 0
        writes.append(write(value, start, linear.NEVER if lost else end))
    for _ in range(draw(st.integers(0, 3))):
        start, end = draw(interval())
        reads.append(read(draw(st.sampled_from([*values, None])), start, end))
    return writes, reads


class CheckTest(testtools.TestCase):
    def test_a_write_is_read(self):
        self.assertIsNone(
            linear.check([FIRST, write('a', 1, 2)], [read('a', 3, 4)])
        )

    def test_a_lost_update(self):
        one, two = write('a', 1, 2), write('b', 3, 4)
        found = linear.check([FIRST, one, two], [read('a', 5, 6)])
        self.assertEqual(two, found.write)

    def test_a_write_that_left_nothing(self):
        one = write('a', 1, 2)
        found = linear.check([FIRST, one], [read(None, 3, 4)])
        self.assertEqual(one, found.write)

    def test_deleted(self):
        writes = [FIRST, write('a', 1, 2), write(None, 3, 4)]
        self.assertIsNone(linear.check(writes, [read(None, 5, 6)]))
        found = linear.check(writes, [read('a', 5, 6)])
        self.assertIsNone(found.write.value)

    def test_nobody_knows(self):
        writes = [FIRST, write('a', 1, 2), write('b', 3)]
        for value in ('a', 'b'):
            self.assertIsNone(linear.check(writes, [read(value, 9, 9)]))

    def test_of_two_at_once_either_may_stay(self):
        writes = [FIRST, write('a', 1, 5), write('b', 2, 4)]
        for value in ('a', 'b'):
            self.assertIsNone(linear.check(writes, [read(value, 6, 7)]))

    def test_but_not_one_and_then_the_other(self):
        writes = [FIRST, write('a', 1, 5), write('b', 2, 4)]
        reads = [read('a', 6, 7), read('b', 8, 9), read('a', 10, 11)]
        self.assertIsNotNone(linear.check(writes, reads))

    def test_never_written(self):
        found = linear.check([FIRST], [read('a', 1, 2)])
        self.assertIsNone(found.write)

    def test_read_before_it_was_written(self):
        found = linear.check([FIRST, write('a', 3, 4)], [read('a', 1, 2)])
        self.assertIsNone(found.write)

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(histories(['a', 'b', 'c']))
    def test_values_written_once_as_all_orders_say(self, history):
        writes, reads = history
        # Reads of what was there at first are judged by rule 1 alone.
        reads = [one for one in reads if one.value is not None]
        self.assertEqual(
            explained(writes, reads), linear.check(writes, reads) is None
        )

    @hypothesis.settings(max_examples=300)
    @hypothesis.given(histories(['a', 'b', None]))
    def test_what_is_found_is_wrong_in_all_orders(self, history):
        writes, reads = history
        if linear.check(writes, reads) is not None:
            self.assertFalse(explained(writes, reads))
