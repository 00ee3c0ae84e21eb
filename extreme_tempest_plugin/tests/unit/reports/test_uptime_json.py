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
"""The file of the old tool, key by key."""

import json
import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.reports import uptime_json
from extreme_tempest_plugin.tests.unit.checkers import histories


class TestUptimeJson(testtools.TestCase):
    def test_exactly_its_keys(self):
        verdict = histories.watched(down=[(30.0, 40.0)]).verdict()
        folder = self.useFixture(fixtures.TempDir()).path
        path = pathlib.Path(folder) / 'uptime.json'
        uptime_json.write(verdict, path)
        self.assertEqual(
            {
                'nova': {
                    'uptime_pct': 88.95,
                    'total_requests': 181,
                    'successful_requests': 161,
                    'failed_requests': 20,
                    'start_time': '2026-11-20T18:00:02.000+00:00',
                    'end_time': '2026-11-20T18:01:32.010+00:00',
                }
            },
            json.loads(path.read_text()),
        )

    def test_not_watched(self):
        built = histories.Builder(histories.WATCH)
        built.process('campaign')
        text = uptime_json.encode(built.verdict().uptime)
        self.assertIsNone(json.loads(text)['nova']['uptime_pct'])
