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
"""Routers and floating IPs: what a storm does with neutron's layer 3.

A floating IP reaches a port only through a router that has a gateway and an
interface in the port's subnet; while it does, neutron keeps that interface.
"""

import collections.abc
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain

_THERE = frozenset({looking.PRESENT})

#: A router of everybody may have the interface already, or no more.
_CONFLICTS = frozenset({400, 404, 409})


class _Address(msgspec.Struct):
    subnet_id: str


class _Port(msgspec.Struct):
    id: str
    device_owner: str
    fixed_ips: list[_Address]


class _Ports(msgspec.Struct):
    ports: list[_Port]


class _Router(plain.Plain):
    service = 'neutron'
    kind = 'router'
    wrapper = 'router'
    registers = frozenset({'name'})


class CreateRouter(_Router, plain.Create):
    """A router; it is there when neutron shows it as ACTIVE."""

    name = 'router.create'
    requires = frozenset({'extension:router'})
    becomes = {'status': 'ACTIVE'}


class RenameRouter(_Router, plain.Rename):
    """Another name of a router."""

    name = 'router.rename'


class DeleteRouter(_Router, plain.Delete):
    """The end of a router without interfaces."""

    name = 'router.delete'

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return not resource.links


class SetGateway(_Router, plain.Update):
    """A router gets a gateway to the network of the floating IPs."""

    name = 'router.set_gateway'
    requires = frozenset({'floating-network'})

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return not resource.attributes.get('gateway')

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        network = {'network_id': cloud.boot.public_network}
        return {'external_gateway_info': network}

    def attributes(self, call: model.Call) -> model.Arguments:
        return {'gateway': True}


class _Interface(_Router):
    """An interface of a router is its port in a subnet."""

    effect = model.Effect.CHANGES
    states = _THERE
    conflicts = _CONFLICTS
    verb: typing.ClassVar[str]
    there: typing.ClassVar[bool]

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('neutron').put(
            f'v2.0/routers/{call.id}/{self.verb}',
            {'subnet_id': call.partners['subnet'].id},
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        neutron = cloud.service('neutron')
        shown = neutron.get(f'v2.0/ports?device_id={call.id}').read(_Ports)
        subnet = call.partners['subnet'].id
        there = any(
            port.device_owner.startswith('network:router_interface')
            and any(address.subnet_id == subnet for address in port.fixed_ips)
            for port in shown.ports
        )
        which = 'an' if there else 'no'
        reached = there is self.there
        return model.Sight(
            state=looking.PRESENT,
            reached=reached,
            error='' if reached else f'it has {which} interface in {subnet}',
        )


class AddInterface(_Interface):
    """A router gets an interface in a subnet that has no other router."""

    name = 'router.add_interface'
    partners = {'subnet': model.Need(kind='subnet', states=_THERE)}
    links = model.Links.ADDS
    verb = 'add_router_interface'
    there = True

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        # Its gateway has one address, which one router may have.
        holders = around.holders(partner.key)
        return all(one.kind != 'router' for one in holders)


class RemoveInterface(_Interface):
    """A router loses an interface that no floating IP needs."""

    name = 'router.remove_interface'
    partners = {
        'subnet': model.Need(kind='subnet', states=_THERE, linked=True)
    }
    links = model.Links.REMOVES
    verb = 'remove_router_interface'
    there = False

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return not any(
            _has_address(port, around)
            for port in around.holders(partner.key)
            if port.kind == 'port'
        )


def _has_address(port: model.Resource, around: model.Around) -> bool:
    """Whether a floating IP leads, or may lead, to a port."""
    holders = around.holders(port.key)
    return any(one.kind in ('floating_ip', 'server') for one in holders)


class _FloatingIP(plain.Plain):
    service = 'neutron'
    kind = 'floating_ip'
    wrapper = 'floatingip'
    requires = frozenset({'floating-network'})


class CreateFloatingIP(_FloatingIP, plain.Create):
    """A floating IP that leads nowhere yet."""

    name = 'floating_ip.create'

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'description': call.args['name'],
            'floating_network_id': cloud.boot.public_network,
        }

    def sight(
        self,
        shown: plain.Fields | None,
        wanted: plain.Fields,
        seen: collections.abc.Set[str] = frozenset(),
    ) -> model.Sight:
        sight = super().sight(shown, wanted, seen)
        if shown and not shown.get('floating_ip_address'):
            return msgspec.structs.replace(
                sight, reached=False, error='it has no address'
            )
        return sight


class AssociateFloatingIP(_FloatingIP, plain.Update):
    """A floating IP leads to a port behind a router with a gateway."""

    name = 'floating_ip.associate'
    partners = {'port': model.Need(kind='port', states=_THERE)}
    links = model.Links.ADDS
    conflicts = _CONFLICTS

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return not resource.links and not holders

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return not _has_address(partner, around) and any(
            router.kind == 'router' and bool(router.attributes.get('gateway'))
            for subnet in around.held(partner)
            for router in around.holders(subnet.key)
        )

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'port_id': call.partners['port'].id}


class DisassociateFloatingIP(_FloatingIP, plain.Update):
    """A floating IP leads nowhere again."""

    name = 'floating_ip.disassociate'
    partners = {'port': model.Need(kind='port', states=_THERE, linked=True)}
    links = model.Links.REMOVES
    conflicts = _CONFLICTS

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'port_id': None}


class DeleteFloatingIP(_FloatingIP, plain.Delete):
    """The end of a floating IP, whether it leads somewhere or not."""

    name = 'floating_ip.delete'


ACTIONS: tuple[model.Action, ...] = (
    CreateRouter(),
    RenameRouter(),
    SetGateway(),
    AddInterface(),
    RemoveInterface(),
    DeleteRouter(),
    CreateFloatingIP(),
    AssociateFloatingIP(),
    DisassociateFloatingIP(),
    DeleteFloatingIP(),
)
