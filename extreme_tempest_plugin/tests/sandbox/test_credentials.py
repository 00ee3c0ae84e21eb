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
"""As whom a run speaks to the sandbox, and who cleans up after it."""

import json
import signal
import uuid

import yaml

from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.tests.sandbox import commands

STORM = (
    *('tempest', 'extreme', 'storm', '--users', '2'),
    *('keypair.create', 'keypair.delete', 'volume.create', 'volume.delete'),
)


class CredentialsTest(commands.SandboxTest):
    def setUp(self):
        super().setUp()
        self.admin = clients.make(
            base.read_settings('').cloud, credentials.administrator()
        )
        self.keystone = self.admin.service('keystone')

    def make(self, kind, **body):
        """Id of something of keystone's that goes with the test."""
        answer = self.keystone.post(f'v3/{kind}s', {kind: body})
        id_ = json.loads(answer.body)[kind]['id']
        self.addCleanup(self.keystone.delete, f'v3/{kind}s/{id_}')
        return id_

    def test_accounts_of_a_file(self):
        name = f'accounts-{uuid.uuid4().hex[:8]}'
        project = self.make('project', name=name)
        password = uuid.uuid4().hex
        user = self.make(
            'user',
            name=name,
            password=password,
            default_project_id=project,
        )
        roles = json.loads(self.keystone.get('v3/roles?name=member').body)
        role = roles['roles'][0]['id']
        self.keystone.put(f'v3/projects/{project}/users/{user}/roles/{role}')
        accounts = self.directory / 'accounts.yaml'
        account = {
            'username': name,
            'password': password,
            'project_name': name,
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
            'roles': ['member'],
        }
        accounts.write_text(yaml.safe_dump([account]))
        self.configure(
            'auth',
            use_dynamic_credentials='false',
            test_accounts_file=str(accounts),
        )
        done = self.call(*STORM, '--duration', '15')
        self.assertEqual(0, done.returncode, done.stdout)
        (run,) = self.runs.iterdir()
        record = json.loads((run / 'run.json').read_text())
        self.assertEqual(project, record['identity']['project_id'])
        self.assertNotIn(password, done.stdout)
        for path in run.rglob('*'):
            if path.is_file():
                self.assertNotIn(password, path.read_text(errors='replace'))
        # Who was there before is there after.
        self.keystone.get(f'v3/users/{user}')

    def test_a_dead_run_whose_user_is_gone(self):
        run = self.begin(*STORM, '--duration', '60')
        self.wait_for_event('storm-0', '"service":"cinder"', 90)
        self.wait_for_event('storm-0', '"type":"settled"', 90)
        run.send_signal(signal.SIGKILL)
        run.wait()
        (directory,) = self.runs.iterdir()
        identity = json.loads((directory / 'run.json').read_text())['identity']
        self.keystone.delete(f'v3/users/{identity["user_id"]}')
        project = identity['project_id']
        cleaned = self.call(
            'tempest', 'extreme', 'clean', '--run', str(directory)
        )
        self.assertEqual(0, cleaned.returncode, cleaned.stdout)
        self.assertIn('nothing is left', cleaned.stdout)
        volumes = self.admin.service('cinder').get(
            f'volumes?all_tenants=1&project_id={project}'
        )
        self.assertEqual([], json.loads(volumes.body)['volumes'])
        projects = json.loads(self.keystone.get('v3/projects').body)
        ids = [one['id'] for one in projects['projects']]
        self.assertNotIn(project, ids)
