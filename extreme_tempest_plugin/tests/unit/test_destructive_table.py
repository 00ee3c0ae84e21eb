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
"""The table of ``benchmarks/run destructive``: one row a test, whatever."""

import importlib
import io
import json
import pathlib
import subprocess
import sys
import types

import fixtures
import testtools

import extreme_tempest_plugin

BENCHMARKS = pathlib.Path(extreme_tempest_plugin.__file__).parents[1] / (
    'benchmarks'
)
TEST = 'extreme_tempest_plugin.tests.scenario.destructive.test_a.ATest.test_a'
REFUSED = """
Captured traceback:
    Traceback (most recent call last):
      File "campaign.py", line 97, in run
        self._refuse()
    extreme_tempest_plugin.errors.RefusedError: not in its steady state: a: b

======
Totals
======
Ran: 1 tests in 20.1 sec.
"""


class Cloud:
    """A sandbox; each run of Tempest is scripted."""

    MOST = 1800

    def __init__(self, runs):
        self.runs = runs
        self.said = ''
        self.state = 'up'
        self.verdict = None
        self.error = None
        self.did = []

    def last_run(self):
        return max(self.runs.glob('*/'), default=None)

    def tempest(self, *words):
        if self.error:
            raise self.error
        (self.runs / 'later').mkdir()
        if self.verdict:
            (self.runs / 'later' / 'verdict.json').write_text(
                json.dumps(self.verdict)
            )
        return types.SimpleNamespace(stdout=self.said, stderr='')

    def sandbox(self, verb, *words, check=True):
        self.did.append(verb)
        return types.SimpleNamespace(stdout=f'{self.state}\n')


class TestTable(testtools.TestCase):
    def setUp(self):
        super().setUp()
        if not BENCHMARKS.is_dir():
            self.skipTest('the benchmarks are not packaged')
        self.useFixture(
            fixtures.MonkeyPatch('sys.path', [str(BENCHMARKS), *sys.path])
        )
        destructive = importlib.import_module('destructive')
        runs = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (runs / 'earlier').mkdir()
        self.table = destructive.Table.__new__(destructive.Table)
        self.table._topology = 'ha'
        self.table.cloud = self.cloud = Cloud(runs)
        self.rows = []
        self.table.done = types.SimpleNamespace(add=self.rows.append)
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', io.StringIO()))

    def row(self):
        self.table.run(TEST)
        (row,) = self.rows
        self.assertEqual('ATest', row.scenario)
        return row

    def test_a_verdict(self):
        self.cloud.verdict = {
            'verdict': 'pass',
            'reason': '3 SLOs met.',
            'faults': [],
            'uptime': {},
            'findings': [],
        }
        row = self.row()
        self.assertEqual(('pass', '3 SLOs met.'), (row.verdict, row.reason))
        self.assertEqual(['status'], self.cloud.did)

    def test_one_that_is_refused_has_no_verdict(self):
        self.cloud.said = REFUSED
        row = self.row()
        self.assertEqual(
            ('error', 'not in its steady state: a: b', True),
            (row.verdict, row.reason, row.whole),
        )

    def test_one_that_says_nothing(self):
        row = self.row()
        self.assertEqual(('error', 'no word'), (row.verdict, row.reason))

    def test_one_that_does_not_end_is_a_row_and_a_new_sandbox(self):
        self.cloud.error = subprocess.TimeoutExpired('tempest', 1800)
        row = self.row()
        self.assertEqual(
            ('error', 'was not over after 1800 s', False),
            (row.verdict, row.reason, row.whole),
        )
        self.assertEqual(['down', 'up'], self.cloud.did)

    def test_a_sandbox_that_is_not_whole_afterwards(self):
        self.cloud.said, self.cloud.state = REFUSED, 'degraded'
        self.assertFalse(self.row().whole)
        self.assertEqual(['status', 'down', 'up'], self.cloud.did)
