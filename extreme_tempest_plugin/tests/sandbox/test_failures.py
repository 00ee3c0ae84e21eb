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
"""The scenarios fail when they should, and what they leave can be undone.

Needs a sandbox that is up::

    tempest extreme sandbox exec -- stestr --test-path \
        ./extreme_tempest_plugin/tests/sandbox run --serial
"""

import configparser
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import testtools

TERMINATE = """
name: rabbitmq-gone
duration: 20
seed: 7
storm:
  users: 2
  think_time: [0.2, 0.5]
  settle_timeout: 25
  actions: {server.create: 50, server.delete: 20, server.reboot_hard: 30}
uptime: {}
faults:
  - fault: service.terminate
    target: rabbitmq
    at: 5
    hold: null
    recovery: 20
slo:
  longest_outage: {default: 60}
"""


class SandboxTest(testtools.TestCase):
    """Runs commands against the sandbox with a configuration of its own."""

    def setUp(self):
        super().setUp()
        given = os.environ.get('TEMPEST_CONFIG_DIR')
        if not given or not os.environ.get('OS_FAULTS_CONFIG'):
            self.fail('not in a sandbox: use `tempest extreme sandbox exec`')
        self.directory = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.runs = self.directory / 'runs'
        plans = self.directory / 'plans'
        plans.mkdir()
        self.plan = plans / 'rabbitmq_restart.yaml'
        self.plan.write_text(TERMINATE)
        config = configparser.ConfigParser(interpolation=None)
        config.read(pathlib.Path(given) / 'tempest.conf')
        config['stress']['plans_dir'] = str(plans)
        config['stress']['runs_dir'] = str(self.runs)
        config['destructive']['state_dir'] = str(self.directory / 'journal')
        with (self.directory / 'tempest.conf').open('w') as file:
            config.write(file)
        self.env = dict(os.environ, TEMPEST_CONFIG_DIR=str(self.directory))
        (self.directory / '.stestr.conf').write_text(
            (pathlib.Path(given).parent / '.stestr.conf').read_text()
        )

    def call(self, *argv):
        return subprocess.run(
            argv,
            cwd=self.directory,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )

    def verdict(self):
        (run,) = self.runs.iterdir()
        return run, json.loads((run / 'verdict.json').read_text())

    def test_rabbitmq_stopped_for_good_fails_and_says_why(self):
        done = self.call(
            'tempest', 'run', '--serial', '--regex', 'RabbitmqRestartTest'
        )
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertIn('FAIL  rabbitmq-gone', done.stdout)
        run, verdict = self.verdict()
        self.assertEqual('fail', verdict['verdict'])
        self.assertIn(
            'recovery', {found['checker'] for found in verdict['findings']}
        )
        # What was broken for the test is whole again, and nobody asks for
        # a heal any more.
        healed = self.call('tempest', 'extreme', 'heal')
        self.assertEqual(0, healed.returncode, healed.stdout)
        self.assertIn('nothing to heal', healed.stdout)
        # The same verdict from the history alone.
        again = self.call(
            'tempest', 'extreme', 'check', '-f', 'json', str(run)
        )
        self.assertEqual(1, again.returncode, again.stdout)

    def test_killed_run_is_healed(self):
        run = subprocess.Popen(
            ['tempest', 'extreme', 'run', str(self.plan)],
            cwd=self.directory,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        self.wait_for_event('"phase":"evidenced"', 90)
        run.send_signal(signal.SIGKILL)
        run.wait()
        healed = self.call('tempest', 'extreme', 'heal')
        self.assertEqual(0, healed.returncode, healed.stdout)
        self.assertIn('fault-1', healed.stdout)
        again = self.call('tempest', 'extreme', 'heal')
        self.assertIn('nothing to heal', again.stdout)

    def wait_for_event(self, text, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for part in self.runs.glob('*/parts/campaign.jsonl'):
                if text in part.read_text():
                    return
            time.sleep(0.2)
        self.fail(f'no event {text} within {seconds} s')
