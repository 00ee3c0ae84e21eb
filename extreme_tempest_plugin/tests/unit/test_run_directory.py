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
import json
import pathlib
import tempfile
import time

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.plan import loader

PLAN = loader.parse('name: p\nduration: 9\nseed: 4\nuptime: {}\n')


class TestRunDirectory(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.runs = pathlib.Path(
            self.enterContext(tempfile.TemporaryDirectory())
        )

    def test_two_runs_of_one_second_do_not_mix(self):
        made = [run_directory.RunDirectory(self.runs, PLAN) for _ in '123']
        self.assertEqual(3, len({one.path for one in made}))
        self.assertEqual(3, len({one.run for one in made}))

    def test_judge_leaves_history_verdict_and_summary(self):
        directory = run_directory.RunDirectory(self.runs, PLAN)
        with writer.Writer(directory.parts / 'campaign.jsonl') as part:
            for what in (events.Topic.STARTED, events.Topic.ENDED):
                part.append(
                    events.Note(
                        t=time.monotonic_ns(),
                        actor='campaign',
                        what=what,
                        about='campaign',
                    )
                )
        verdict = directory.judge()
        history = reader.Reader(directory.path / 'history.jsonl')
        self.assertEqual(directory.run, history.header.run)
        self.assertEqual(4, history.header.seed)
        self.assertEqual([1, 2], [event.n for event in history])
        said = json.loads((directory.path / 'verdict.json').read_text())
        # No monitor wrote a sample: nobody knows.
        self.assertEqual('unknown', said['verdict'])
        self.assertEqual('unknown', verdict.verdict)
        self.assertIn('UNKNOWN', (directory.path / 'summary.txt').read_text())

    def test_a_place_that_cannot_be_written(self):
        file = self.runs / 'file'
        file.write_text('')
        error = self.assertRaises(
            errors.UsageError, run_directory.RunDirectory, file, PLAN
        )
        self.assertIn('[stress] runs_dir', str(error))
