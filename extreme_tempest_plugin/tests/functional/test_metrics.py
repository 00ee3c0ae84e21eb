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
"""What Prometheus is told while a run lasts, asked for as it asks."""

import socket
import urllib.request

import testtools
from prometheus_client import parser

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import progress
from extreme_tempest_plugin.cmd import metrics
from extreme_tempest_plugin.storm import tally
from extreme_tempest_plugin.uptime import watch

SHOWN = progress.Progress(
    phase='storm',
    elapsed=12.0,
    duration=60.0,
    storm=tally.Progress(started=True, ok=9, fail=2, settled=5),
    monitors={
        'nova': watch.Progress(samples=9, failed=3, missed=1, up=False),
        'tcp:192.0.2.1:22': watch.Progress(samples=8, up=True),
        'glance': watch.Progress(),
    },
)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as taken:
        return taken.getsockname()[1]


def ask(port):
    """Name of a sample and values of its labels, by their names, to value."""
    url = f'http://127.0.0.1:{port}/metrics'
    with urllib.request.urlopen(url, timeout=10) as answer:
        text = answer.read().decode()
    return {
        (
            sample.name,
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


class MetricsTest(testtools.TestCase):
    def test_numbers_of_now(self):
        port = free_port()
        with metrics.served(str(port)) as see:
            self.assertEqual({}, ask(port))
            see(SHOWN)
            found = ask(port)
        self.assertEqual(12.0, found['extreme_elapsed_seconds',])
        self.assertEqual(0.0, found['extreme_api_up', 'nova'])
        self.assertEqual(1.0, found['extreme_api_up', 'tcp:192.0.2.1:22'])
        # Nobody knows, which is neither up nor away.
        unknown = found['extreme_api_up', 'glance']
        self.assertNotEqual(unknown, unknown)
        said = {
            outcome: found['extreme_api_samples_total', outcome, 'nova']
            for outcome in ('good', 'failed', 'missed')
        }
        self.assertEqual({'good': 6.0, 'failed': 3.0, 'missed': 1.0}, said)
        self.assertEqual(9.0, found['extreme_operations_total', 'ok'])
        self.assertRaises(OSError, ask, port)

    def test_nobody_is_answered(self):
        with metrics.served('') as see:
            see(SHOWN)

    def test_what_cannot_be_listened_on(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            for where in (str(port), 'x', '0', '70000', 'no.such.host.:1'):
                manager = metrics.served(where)
                error = self.assertRaises(errors.UsageError, manager.__enter__)
                self.assertIn(f'--metrics {where}', str(error))
                self.assertNotIn('\n', str(error))
