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
"""Histories on disk: whole, torn, broken, foreign and newer ones."""

import os
import pathlib
import tempfile

import hypothesis
import hypothesis.strategies as st
import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.tests.unit.history import strategies

HEADER = events.Header(
    history=events.VERSION,
    run='r',
    plan=msgspec.Raw(b'{"name":"x"}'),
    seed=7,
    versions={},
    utc='2026-11-20T18:00:00+00:00',
    t=1,
)


def remark(number):
    return events.Note(
        n=number,
        t=number,
        actor='campaign',
        what=events.Topic.REMARK,
        text='x' * number,
    )


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name) / 'history.jsonl'

    def history(self, count=3):
        with writer.Writer(self.path) as out:
            out.header(HEADER)
            for number in range(1, count + 1):
                out.append(remark(number))
        return self.path.read_bytes()

    def read(self):
        return list(reader.Reader(self.path))

    def refused(self, words):
        error = self.assertRaises(errors.HistoryError, self.read)
        self.assertIn(words, str(error))
        self.assertIn(str(self.path), str(error))
        self.assertNotIn('\n', str(error))


class TestReader(Case):
    def test_round_trip(self):
        self.history()
        source = reader.Reader(self.path)
        self.assertEqual('r', source.header.run)
        self.assertEqual(b'{"name":"x"}', bytes(source.header.plan))
        self.assertEqual([remark(1), remark(2), remark(3)], list(source))
        self.assertEqual(0, source.torn)

    def test_it_can_be_read_twice(self):
        self.history()
        source = reader.Reader(self.path)
        self.assertEqual(list(source), list(source))

    def test_only_its_owner_may_read_it(self):
        self.history()
        self.assertEqual(0o600, self.path.stat().st_mode & 0o777)

    def test_torn_at_each_byte_of_the_last_line(self):
        whole = self.history()
        last = whole.rindex(b'\n', 0, -1) + 1
        for length in range(last + 1, len(whole) - 1):
            self.path.write_bytes(whole[:length])
            source = reader.Reader(self.path)
            self.assertEqual([remark(1), remark(2)], list(source), length)
            self.assertEqual(4, source.torn)

    def test_cut_between_two_lines_is_whole(self):
        whole = self.history()
        for end in (b'\n', b''):
            cut = whole[: whole.rindex(b'\n', 0, -1)] + end
            self.path.write_bytes(cut)
            source = reader.Reader(self.path)
            self.assertEqual([remark(1), remark(2)], list(source))
            self.assertEqual(0, source.torn)

    def test_a_broken_line_before_the_end(self):
        lines = self.history().splitlines(keepends=True)
        for broken in (b'{"type":\n', b'\n', b'\xff\xfe\n', b'[1]\n', b'{}\n'):
            self.path.write_bytes(b''.join([*lines[:2], broken, *lines[2:]]))
            self.refused('history.jsonl:3: not an event')

    def test_a_broken_last_line_that_is_whole(self):
        self.path.write_bytes(self.history() + b'{"type":"ok"}\n')
        self.refused(':5: not an event')

    def test_an_unknown_type(self):
        line = b'{"type":"later","t":1,"actor":"x"}\n'
        self.path.write_bytes(self.history() + line)
        self.refused(':5:')

    def test_an_unknown_field_is_left_alone(self):
        line = b'{"type":"note","n":4,"t":1,"actor":"x","what":"remark",'
        self.path.write_bytes(self.history() + line + b'"later":[1]}\n')
        self.assertEqual(4, len(self.read()))

    def test_a_line_that_is_nested_too_deeply(self):
        deep = b'[' * 100_000 + b']' * 100_000
        line = b'{"type":"note","t":1,"actor":"x","x":' + deep + b'}\n'
        self.path.write_bytes(self.history() + line)
        self.refused(':5:')

    def test_times_out_of_bounds(self):
        for t in (2**63, 10**400, -(2**63) - 1):
            line = f'{{"type":"note","t":{t},"actor":"x","what":"remark"}}\n'
            self.path.write_bytes(self.history() + line.encode())
            self.refused(':5:')

    def test_a_newer_version(self):
        whole = self.history()
        for newer in (
            whole.replace(b'"history":1', b'"history":2', 1),
            b'{"history": 99, "run": 5}\n',
        ):
            self.path.write_bytes(newer)
            self.refused('newer than 1')

    def test_no_history(self):
        for foreign in (
            b'',
            b'\n',
            b'hello\n',
            b'{}\n',
            b'{"history":"x"}\n',
            b'{"history":1}\n',
            b'\x00' * 100,
            b'\xff',
            b'[' * 100_000,
            b'{"type":"note","t":1,"actor":"x","what":"remark"}\n',
        ):
            self.path.write_bytes(foreign)
            self.refused('not a history')

    def test_not_there(self):
        self.refused('No such file')

    def test_a_second_header(self):
        self.path.write_bytes(self.history() + self.path.read_bytes())
        self.refused(':5: a second header: several histories in one file')

    def test_what_is_quoted_is_one_line_of_bounded_length(self):
        line = b'{"type":"a\\nb%s","n":4,"t":1,"actor":"x"}\n'
        self.path.write_bytes(self.history() + line % (b'x' * 5000))
        self.refused(':5: not an event')
        error = self.assertRaises(errors.HistoryError, self.read)
        self.assertLess(len(str(error)), 500)

    def test_a_line_without_an_end(self):
        with self.path.open('wb') as file:
            file.truncate(2**33)
        self.refused('not a history')

    def test_a_pipe(self):
        os.mkfifo(self.path)
        self.refused('it is no file')

    def test_a_directory(self):
        self.path.mkdir()
        self.refused('cannot be read')


class TestRoundTrips(testtools.TestCase):
    @hypothesis.given(st.lists(strategies.any_event, max_size=20))
    @hypothesis.settings(max_examples=50)
    def test_what_is_written_is_read(self, written):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / 'part.jsonl'
            with writer.Writer(path) as out:
                for event in written:
                    out.append(event)
            self.assertEqual(written, list(reader.Reader(path, part=True)))

    @hypothesis.given(st.binary(max_size=200))
    @hypothesis.settings(max_examples=100)
    def test_any_bytes_are_read_or_refused(self, noise):
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory) / 'part.jsonl'
            path.write_bytes(noise)
            try:
                list(reader.Reader(path, part=True))
                reader.Reader(path)
            except errors.HistoryError as error:
                self.assertIn('part.jsonl:', str(error))
