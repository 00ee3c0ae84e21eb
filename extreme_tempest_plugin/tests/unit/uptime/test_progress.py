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
import pathlib
import tempfile

import msgspec
import testtools

from extreme_tempest_plugin.tests.unit.uptime import test_outages
from extreme_tempest_plugin.uptime import progress

MS = 1_000_000


class TestTail(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / 'part.jsonl'
        self.tail = progress.Tail(self.path, 100 * MS)

    def write(self, *events):
        with self.path.open('ab') as part:
            for event in events:
                part.write(msgspec.json.encode(event) + b'\n')

    def test_no_part_yet(self):
        self.assertEqual(progress.Progress(), self.tail.read(0))

    def test_counts_what_was_added(self):
        self.write(test_outages.sample(0), test_outages.missed(100))
        self.assertEqual(
            progress.Progress(1, 0, 1, True), self.tail.read(100 * MS)
        )
        self.write(test_outages.sample(200, error='refused'))
        self.assertEqual(
            progress.Progress(2, 1, 1, False, 'refused'),
            self.tail.read(300 * MS),
        )

    def test_a_late_answer_is_not_the_last_word(self):
        self.write(
            test_outages.sample(200),
            test_outages.sample(100, 500, error='timeout'),
        )
        self.assertTrue(self.tail.read(700 * MS).up)

    def test_an_old_sample_says_nothing_about_now(self):
        self.write(test_outages.sample(0))
        self.assertIsNone(self.tail.read(5000 * MS).up)

    def test_a_line_that_is_being_written_is_waited_for(self):
        line = msgspec.json.encode(test_outages.sample(0)) + b'\n'
        self.path.write_bytes(line[:20])
        self.assertEqual(0, self.tail.read(0).samples)
        self.path.write_bytes(line)
        self.assertEqual(1, self.tail.read(0).samples)

    def test_a_broken_line_is_passed_over(self):
        self.path.write_bytes(b'{"type": "sa\n')
        self.write(test_outages.sample(0))
        self.assertEqual(1, self.tail.read(0).samples)
