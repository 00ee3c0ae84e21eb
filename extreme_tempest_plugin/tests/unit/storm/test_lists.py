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
"""What is read of lists."""

import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm.actions import lists
from extreme_tempest_plugin.tests.unit.storm import canned

RULES = 'neutron:v2.0/security-group-rules?security_group_id=a'


def look(action, bodies):
    return canned.Case(action=action, done=bodies, lies=()).look()


def keypairs(*names):
    shown = [{'keypair': {'name': name}} for name in names]
    return {'nova:os-keypairs': {'keypairs': shown}}


class ListsTest(testtools.TestCase):
    def test_what_is_ours(self):
        sight = look('keypair.list', keypairs('xt-b', 'mine', 'xt-a'))
        self.assertTrue(sight.reached)
        self.assertEqual({'all keypair': 'xt-a xt-b'}, sight.seen)

    def test_nothing_is_a_set_too(self):
        sight = look('keypair.list', keypairs())
        self.assertEqual({'all keypair': ''}, sight.seen)

    def test_the_rules_of_one_group(self):
        rules = [
            {'id': '1', 'description': 'xt-a'},
            {'id': '2', 'description': ''},
            {'id': '3', 'description': None},
        ]
        sight = look(
            'security_group.list_rules',
            {RULES: {'security_group_rules': rules}},
        )
        self.assertEqual({'all security_group_rule': '1'}, sight.seen)

    def test_a_list_that_may_be_cut_says_nothing(self):
        names = [f'xt-{number}' for number in range(lists.MOST)]
        self.assertEqual({}, look('keypair.list', keypairs(*names)).seen)

    def test_what_is_no_list(self):
        for body in ({}, {'keypairs': None}, {'keypairs': [{'name': 'x'}]}):
            self.assertRaises(
                ports.CallError,
                look,
                'keypair.list',
                {'nova:os-keypairs': body},
            )
