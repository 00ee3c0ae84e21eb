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
"""What actions on networks see, of a cloud that does it and one that lies."""

import random

import testtools

from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import network
from extreme_tempest_plugin.tests.unit.storm import canned

COLLECTIONS = {
    'floating_ip': 'floatingips',
    'security_group': 'security-groups',
    'security_group_rule': 'security-group-rules',
}


def thing(kind, **fields):
    """What neutron shows of something."""
    collection = COLLECTIONS.get(kind, f'{kind}s')
    wrapper = kind.replace('floating_ip', 'floatingip')
    return {f'neutron:v2.0/{collection}/a': {wrapper: {'id': 'a', **fields}}}


def gone(kind):
    return dict.fromkeys(thing(kind))


def creates(kind, wrong, args=None, **fields):
    """A create with the fields that must be shown, and those that are not."""
    fields = {'name': 'new', **fields}
    return canned.Case(
        action=f'{kind}.create',
        args={'name': 'new', **(args or {})},
        done=thing(kind, **fields),
        lies=(
            gone(kind),
            *(thing(kind, **{**fields, key: wrong[key]}) for key in wrong),
        ),
    )


def renames(kind):
    return canned.Case(
        action=f'{kind}.rename',
        args={'name': 'new'},
        done=thing(kind, name='new'),
        lies=(gone(kind), thing(kind, name='old')),
    )


def deletes(kind):
    return canned.Case(
        action=f'{kind}.delete', done={}, lies=(thing(kind, name='old'),)
    )


def interfaces(subnet, owner='network:router_interface'):
    """The ports of a router, one of them in a subnet."""
    addresses = [{'subnet_id': subnet, 'ip_address': '10.128.0.1'}]
    port = {'id': 'p', 'device_owner': owner, 'fixed_ips': addresses}
    return {'neutron:v2.0/ports?device_id=a': {'ports': [port]}}


GATEWAY = {'external_gateway_info': {'network_id': 'public', 'more': 1}}
RULE = {
    'description': 'new',
    'security_group_id': 'group',
    'direction': 'ingress',
    'ethertype': 'IPv4',
    'protocol': 'tcp',
    'port_range_min': 7001,
    'port_range_max': 7001,
}
SUBPORT = {
    'port_id': 'port',
    'segmentation_type': 'vlan',
    'segmentation_id': 1,
}


def has_subports(*subports):
    return thing('trunk', sub_ports=list(subports))


class LooksTest(canned.Looks, testtools.TestCase):
    kinds = frozenset(
        {
            'floating_ip',
            'network',
            'port',
            'router',
            'security_group',
            'security_group_rule',
            'subnet',
            'trunk',
        }
    )
    cases = (
        creates(
            'network',
            {'name': 'other', 'status': 'BUILD'},
            status='ACTIVE',
        ),
        renames('network'),
        deletes('network'),
        creates(
            'subnet',
            {'cidr': '10.0.0.0/26', 'network_id': 'other'},
            {'cidr': '10.128.0.0/26'},
            cidr='10.128.0.0/26',
            network_id='network',
            ip_version=4,
        ),
        renames('subnet'),
        deletes('subnet'),
        canned.Case(
            action='port.create',
            args={'name': 'new'},
            done={
                **thing(
                    'port',
                    name='new',
                    network_id='n',
                    fixed_ips=[{'subnet_id': 'subnet', 'ip_address': 'x'}],
                ),
                'neutron:v2.0/subnets/subnet': {'subnet': {'network_id': 'n'}},
            },
            lies=(
                gone('port'),
                thing('port', name='new', network_id='n', fixed_ips=[]),
                thing(
                    'port',
                    name='new',
                    network_id='n',
                    fixed_ips=[{'subnet_id': 'other'}],
                ),
            ),
        ),
        renames('port'),
        canned.Case(
            action='port.set_admin_state',
            args={'admin_state_up': False},
            done=thing('port', admin_state_up=False),
            lies=(gone('port'), thing('port', admin_state_up=True)),
        ),
        canned.Case(
            action='port.set_address_pairs',
            args={'address': '192.0.2.1'},
            done=thing(
                'port',
                allowed_address_pairs=[
                    {'ip_address': '192.0.2.1', 'mac_address': 'm'}
                ],
            ),
            lies=(
                thing('port', allowed_address_pairs=[]),
                thing(
                    'port',
                    allowed_address_pairs=[{'ip_address': '192.0.2.2'}],
                ),
            ),
        ),
        deletes('port'),
        creates('router', {'status': 'ERROR'}, status='ACTIVE'),
        renames('router'),
        deletes('router'),
        canned.Case(
            action='router.set_gateway',
            done=thing('router', **GATEWAY),
            lies=(gone('router'), thing('router', external_gateway_info=None)),
        ),
        canned.Case(
            action='router.add_interface',
            done=interfaces('subnet'),
            lies=(
                interfaces('other'),
                interfaces('subnet', owner='network:router_gateway'),
            ),
        ),
        canned.Case(
            action='router.remove_interface',
            done=interfaces('other'),
            lies=(interfaces('subnet'),),
        ),
        creates(
            'floating_ip',
            {'description': 'other', 'floating_ip_address': None},
            description='new',
            floating_network_id='public',
            floating_ip_address='198.51.100.1',
        ),
        canned.Case(
            action='floating_ip.associate',
            done=thing('floating_ip', port_id='port', floating_ip_address='x'),
            lies=(
                gone('floating_ip'),
                thing('floating_ip', port_id=None, floating_ip_address='x'),
                thing('floating_ip', port_id='y', floating_ip_address='x'),
            ),
        ),
        canned.Case(
            action='floating_ip.disassociate',
            done=thing('floating_ip', port_id=None, floating_ip_address='x'),
            lies=(
                thing('floating_ip', port_id='port', floating_ip_address='x'),
            ),
        ),
        deletes('floating_ip'),
        creates('security_group', {'name': 'other'}),
        renames('security_group'),
        deletes('security_group'),
        creates(
            'security_group_rule',
            {'port_range_max': 7002, 'protocol': None},
            {'port': 7001},
            **RULE,
        ),
        deletes('security_group_rule'),
        creates('trunk', {'port_id': 'other'}, port_id='parent'),
        renames('trunk'),
        canned.Case(
            action='trunk.add_subport',
            args={'vlan': 1},
            done=has_subports(SUBPORT),
            lies=(
                gone('trunk'),
                has_subports(),
                has_subports({**SUBPORT, 'segmentation_id': 2}),
            ),
        ),
        canned.Case(
            action='trunk.remove_subport',
            done=has_subports(),
            lies=(has_subports(SUBPORT),),
        ),
        deletes('trunk'),
    )


class CidrTest(testtools.TestCase):
    def test_no_two_of_one_user_overlap(self):
        found = {network.cidr(f'xt-run-3-{n}') for n in range(20_000)}
        self.assertEqual(20_000, len(found))

    def test_no_two_of_some_users_overlap(self):
        found = {
            network.cidr(f'xt-run-{user}-{n}')
            for user in range(20)
            for n in range(1000)
        }
        self.assertEqual(20_000, len(found))

    def test_who_creates_what_is_shared_has_no_number(self):
        self.assertEqual('10.128.0.64/26', network.cidr('xt-r-shared-1'))


class RuleTest(testtools.TestCase):
    def _port(self, fresh, shared):
        group = model.Resource(
            key='g',
            kind='security_group',
            id='g',
            name='g',
            possible=frozenset({'present'}) if shared else frozenset(),
        )
        chosen = model.Chosen(resource=None, partners={'group': group})
        action = actions.catalogue()['security_group_rule.create']
        return action.arguments(random.Random(1), fresh, chosen)['port']

    def test_on_an_own_group_no_two_are_equal(self):
        found = {self._port(f'xt-r-1-{n}', False) for n in range(100)}
        self.assertEqual(100, len(found))

    def test_on_a_shared_group_many_are_equal(self):
        found = {self._port(f'xt-r-{n}-{n}', True) for n in range(100)}
        self.assertEqual(1, len(found))
