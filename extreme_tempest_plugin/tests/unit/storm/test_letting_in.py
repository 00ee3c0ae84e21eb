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
"""A way in to the servers of a storm, against canned answers of neutron."""

import dataclasses

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import letting_in
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned
from extreme_tempest_plugin.tests.unit.storm import test_spec

GROUPS = (
    'neutron:v2.0/security-groups?name=default&fields=id&project_id=project-1'
)
RULES = 'neutron:v2.0/security-group-rules'


def spec(port, **actions):
    return msgspec.structs.replace(
        test_spec.WHOLE,
        cloud=dataclasses.replace(
            test_spec.WHOLE.cloud, floating_ip_port=port
        ),
        storm=plan_model.Storm(actions=actions),
    )


class LettingInTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.ledger = fakes.Ledger()
        self.bodies = {
            GROUPS: {'security_groups': [{'id': 'group'}]},
            RULES: {'security_group_rule': {'id': 'rule'}},
        }
        self.cloud = canned.Cloud(self.bodies)
        self.spec = spec(22, **{'server.add_floating_ip': 1})
        self.name = f'{self.spec.prefix}-way-in'

    def _let_in(self):
        letting_in.let_in(
            self.spec,
            around.Surroundings(
                cloud=self.cloud,
                looks=self.cloud,
                ledger=self.ledger,
                record=self.fail,
                clock=fakes.Clock(),
            ),
        )

    def test_where_it_is_wanted(self):
        self.assertTrue(letting_in.is_wanted(self.spec))
        for other in (
            spec(0, **{'server.add_floating_ip': 1}),
            spec(22, **{'server.create': 1, 'server.add_floating_ip': 0}),
            spec(22, **{'floating_ip.associate': 1}),
        ):
            self.assertFalse(letting_in.is_wanted(other))

    def test_the_clean_up_knows_the_rule(self):
        self._let_in()
        _, (method, path, body) = self.cloud.sent
        self.assertEqual(('POST', RULES), (method, path))
        rule = body['security_group_rule']
        self.assertEqual('group', rule['security_group_id'])
        self.assertEqual('ingress', rule['direction'])
        self.assertEqual(22, rule['port_range_min'])
        self.assertEqual(22, rule['port_range_max'])
        self.assertEqual(self.name, rule['description'])
        kind = 'security_group_rule'
        self.assertEqual(
            [('owed', kind, self.name), ('made', kind, self.name, 'rule')],
            self.ledger.lines,
        )

    def test_a_rule_that_was_there_stays(self):
        self.bodies[RULES] = fakes.refusal(
            409, 'Security group rule already exists. Rule id is x.'
        )
        self._let_in()
        self.assertEqual('gone', self.ledger.lines[-1][0])

    def test_neutron_refuses(self):
        self.bodies[RULES] = fakes.refusal(409, 'Quota exceeded')
        error = self.assertRaises(errors.HarnessError, self._let_in)
        self.assertIn('TCP port 22', str(error))
        self.assertIn('Quota exceeded', str(error))
        # It may be there all the same.
        self.assertEqual('owed', self.ledger.lines[-1][0])
