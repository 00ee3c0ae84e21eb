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

import os
import signal

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.tests.sandbox import commands

# The storm asks for nothing that waits for RabbitMQ: what becomes of that is
# for the scenarios, and takes minutes.
TERMINATE = """
name: rabbitmq-gone
duration: 20
seed: 7
storm:
  users: 2
  think_time: [0.2, 0.5]
  settle_timeout: 25
  actions: {keypair.create: 50, keypair.delete: 50}
uptime: {}
beyond_quorum: true
faults:
  - fault: service.terminate
    target: rabbitmq
    at: 5
    hold: null
    recovery: 10
steady: {checks: [apis]}
slo:
  longest_outage: {default: 60}
"""

RESTART = """
name: restart
duration: 5
uptime: {services: [glance]}
faults:
  - fault: service.restart
    target: memcached
    at: 1
steady: {checks: [apis]}
"""


class SandboxTest(commands.SandboxTest):
    def setUp(self):
        super().setUp()
        plans = self.directory / 'plans'
        plans.mkdir()
        self.plan = plans / 'rabbitmq_restart.yaml'
        self.plan.write_text(TERMINATE)
        self.configure('stress', plans_dir=str(plans))

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
        run = self.begin('tempest', 'extreme', 'run', str(self.plan))
        self.wait_for_event('campaign', '"phase":"evidenced"', 90)
        run.send_signal(signal.SIGKILL)
        run.wait()
        healed = self.call('tempest', 'extreme', 'heal')
        self.assertEqual(0, healed.returncode, healed.stdout)
        self.assertIn('fault-1', healed.stdout)
        again = self.call('tempest', 'extreme', 'heal')
        self.assertIn('nothing to heal', again.stdout)

    def test_unsteady_cloud_is_left_alone(self):
        targets = reading.read(os.environ['OS_FAULTS_CONFIG']).targets
        glance, memcached = targets['glance-api'], targets['memcached']

        def systemctl(verb, target):
            (host,) = target.hosts
            argv = ('systemctl', verb, target.unit)
            return ssh.run(host, argv, as_root=True).stdout

        self.plan.write_text(RESTART)
        before = systemctl('status', memcached)
        self.addCleanup(systemctl, 'start', glance)
        systemctl('stop', glance)
        done = self.call('tempest', 'extreme', 'run', str(self.plan))
        self.assertEqual(2, done.returncode, done.stdout)
        self.assertIn('not in its steady state', done.stdout)
        self.assertIn('apis: ', done.stdout)
        pid = next(line for line in before.splitlines() if 'Main PID' in line)
        self.assertIn(pid, systemctl('status', memcached))
