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
import socket
import subprocess
import sys
import time

import fixtures
import testtools
from opentelemetry.proto.metrics.v1 import metrics_pb2

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import metrics
from extreme_tempest_plugin.tests.functional import collectors
from extreme_tempest_plugin.tests.functional import test_metrics

SHOWN = test_metrics.SHOWN
INTERVAL = 'OTEL_METRIC_EXPORT_INTERVAL'


class OtelTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.said = self.useFixture(fixtures.StringStream('stderr')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', self.said))

    def collect(self):
        collector = collectors.Collector()
        self.addCleanup(collector.__exit__)
        return collector.__enter__()

    def says(self):
        self.said.seek(0)
        return self.said.read()

    def test_the_last_numbers_are_sent_at_the_end(self):
        collector = self.collect()
        with metrics.served('', collector.url) as see:
            see(SHOWN)
        ((path, kind, request),) = collector.requests
        self.assertEqual(
            ('/v1/metrics', 'application/x-protobuf'), (path, kind)
        )
        (resource,) = request.resource_metrics
        attributes = {
            one.key: one.value.string_value
            for one in resource.resource.attributes
        }
        self.assertEqual('extreme-tempest-plugin', attributes['service.name'])
        found = collector.last()
        self.assertEqual(12.0, found['extreme_elapsed_seconds',])
        self.assertEqual(0.0, found['extreme_api_up', 'nova'])
        self.assertEqual(1.0, found['extreme_api_up', 'tcp:192.0.2.1:22'])
        # Nobody knows, which is neither up nor away.
        self.assertNotIn(('extreme_api_up', 'glance'), found)
        said = {
            outcome: found['extreme_api_samples', outcome, 'nova']
            for outcome in ('good', 'failed', 'missed')
        }
        self.assertEqual({'good': 6.0, 'failed': 3.0, 'missed': 1.0}, said)
        self.assertEqual(9.0, found['extreme_operations', 'ok'])
        self.assertEqual('', self.says())

    def test_counts_and_measures(self):
        collector = self.collect()
        with metrics.served('', collector.url) as see:
            see(SHOWN)
        by_name = {metric.name: metric for metric in collector.metrics()}
        counts = by_name['extreme_api_samples'].sum
        self.assertTrue(counts.is_monotonic)
        self.assertEqual(
            metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE,
            counts.aggregation_temporality,
        )
        elapsed = by_name['extreme_elapsed_seconds']
        self.assertEqual(
            ('gauge', 's'), (elapsed.WhichOneof('data'), elapsed.unit)
        )

    def test_prometheus_and_the_collector_see_the_same(self):
        collector, port = self.collect(), test_metrics.free_port()
        with metrics.served(str(port), collector.url) as see:
            see(SHOWN)
            asked = test_metrics.ask(port)
        known = {
            (name.removesuffix('_total'), *labels): value
            for (name, *labels), value in asked.items()
            if value == value
        }
        self.assertEqual(known, collector.last())

    def test_every_now_and_then(self):
        self.useFixture(fixtures.EnvironmentVariable(INTERVAL, '50'))
        collector = self.collect()
        with metrics.served('', collector.url) as see:
            see(SHOWN)
            end = time.monotonic() + 30
            while len(collector.requests) < 3:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)

    def test_a_whole_url(self):
        collector = self.collect()
        with metrics.served('', f'{collector.url}/otlp/v1/metrics') as see:
            see(SHOWN)
        self.assertEqual('/otlp/v1/metrics', collector.requests[0][0])

    def test_nothing_was_shown(self):
        collector = self.collect()
        with metrics.served('', collector.url):
            pass
        self.assertEqual([], collector.requests)

    def fails(self, url):
        began = time.monotonic()
        with metrics.served('', url) as see:
            see(SHOWN)
        self.assertLess(time.monotonic() - began, 15)
        said = self.says()
        self.assertEqual(1, said.count('\n'), said)
        self.assertIn(f'--otel {url}: 1 of 1 exports failed', said)

    def test_a_collector_that_is_away(self):
        self.fails(f'http://127.0.0.1:{test_metrics.free_port()}')

    def refuses(self, status):
        collector = self.collect()
        collector.status = status
        self.fails(collector.url)
        self.assertNotEqual([], collector.requests)

    def test_a_collector_that_refuses(self):
        self.refuses(400)

    def test_a_collector_that_is_busy(self):
        self.refuses(503)

    def test_a_collector_that_hangs(self):
        collector = self.collect()
        collector.hangs = 60.0
        self.fails(collector.url)

    def test_a_collector_that_says_nothing_in_http(self):
        with socket.create_server(('127.0.0.1', 0)) as listener:
            self.fails(f'http://127.0.0.1:{listener.getsockname()[1]}')

    def refused(self, url):
        manager = metrics.served('', url)
        error = self.assertRaises(errors.UsageError, manager.__enter__)
        self.assertNotIn('\n', str(error))
        return str(error)

    def test_what_is_no_url(self):
        for url in ('4318', 'collector:4318', 'http://', 'http://h:x', 'x'):
            self.assertIn(f'--otel {url}: give the URL', self.refused(url))
        said = self.refused('http://me:secret@collector:4318')
        self.assertNotIn('secret', said)

    def test_not_installed(self):
        code = (
            'import sys\n'
            "sys.modules['opentelemetry'] = None\n"
            'from extreme_tempest_plugin import errors\n'
            'from extreme_tempest_plugin.cmd import metrics\n'
            'try:\n'
            "    metrics.served('', 'http://127.0.0.1:4318').__enter__()\n"
            'except errors.UsageError as error:\n'
            '    print(error)\n'
        )
        done = subprocess.run(
            [sys.executable, '-c', code],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        self.assertIn('extreme-tempest-plugin[otel]', done.stdout)
