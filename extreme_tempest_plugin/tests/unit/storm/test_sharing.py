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

import collections

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import sharing
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import test_spec


class Designate:
    """What was asked for is PENDING for two looks, then ACTIVE."""

    project = 'project-1'
    user = 'user-1'
    boot = ports.Boot(image='image-1', flavor='flavor-1')

    def __init__(self):
        self.made = []
        self.looks = collections.Counter()

    def service(self, name):
        assert name == 'designate', name
        return self

    def post(self, path, body, **rest):
        id_ = f'id-{len(self.made)}'
        self.made.append({**body, 'id': id_, 'status': 'PENDING'})
        return self._answer(self.made[-1])

    def get(self, path, **rest):
        id_ = path.rpartition('/')[2]
        self.looks[id_] += 1
        (found,) = (one for one in self.made if one['id'] == id_)
        if self.looks[id_] > 2:
            found['status'] = 'ACTIVE'
        return self._answer(found)

    def _answer(self, body):
        return ports.Answer(
            status=202, request_id='req-1', body=msgspec.json.encode(body)
        )


class CreateTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = fakes.Cloud()
        self.clock = fakes.Clock()
        self.events = []

    def _create(self, **more):
        whole = msgspec.structs.replace(
            test_spec.WHOLE,
            storm=plan_model.Storm(
                **{
                    'actions': {'server.stop': 1, 'server.start': 1},
                    'users': 2,
                    'max_instances': 2,
                    'shared': {'server': 2},
                    'settle_timeout': 5.0,
                    **more,
                }
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

    def test_what_they_need_may_be_busy(self):
        """Records are asked for one after the other: each takes its zone."""
        self.cloud = Designate()
        made = self._create(
            actions={'recordset.update': 1},
            shared={'zone': 1, 'recordset': 3},
        )
        self.assertEqual(
            ['zone', *['recordset'] * 3], [one.kind for one in made]
        )

    def test_one_cannot_be_had(self):
        self.cloud.compute.failing['create_server'].append(fakes.refusal(403))
        error = self.assertRaises(errors.HarnessError, self._create)
        self.assertIn('only 1 of 2', str(error))

    def test_one_stays_on_its_way(self):
        self.cloud.compute.boots = 'BUILD'
        error = self.assertRaises(errors.HarnessError, self._create)
        self.assertIn('only 0 of 2', str(error))
