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
"""What a campaign tells its storm."""

import pathlib
import types

import fixtures
import testtools

from extreme_tempest_plugin import storming
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import runner
from extreme_tempest_plugin.tests.unit import configuration

FAULT = model.Fault(fault='service.restart', target='rabbitmq')
ROOM = {'server': 8, 'volume': 8, 'keypair': 8}


class TestRoom(testtools.TestCase):
    """As much of the quota as the canary needs is left to it."""

    def limits(self, *faults, checks=None):
        plan = model.Plan(
            name='p',
            duration=9,
            seed=1,
            storm=model.Storm(
                actions={
                    'server.create': 1,
                    'volume.create': 1,
                    'keypair.create': 1,
                },
                users=4,
                max_instances=8,
            ),
            faults=faults,
            steady=model.Steady(checks=checks),
        )
        for name, new in (
            ('clients.make', lambda *given: None),
            ('quota.room', lambda *given: ROOM),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'{runner.__name__}.{name}', new)
            )
        directory = types.SimpleNamespace(
            run='6a3c1c0e-5f0f-4a53-8f0e-3b7f2ad6d0f1',
            path=pathlib.Path('none'),
        )
        user = credentials.Credentials(
            username='u',
            password='p',
            user_domain='d',
            project='p',
            project_id='1',
            project_domain='d',
        )
        made = storming.Storming(
            plan,
            configuration.settings(),
            credentials.Access(user=user),
            directory,
            None,
            None,
        )
        return made._storm._within_quota()[0]

    def test_one_of_each_beside_faults(self):
        left = {'server': 7, 'volume': 7, 'keypair': 8}
        self.assertEqual(left, self.limits(FAULT))
        self.assertEqual(left, self.limits(FAULT, checks=('canary',)))

    def test_none_where_no_canary_flies(self):
        self.assertEqual(ROOM, self.limits())
        self.assertEqual(ROOM, self.limits(FAULT, checks=('galera',)))
