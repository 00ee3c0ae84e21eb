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

import testtools

from extreme_tempest_plugin.cloud import census_identity
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.storm import canned

ROLES = 'keystone:v3/role_assignments?user.id={}&include_names=true'


def named(*names):
    return [{'id': f'id-{name}', 'name': f'xt-{name}'} for name in names]


def granted(project, role='reader', **scope):
    return {
        'role': {'id': 'r', 'name': role},
        'scope': {'project': {'id': f'id-{project}'}, **scope},
    }


BODIES = {
    'keystone:v3/users?name__startswith=xt-': {'users': named('u', 'v')},
    'keystone:v3/projects?name__startswith=xt-': {'projects': named('p', 'q')},
    'keystone:v3/groups?name__startswith=xt-': {'groups': named('g')},
    ROLES.format('id-u'): {'role_assignments': [granted('p')]},
    ROLES.format('id-v'): {
        'role_assignments': [
            granted('p', role='admin'),
            granted('q', **{'OS-INHERIT:inherited_to': 'projects'}),
            granted('of-others'),
            {'role': {'id': 'r'}, 'scope': {'domain': {'id': 'd'}}},
        ]
    },
    'keystone:v3/role_assignments?group.id=id-g&include_names=true': {
        'role_assignments': [granted('p')]
    },
    'keystone:v3/groups/id-g/users': {'users': [{'id': 'id-v'}]},
}


class LookTest(testtools.TestCase):
    def test_roles_that_are_there_and_that_are_not(self):
        found = census_identity.users(canned.Cloud(BODIES))
        self.assertEqual(
            {
                'xt-u': {
                    'role.project/id-p': 'there',
                    'role.project/id-q': '',
                },
                'xt-v': {'role.project/id-p': '', 'role.project/id-q': ''},
            },
            {one.name: one.refs for one in found},
        )

    def test_members_that_are_there_and_that_are_not(self):
        (group,) = census_identity.groups(canned.Cloud(BODIES))
        self.assertEqual(
            {
                'member.user/id-u': '',
                'member.user/id-v': 'there',
                'role.project/id-p': 'there',
                'role.project/id-q': '',
            },
            group.refs,
        )

    def test_without_an_answer_nothing_is_said(self):
        bodies = {**BODIES, ROLES.format('id-u'): {'role_assignments': 7}}
        self.assertRaises(
            ports.CallError, census_identity.users, canned.Cloud(bodies)
        )

    def test_too_many_pairs(self):
        many = named(*map(str, range(census_identity.MOST // 2 + 1)))
        bodies = {
            **BODIES,
            'keystone:v3/projects?name__startswith=xt-': {'projects': many},
        }
        found = census_identity.users(canned.Cloud(bodies))
        self.assertEqual([{}, {}], [one.refs for one in found])
