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
"""Parts of several processes become one history."""

import pathlib
import tempfile

import hypothesis
import hypothesis.strategies as st
import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import merge
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.tests.unit.history import strategies
from extreme_tempest_plugin.tests.unit.history import test_reader

REMARK = events.Topic.REMARK


def remark(t, text=''):
    return events.Note(
        t=t, actor='campaign', what=events.Topic.REMARK, text=text
    )


def write(path, written):
    with writer.Writer(path) as out:
        for event in written:
            out.append(event)


def merged(directory, *parts):
    paths = [directory / f'{number}.jsonl' for number in range(len(parts))]
    for path, events_ in zip(paths, parts, strict=True):
        write(path, events_)
    return merge_files(directory, paths)


def merge_files(directory, paths):
    target = directory / 'history.jsonl'
    merge.merge(test_reader.HEADER, paths, target)
    return list(reader.Reader(target))


class TestMerge(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def test_in_order_of_time_and_numbered(self):
        found = merged(
            self.directory,
            [remark(1), remark(5)],
            [remark(2), remark(9), remark(4)],
        )
        self.assertEqual([1, 2, 4, 5, 9], [event.t for event in found])
        self.assertEqual([1, 2, 3, 4, 5], [event.n for event in found])

    def test_events_of_one_instant_keep_their_order(self):
        found = merged(self.directory, [remark(1, text) for text in 'cab'])
        self.assertEqual(['c', 'a', 'b'], [event.text for event in found])

    def test_nothing_is_left_but_the_history(self):
        merged(self.directory, [remark(1)])
        self.assertEqual(
            ['0.jsonl', 'history.jsonl'],
            sorted(path.name for path in self.directory.iterdir()),
        )

    def test_what_a_dead_merge_left_is_not_taken_up(self):
        (self.directory / 'history.jsonl.part').write_bytes(b'old\n')
        self.assertEqual(1, len(merged(self.directory, [remark(1)])))

    def test_no_part_at_all(self):
        self.assertRaises(errors.HistoryError, merge_files, self.directory, [])

    def trouble(self, content, words):
        """A damaged part gives what is readable of it, and a note."""
        write(self.directory / 'good.jsonl', [remark(1), remark(9)])
        bad = self.directory / 'bad.jsonl'
        if content is not None:
            bad.write_bytes(content)
        found = merge_files(
            self.directory, [self.directory / 'good.jsonl', bad]
        )
        (note,) = [event for event in found if event.what is events.Topic.TORN]
        self.assertEqual('bad.jsonl', note.about)
        self.assertIn(words, note.text)
        return len(found)

    def test_a_torn_part(self):
        line = msgspec.json.encode(remark(5))
        self.assertEqual(
            4, self.trouble(line + b'\n' + line[:-1], 'line 2 is torn')
        )

    def test_a_broken_part(self):
        line = msgspec.json.encode(remark(5)) + b'\n'
        self.assertEqual(
            4, self.trouble(line + b'{\n' + line, ':2: not an event')
        )

    def test_an_empty_part(self):
        self.assertEqual(3, self.trouble(b'', 'wrote nothing'))

    def test_a_part_that_is_only_torn(self):
        self.assertEqual(3, self.trouble(b'{"type":', 'line 1 is torn'))

    def test_times_that_go_back(self):
        """As in a part that two runs have written to."""
        most = merge.MOST_BACK
        found = merged(
            self.directory,
            [remark(most), remark(0), remark(9)],
            [remark(1), remark(most + 2), remark(1), remark(0)],
        )
        (note,) = [one for one in found if one.what is not REMARK]
        self.assertEqual(events.Topic.UNMEASURED, note.what)
        self.assertEqual('1.jsonl', note.about)
        self.assertIn('at line 3 its times go back by 10 s', note.text)
        self.assertEqual(8, len(found))

    def test_times_of_before_the_run(self):
        directory = self.directory
        header = msgspec.structs.replace(test_reader.HEADER, t=2**40)
        write(directory / 'old.jsonl', [remark(1), remark(2)])
        target = directory / 'history.jsonl'
        merge.merge(header, [directory / 'old.jsonl'], target)
        (note,) = [
            one for one in reader.Reader(target) if one.what is not REMARK
        ]
        self.assertIn('at line 1 its times go back by 1100 s', note.text)

    def test_a_part_that_is_not_there(self):
        self.assertEqual(3, self.trouble(None, 'cannot be read'))


class TestRoundTrips(testtools.TestCase):
    @hypothesis.given(
        st.lists(
            st.lists(strategies.any_event, min_size=1, max_size=8),
            min_size=1,
            max_size=4,
        )
    )
    @hypothesis.settings(max_examples=40)
    def test_nothing_is_lost_or_made_up(self, parts):
        for part in parts:
            part.sort(key=lambda event: event.t)
        with tempfile.TemporaryDirectory() as directory:
            found = merged(pathlib.Path(directory), *parts)
        written = sorted(
            (event for part in parts for event in part),
            key=lambda event: event.t,
        )
        self.assertEqual(
            written, [msgspec.structs.replace(event, n=0) for event in found]
        )
        self.assertEqual(
            list(range(1, len(found) + 1)), [event.n for event in found]
        )
