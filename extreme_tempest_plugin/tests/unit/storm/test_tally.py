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
"""Counting a part while it grows."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.storm import tally


class TallyTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = directory / 'part.jsonl'

    def _write(self, *written: events.Event) -> None:
        with writer.Writer(self.path) as part:
            for event in written:
                part.append(event)

    def test_not_there_yet(self):
        self.assertEqual(tally.Progress(), tally.Tally(self.path).read())

    def test_counts_what_was_appended(self):
        counted = tally.Tally(self.path)
        common = {'t': 1, 'actor': 'storm/0'}
        self._write(
            events.Note(what=events.Topic.STARTED, **common),
            events.Ok(op='1', **common),
            events.Ok(op='2', **common),
            events.Ok(op='3', **common),
            events.Fail(op='4', **common),
            events.Info(op='5', **common),
        )
        self.assertEqual(
            tally.Progress(started=True, ok=3, fail=1, info=1),
            counted.read(),
        )
        rest = {'state': 'x', 'after_ns': 1, **common}
        self._write(
            events.Settled(op='1', reached=True, **rest),
            events.Settled(op='2', reached=False, **rest),
        )
        seen = counted.read()
        self.assertEqual((1, 1, 1), (seen.settled, seen.stuck, seen.pending))
        self.assertTrue(seen.started)

    def test_a_half_written_line_is_counted_once_it_is_whole(self):
        line = b'{"type":"ok","op":"1","t":1,"actor":"a"}\n'
        counted = tally.Tally(self.path)
        with self.path.open('ab', buffering=0) as part:
            part.write(line[:20])
            self.assertEqual(0, counted.read().ok)
            part.write(line[20:])
        self.assertEqual(1, counted.read().ok)

    def test_add(self):
        both = tally.add(
            (tally.Progress(started=True, ok=2), tally.Progress(info=1))
        )
        self.assertEqual(tally.Progress(ok=2, info=1), both)
