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
"""Networks, subnets and ports: what a storm does with neutron.

https://docs.openstack.org/api-ref/network/v2/
"""

import collections.abc
import ipaddress
import random

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain

#: Where the addresses of subnets come from: half of RFC 1918's 10/8, which
#: leaves Tempest's own default (10.100.0.0/16) alone. 131,072 subnets.
_ADDRESSES = int(ipaddress.ip_address('10.128.0.0'))
_PREFIX = 26
_SIZE = 2 ** (32 - _PREFIX)
_SUBNETS = 2**23 // _SIZE

#: Operations of one user until its subnets may meet those of the next user.
_STRIDE = 4099

_THERE = frozenset({looking.PRESENT})


def cidr(fresh: str) -> str:
    """A range of addresses that no other subnet of the user has.

    Two on one network, or on one router, must not overlap. On what users
    share they may: then the API refuses with 400 or 409.
    """
    user, number = plain.sequence(fresh)
    which = (number + user * _STRIDE) % _SUBNETS
    return f'{ipaddress.ip_address(_ADDRESSES + which * _SIZE)}/{_PREFIX}'


class _Network(plain.Plain):
    service = 'neutron'
    kind = 'network'
    wrapper = 'network'
    registers = frozenset({'name'})


class CreateNetwork(_Network, plain.Create):
    """A network; it is there when neutron shows it as ACTIVE."""

    name = 'network.create'
    becomes = {'status': 'ACTIVE'}


class RenameNetwork(_Network, plain.Rename):
    """Another name of a network."""

    name = 'network.rename'


class DeleteNetwork(_Network, plain.Delete):
    """The end of a network without subnets."""

    name = 'network.delete'


class _Subnet(plain.Plain):
    service = 'neutron'
    kind = 'subnet'
    wrapper = 'subnet'
    registers = frozenset({'name'})


class CreateSubnet(_Subnet, plain.Create):
    """A subnet of a network, with addresses that no other one has."""

    name = 'subnet.create'
    partners = {'network': model.Need(kind='network', states=_THERE)}
    conflicts = frozenset({400, 409})

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh, 'cidr': cidr(fresh)}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'name': call.args['name'],
            'cidr': call.args['cidr'],
            'network_id': call.partners['network'].id,
            'ip_version': 4,
        }

    def attributes(self, call: model.Call) -> model.Arguments:
        return {
            **super().attributes(call),
            'network_id': call.partners['network'].id,
        }


class RenameSubnet(_Subnet, plain.Rename):
    """Another name of a subnet."""

    name = 'subnet.rename'


class DeleteSubnet(_Subnet, plain.Delete):
    """The end of a subnet without ports."""

    name = 'subnet.delete'


class _Port(plain.Plain):
    service = 'neutron'
    kind = 'port'
    wrapper = 'port'
    registers = frozenset({'name', 'admin_state_up', 'address'})


class CreatePort(_Port, plain.Create):
    """A port with an address of a subnet."""

    name = 'port.create'
    partners = {'subnet': model.Need(kind='subnet', states=_THERE)}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        subnet = call.partners['subnet']
        return {
            'name': call.args['name'],
            'network_id': _network_of(cloud, subnet),
            'fixed_ips': [{'subnet_id': subnet.id}],
        }


def _network_of(cloud: ports.Cloud, subnet: model.Resource) -> object:
    """Id of the network of a subnet; of a shared one only neutron knows."""
    known = subnet.attributes.get('network_id')
    if known:
        return known
    neutron = cloud.service('neutron')
    answer = neutron.get(f'v2.0/subnets/{subnet.id}')
    shown = answer.read(dict[str, plain.Fields])
    return shown.get('subnet', {}).get('network_id')


class RenamePort(_Port, plain.Rename):
    """Another name of a port."""

    name = 'port.rename'


class SetPortState(_Port, plain.Update):
    """A port is switched on or off by its administrator."""

    name = 'port.set_admin_state'

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        # The port of a server would lose its connection.
        return not any(holder.kind == 'server' for holder in holders)

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'admin_state_up': rng.random() < 0.5}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'admin_state_up': call.args['admin_state_up']}


class SetPortPairs(_Port, plain.Update):
    """A port may send from one more address."""

    name = 'port.set_address_pairs'
    requires = frozenset({'extension:allowed-address-pairs'})

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'address': f'192.0.2.{rng.randrange(1, 255)}'}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'allowed_address_pairs': [{'ip_address': call.args['address']}]
        }

    def value(self, shown: plain.Fields, register: str) -> str | None:
        pairs = shown.get('allowed_address_pairs') or []
        return ','.join(str(pair['ip_address']) for pair in pairs) or None


class DeletePort(_Port, plain.Delete):
    """The end of a port."""

    name = 'port.delete'


ACTIONS: tuple[model.Action, ...] = (
    CreateNetwork(),
    RenameNetwork(),
    DeleteNetwork(),
    CreateSubnet(),
    RenameSubnet(),
    DeleteSubnet(),
    CreatePort(),
    RenamePort(),
    SetPortState(),
    SetPortPairs(),
    DeletePort(),
)
