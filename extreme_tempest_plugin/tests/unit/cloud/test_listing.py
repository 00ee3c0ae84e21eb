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
"""Lists of kinds, ids of two parts, and what is freed before a deletion."""

import urllib.parse

import testtools

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.storm import canned

#: What a paged list is asked for first.
FIRST = 'limit=200'


def found(kind, bodies):
    return kinds.found(canned.Cloud(bodies), kinds.BY_NAME[kind])


class ListingTest(testtools.TestCase):
    def test_only_of_our_project(self):
        """An administrator is shown all; neutron is asked for ours."""
        for kind in kinds.KINDS:
            if kind.service == 'neutron':
                self.assertIn('project_id={project}', kind.listing, kind.name)

    def test_an_id_of_two_parts(self):
        row = {'zone_id': 'z', 'id': 'r', 'description': 'd', 'status': 'x'}
        bodies = {
            f'designate:v2/recordsets?{FIRST}': {'recordsets': [row]},
            f'designate:v2/recordsets?{FIRST}&marker=r': {'recordsets': []},
        }
        (one,) = found('recordset', bodies)
        self.assertEqual('z/r', one.id)
        self.assertEqual('d', one.name)
        self.assertEqual(
            'v2/zones/z/recordsets/r',
            kinds.BY_NAME['recordset'].path(canned.Cloud({}), one.id),
        )

    def test_an_id_is_quoted(self):
        cloud = canned.Cloud({})
        path = kinds.BY_NAME['container'].path(cloud, 'a/b c')
        self.assertEqual('a%2Fb%20c', path)
        path = kinds.BY_NAME['object'].path(cloud, 'a/b/c')
        self.assertEqual('a/b%2Fc', path)

    def test_where_our_own_user_is(self):
        path = kinds.BY_NAME['application_credential'].path(
            canned.Cloud({}), 'a'
        )
        self.assertEqual('v3/users/user-1/application_credentials/a', path)

    def test_users_of_others_are_not_ours(self):
        """Also where keystone does not heed the filter."""
        users = [{'id': '1', 'name': 'admin'}, {'id': '2', 'name': 'xt-r-1'}]
        path = 'keystone:v3/users?name__startswith=xt-'
        (one,) = found('user', {path: {'users': users}})
        self.assertEqual('2', one.id)

    def test_a_list_without_its_ids_is_none(self):
        rows = [{'id': 'r', 'description': 'd'}]
        self.assertRaises(
            ports.CallError,
            found,
            'recordset',
            {f'designate:v2/recordsets?{FIRST}': {'recordsets': rows}},
        )

    def test_tokens_have_no_list(self):
        self.assertFalse(kinds.BY_NAME['token'].listed)
        for name in ('object', 'server', 'zone'):
            self.assertTrue(kinds.BY_NAME[name].listed, name)


class ObjectsTest(testtools.TestCase):
    def _bodies(self, **contents):
        names = [{'name': name} for name in (*contents, 'of-somebody')]
        last = urllib.parse.quote(names[-1]['name'])
        bodies = {
            f'swift:?format=json&{FIRST}': names,
            f'swift:?format=json&{FIRST}&marker={last}': [],
            f'swift:of-somebody?format=json&{FIRST}': [{'name': 'precious'}],
        }
        for name, objects in contents.items():
            path = f'swift:{name}?format=json&{FIRST}'
            bodies[path] = [{'name': one, 'hash': 'e'} for one in objects]
            bodies[f'{path}&marker={objects[-1]}'] = []
        return bodies

    def test_only_those_in_containers_of_a_run(self):
        bodies = self._bodies(**{'xt-c': ['o', 'p']})
        self.assertEqual(
            ['xt-c/o', 'xt-c/p'], [one.id for one in found('object', bodies)]
        )

    def test_a_container_that_is_gone_has_none(self):
        bodies = self._bodies(**{'xt-c': ['o']})
        del bodies[f'swift:xt-c?format=json&{FIRST}']
        self.assertEqual((), found('object', bodies))

    def test_a_container_is_emptied_before_its_end(self):
        bodies = {
            **self._bodies(**{'xt-c': ['o', 'gone']}),
            'swift:xt-c/o': '',
        }
        cloud = canned.Cloud(bodies)
        kind = kinds.BY_NAME['container']
        kind.undo(cloud, kinds.Found(id='xt-c', name='xt-c', state=''))
        deleted = [
            path for method, path, _ in cloud.sent if method == 'DELETE'
        ]
        self.assertEqual(['swift:xt-c/o', 'swift:xt-c/gone'], deleted)


class RouterTest(testtools.TestCase):
    def test_its_interfaces_are_taken_off(self):
        ports_ = [
            {'id': 'i', 'device_owner': 'network:router_interface'},
            {'id': 'g', 'device_owner': 'network:router_gateway'},
        ]
        cloud = canned.Cloud(
            {
                'neutron:v2.0/ports?device_id=r': {'ports': ports_},
                'neutron:v2.0/routers/r/remove_router_interface': {},
            }
        )
        kind = kinds.BY_NAME['router']
        kind.undo(cloud, kinds.Found(id='r', name='r', state=''))
        sent = [body for method, _, body in cloud.sent if method == 'PUT']
        self.assertEqual([{'port_id': 'i'}], sent)

    def test_a_router_that_cannot_be_freed(self):
        kind = kinds.BY_NAME['router']
        self.assertRaises(
            ports.CallError,
            kind.undo,
            canned.Cloud({}),
            kinds.Found(id='r', name='r', state=''),
        )


class OrderTest(testtools.TestCase):
    def test_what_depends_comes_first(self):
        order = [kind.name for kind in kinds.KINDS]
        for first, then in (
            ('server', 'port'),
            ('trunk', 'port'),
            ('floating_ip', 'router'),
            ('router', 'subnet'),
            ('port', 'subnet'),
            ('subnet', 'network'),
            ('port', 'security_group'),
            ('security_group_rule', 'security_group'),
            ('zone_transfer', 'zone'),
            ('recordset', 'zone'),
            ('object', 'container'),
            ('user', 'project'),
        ):
            self.assertLess(order.index(first), order.index(then), first)
