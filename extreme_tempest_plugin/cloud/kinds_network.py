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
"""Networks and what belongs to them, as neutron lists them.

An administrator is shown those of every project, so each list is asked for
ours alone. https://docs.openstack.org/api-ref/network/v2/
"""

import functools

import msgspec

from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports


class _Port(msgspec.Struct):
    id: str
    device_owner: str = ''


class _Ports(msgspec.Struct):
    ports: list[_Port]


def _free_router(cloud: ports.Cloud, router: listing.Found) -> None:
    """Take all interfaces off a router, which cannot be deleted with them."""
    neutron = cloud.service('neutron')
    of_router = neutron.get(f'v2.0/ports?device_id={router.id}')
    for port in of_router.read(_Ports).ports:
        # Also network:router_interface_distributed and so on.
        if port.device_owner.startswith('network:router_interface'):
            neutron.put(
                f'v2.0/routers/{router.id}/remove_router_interface',
                {'port_id': port.id},
            )


def _fixed_addresses(port: listing.Shown) -> str:
    """Its addresses, each with its subnet, in which there is one of it."""
    return ' '.join(
        f'{one.get("subnet_id")}/{one.get("ip_address")}'
        for one in port.get('fixed_ips') or ()
    )


def _behind(floating_ip: listing.Shown) -> str:
    """What it leads to: one of each network leads to an address."""
    if not floating_ip.get('port_id'):
        return ''
    fields = ('floating_network_id', 'port_id', 'fixed_ip_address')
    return '/'.join(str(floating_ip.get(field)) for field in fields)


_kind = functools.partial(
    listing.Kind, service='neutron', owner='project_id', state=''
)

KINDS = (
    _kind(
        name='trunk',
        listing='v2.0/trunks?project_id={project}',
        items='trunks',
        member='v2.0/trunks/{id}',
        refs={'port': 'port_id'},
    ),
    _kind(
        name='floating_ip',
        listing='v2.0/floatingips?project_id={project}',
        items='floatingips',
        member='v2.0/floatingips/{id}',
        label='description',
        refs={
            'port': 'port_id',
            'address': 'floating_ip_address',
            'fixed_address': _behind,
        },
    ),
    _kind(
        name='router',
        listing='v2.0/routers?project_id={project}',
        items='routers',
        member='v2.0/routers/{id}',
        state='status',
        undo=_free_router,
    ),
    _kind(
        name='port',
        listing='v2.0/ports?project_id={project}',
        items='ports',
        member='v2.0/ports/{id}',
        refs={
            'network': 'network_id',
            'device': 'device_id',
            'device_owner': 'device_owner',
            'fixed_address': _fixed_addresses,
        },
    ),
    _kind(
        name='subnet',
        listing='v2.0/subnets?project_id={project}',
        items='subnets',
        member='v2.0/subnets/{id}',
        refs={'network': 'network_id', 'cidr': 'cidr'},
    ),
    _kind(
        name='network',
        listing='v2.0/networks?project_id={project}',
        items='networks',
        member='v2.0/networks/{id}',
        state='status',
    ),
    # What makes two rules equal is among its references, for the checkers.
    _kind(
        name='security_group_rule',
        listing='v2.0/security-group-rules?project_id={project}',
        items='security_group_rules',
        member='v2.0/security-group-rules/{id}',
        label='description',
        refs={
            'security_group': 'security_group_id',
            'direction': 'direction',
            'ethertype': 'ethertype',
            'protocol': 'protocol',
            'port_range_min': 'port_range_min',
            'port_range_max': 'port_range_max',
            'remote_ip_prefix': 'remote_ip_prefix',
            'remote_group': 'remote_group_id',
        },
    ),
    _kind(
        name='security_group',
        listing='v2.0/security-groups?project_id={project}',
        items='security_groups',
        member='v2.0/security-groups/{id}',
    ),
)
