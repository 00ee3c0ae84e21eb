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
"""``tempest extreme uptime`` as a user types it.

The cloud and its user come from the variables of the environment.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import fixtures
import testtools

from extreme_tempest_plugin.tests.functional import collectors
from extreme_tempest_plugin.tests.functional.uptime import lateness
from extreme_tempest_plugin.tests.functional.uptime import stand_in

KEYS = {
    'uptime_pct',
    'total_requests',
    'successful_requests',
    'failed_requests',
    'start_time',
    'end_time',
}


class UptimeCommandTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.here = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.cloud = stand_in.Cloud()
        self.addCleanup(self.cloud.__exit__)
        (self.here / 'tempest.conf').write_text(
            f'[DEFAULT]\nlog_dir = {self.here}\n'
            f'[stress]\nruns_dir = {self.here}/runs\n'
            f'[destructive]\nstate_dir = {self.here}/journal\n'
        )

    def _environment(self):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('OS_')
        }
        return {
            **kept,
            'TEMPEST_CONFIG_DIR': str(self.here),
            'OS_AUTH_URL': f'{self.cloud.keystone.url}/v3',
            'OS_USERNAME': 'demo',
            'OS_PASSWORD': stand_in.PASSWORD,
            'OS_PROJECT_NAME': 'demo',
            'OS_USER_DOMAIN_NAME': 'Default',
            'OS_PROJECT_DOMAIN_NAME': 'Default',
            'OS_REGION_NAME': 'here',
        }

    def begin(self, *words, services='nova,keystone'):
        return self.begin_command('uptime', '-s', services, *words)

    def begin_command(self, *words):
        command = pathlib.Path(sys.executable).with_name('tempest')
        child = subprocess.Popen(
            [command, 'extreme', *words],
            env=self._environment(),
            cwd=self.here,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        return child

    def end(self, child):
        out, err = child.communicate(timeout=200)
        self.assertNotIn(stand_in.PASSWORD, out + err)
        self.assertNotIn('Traceback', err)
        return child.returncode, out, err

    def do(self, *words, **more):
        return self.end(self.begin(*words, **more))

    def refused(self, *words, **more):
        status, out, err = self.do(*words, **more)
        self.assertEqual(2, status, err)
        self.assertEqual('', out)
        lines = [
            line for line in err.splitlines() if line.startswith('extreme ')
        ]
        self.assertEqual(1, len(lines), err)
        return lines[0]

    def do_well(self, child):
        """It ends with a pass, but for monitors that were late.

        :returns: verdict, standard output and standard error.
        """
        status, out, err = self.end(child)
        run = max((self.here / 'runs').iterdir())
        verdict = lateness.assert_well(self, run)
        expected = 0 if verdict['verdict'] == 'pass' else 3
        self.assertEqual(expected, status, out + err)
        return verdict, out, err

    def await_samples(self):
        """Until it is well under way."""
        self.cloud.nova.await_answers(5)

    def break_nova(self):
        """Until the watch has seen it, and seen it well again."""
        self.cloud.nova.set('503')
        self.cloud.nova.await_answers(3)
        self.cloud.nova.set('')
        self.cloud.nova.await_answers(3)

    def test_a_time_with_an_output(self):
        path = self.here / 'uptime.json'
        verdict, out, err = self.do_well(
            self.begin('-t', '2', '--interval', '0.1', '-o', str(path), '-v')
        )
        self.assertIn(verdict['verdict'].upper(), out)
        self.assertIn('services: nova,keystone', err)
        said = json.loads(path.read_text())
        self.assertEqual({'nova', 'keystone'}, set(said))
        for service in said.values():
            self.assertEqual(KEYS, set(service))
            self.assertEqual(100.0, service['uptime_pct'])
        (run,) = (self.here / 'runs').iterdir()
        for written in (path, *run.glob('**/*')):
            if written.is_file():
                text = written.read_text()
                self.assertNotIn(stand_in.PASSWORD, text)
                self.assertNotIn(stand_in.TOKEN, text)

    def test_a_number_of_samples(self):
        path = self.here / 'uptime.json'
        verdict, _, _ = self.do_well(
            self.begin('-n', '15', '--interval', '0.1', '-o', str(path))
        )
        said = json.loads(path.read_text())
        self.assertEqual({'nova', 'keystone'}, set(said))
        for name, service in said.items():
            missed = verdict['uptime'][name]['missed_requests']
            self.assertEqual(15, service['total_requests'] + missed)

    def test_numbers_are_sent_to_a_collector(self):
        with collectors.Collector() as collector:
            self.do_well(
                self.begin(
                    *('-n', '15', '--interval', '0.1'),
                    *('--otel', collector.url),
                )
            )
            found = collector.last()
        for service in ('nova', 'keystone'):
            samples = found['extreme_api_samples', 'good', service]
            self.assertGreater(samples, 0)
            self.assertLessEqual(samples, 15)

    def test_a_daemon_until_the_sentinel_appears(self):
        sentinel = self.here / 'stop'
        child = self.begin('-d', '--sentinel', str(sentinel))
        self.await_samples()
        self.break_nova()
        self.assertIsNone(child.poll())
        sentinel.touch()
        status, out, err = self.end(child)
        self.assertEqual(1, status, out + err)
        self.assertIn('longest outage of nova', out)
        self.assertIn('http-5xx', out)
        said = self.refused('-d', '--sentinel', str(sentinel))
        self.assertIn('is there already', said)

    def test_an_outage_that_the_slo_allows(self):
        child = self.begin('-d', '--longest-outage', '30')
        self.await_samples()
        self.break_nova()
        child.terminate()
        verdict, _, _ = self.do_well(child)
        self.assertNotEqual([], verdict['uptime']['nova']['outages'])

    def test_signals_do_the_same_as_the_sentinel(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            child = self.begin('-d', '-f', 'json')
            self.await_samples()
            child.send_signal(number)
            verdict, out, _ = self.do_well(child)
            self.assertEqual(verdict, json.loads(out))
            nova = verdict['uptime']['nova']
            self.assertGreater(
                nova['total_requests'] + nova['missed_requests'], 3
            )

    def test_killed(self):
        """What was seen stays, and the monitors end."""
        child = self.begin('-d')
        self.await_samples()
        child.kill()
        child.wait()
        (part,) = (self.here / 'runs').glob('*/parts/uptime-nova.jsonl')
        end = time.monotonic() + 60
        while '"ended"' not in part.read_text():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        self.assertGreater(part.read_text().count('"sample"'), 3)

    def test_bad_input(self):
        self.assertIn('mistral', self.refused(services='mistral'))
        gone = str(self.here / 'no' / 'where')
        self.assertIn('there is no', self.refused('-d', '--sentinel', gone))
        self.assertIn('there is no', self.refused('-o', gone))
        self.assertIn('interval', self.refused('--interval', '0'))

    def test_a_service_that_the_catalog_has_not(self):
        said = self.refused(services='glance')
        self.assertIn("no public endpoint of type 'image'", said)

    def test_a_mark_is_in_the_history(self):
        child = self.begin('-d', '-f', 'json')
        self.await_samples()
        status, out, err = self.end(
            self.begin_command('mark', 'upgrading nova')
        )
        self.assertEqual(0, status, err)
        self.break_nova()
        child.terminate()
        status, out, err = self.end(child)
        self.assertEqual(1, status, out + err)
        for outage in json.loads(out)['uptime']['nova']['outages']:
            self.assertEqual(['upgrading nova'], outage['marks'])
        status, out, err = self.end(self.begin_command('mark', 'too late'))
        self.assertEqual(2, status, out + err)
