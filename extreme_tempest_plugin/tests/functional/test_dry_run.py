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
"""``--dry-run`` as a user types it; of ssh there is one that keeps a log."""

import json
import os
import pathlib
import subprocess
import sys

import fixtures
import testtools

from extreme_tempest_plugin.tests.unit.faults import world

#: Says of any service that it works, whatever it was asked.
SSH = """#!/bin/sh
printf '%s\\0' "$*" >> {log}
cat <<END
LoadState=loaded
ActiveState=active
SubState=running
MainPID=7
InvocationID=one
NRestarts=0
ActiveEnterTimestampMonotonic=1
Port=open
END
"""

CONF = """
[DEFAULT]
log_dir = {here}
[identity]
uri_v3 = http://127.0.0.1:1/v3
[compute]
image_ref = image-1
flavor_ref = flavor-1
[stress]
runs_dir = {here}/runs
[destructive]
allowed = true
targets = {targets}
os_faults_config = {config}
state_dir = {here}/state
"""


class DryRunTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.here = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.world = world.World(self.here)
        self.log = self.here / 'ssh.log'
        self.log.touch()
        tools = self.here / 'bin'
        tools.mkdir()
        (tools / 'ssh').write_text(SSH.format(log=self.log))
        (tools / 'ssh').chmod(0o755)
        self.environment = {
            **{k: v for k, v in os.environ.items() if k[:3] != 'OS_'},
            'TEMPEST_CONFIG_DIR': str(self.here),
            'PATH': f'{tools}:{os.environ["PATH"]}',
        }

    def run_it(self, *words, targets='rabbitmq,mysql'):
        (self.here / 'tempest.conf').write_text(
            CONF.format(
                here=self.here, targets=targets, config=self.world.path
            )
        )
        command = pathlib.Path(sys.executable).with_name('tempest')
        done = subprocess.run(
            [str(command), 'extreme', *words, '--dry-run'],
            env=self.environment,
            cwd=self.here,
            capture_output=True,
            text=True,
            timeout=100,
        )
        self.assertNotIn('Traceback', done.stderr)
        for name in ('runs', 'state'):
            self.assertFalse((self.here / name).exists(), name)
        return done

    def asked(self):
        return self.log.read_text().split('\0')[:-1]

    def test_a_ready_plan(self):
        done = self.run_it('run', 'rabbit')
        self.assertEqual(0, done.returncode, done.stderr)
        for line in (
            'at 10 s: service.restart of rabbitmq',
            'at 40 s: service.kill of rabbitmq',
            'at 70 s: service.terminate of rabbitmq',
            '  undone by  start, at 100 s',
            '  quorum     leaves 0 of 3 members of the cluster rabbitmq, '
            'which needs 2',
            'nothing was touched',
        ):
            self.assertIn(line, done.stdout.splitlines())
        asked = self.asked()
        hosts = [world.ADDRESSES[name] for name in world.CONTROLLERS]
        for host in hosts:
            self.assertEqual(3, sum(host in words.split() for words in asked))
        self.assertEqual(9, len(asked))
        for words in asked:
            self.assertIn('systemctl show ', words)
            for verb in ('restart', 'start ', 'stop ', 'kill', 'sudo', 'rm '):
                self.assertNotIn(verb, words)

    def test_for_machines(self):
        done = self.run_it('run', 'database', '-f', 'json')
        self.assertEqual(0, done.returncode, done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual(
            ['service.restart', 'service.kill', 'service.terminate'],
            [step['fault'] for step in told['faults']],
        )

    def test_refused_and_nobody_asked(self):
        done = self.run_it('run', 'rabbit', targets='mysql')
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertEqual('', done.stdout)
        self.assertIn('not listed in [destructive] targets', done.stderr)
        self.assertEqual([], self.asked())

    def test_one_fault(self):
        words = ('fault', 'service.kill', 'rabbitmq')
        done = self.run_it(*words)
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertIn('leaves 0 of 3 members', done.stderr)
        self.assertEqual([], self.asked())
        done = self.run_it(*words, '--host', 'ctl2')
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(f'  on         {world.ADDRESSES["ctl2"]}\n', done.stdout)
        self.assertEqual(1, len(self.asked()))
