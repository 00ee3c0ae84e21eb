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

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import sharing
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import test_spec


class CreateTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = fakes.Cloud()
        self.clock = fakes.Clock()
        self.events = []

    def _create(self):
        whole = msgspec.structs.replace(
            test_spec.WHOLE,
            storm=plan_model.Storm(
                actions={'server.stop': 1, 'server.start': 1},
                users=2,
                max_instances=2,
                shared={'server': 2},
                settle_timeout=5.0,
            ),
        )
        return sharing.create(
            whole,
            around.Surroundings(
                cloud=self.cloud,
                looks=self.cloud,
                ledger=fakes.Ledger(),
                record=self.events.append,
                clock=self.clock,
            ),
            sleep=self.clock.sleep,
        )

    def test_all_are_there(self):
        made = self._create()
        self.assertEqual(['shared-1', 'shared-2'], [one.key for one in made])
        self.assertEqual({'id-1', 'id-2'}, {one.id for one in made})
        # What the actions of the plan may make of it.
        self.assertEqual(
            {('ACTIVE', 'SHUTOFF')}, {one.possible for one in made}
        )

    def test_one_cannot_be_had(self):
        self.cloud.compute.failing['create_server'].append(fakes.refusal(403))
        error = self.assertRaises(errors.HarnessError, self._create)
        self.assertIn('only 1 of 2', str(error))

    def test_one_stays_on_its_way(self):
        self.cloud.compute.boots = 'BUILD'
        error = self.assertRaises(errors.HarnessError, self._create)
        self.assertIn('only 0 of 2', str(error))
