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
"""Servers and the network: interfaces and security groups.

Proven by both sides where there are two: nova has the interface, and neutron
has the port at the server.

https://docs.openstack.org/api-ref/network/v2/
"""

import msgspec

from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import registers

#: States of a server in which nova changes its interfaces.
_READY = frozenset({servers.ACTIVE, servers.PAUSED, servers.SHUTOFF})

_THERE = frozenset({looking.PRESENT})


class Port(msgspec.Struct):
    """A port as neutron shows it."""

    id: str
    name: str = ''
    network_id: str = ''
    device_id: str = ''
    security_groups: list[str] = []


class _PortBody(msgspec.Struct):
    port: Port


class _PortsBody(msgspec.Struct):
    ports: list[Port]


def ports_of(cloud: ports.Cloud, server: str) -> list[Port]:
    """The ports of a server, as neutron has them."""
    answer = cloud.service('neutron').get(f'v2.0/ports?device_id={server}')
    return answer.read(_PortsBody).ports


class _Interface(servers.ServerAction):
    states = _READY
    # 400: the port is in use; 404: it is not the server's any more.
    conflicts = frozenset({400, 404, 409})

    def _seen(
        self, cloud: ports.Cloud, call: model.Call, attached: bool
    ) -> model.Sight:
        id_ = call.partners['port'].id
        neutron = looking.read(
            cloud.service('neutron'), f'v2.0/ports/{id_}', _PortBody
        )
        path = f'servers/{call.id}/os-interface/{id_}'
        of_nova = looking.find(cloud.service('nova'), path) is not None
        device = neutron.port.device_id if neutron else 'nothing'
        return servers.sight(
            servers.show(cloud, call.id),
            of_nova == attached and (device == call.id) == attached,
            error=f'neutron has the port at {device or "nothing"}; '
            f'nova {"has" if of_nova else "has not"} its interface',
        )


class AttachInterface(_Interface):
    """Nova has the interface, and neutron the port at the server."""

    name = 'server.attach_interface'
    partners = {'port': model.Need(kind='port', states=_THERE)}
    links = model.Links.ADDS
    requires = frozenset({'neutron', 'compute:interface_attach'})

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return partner.shared or not around.holders(partner.key)

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').post(
            f'servers/{call.id}/os-interface',
            {'interfaceAttachment': {'port_id': call.partners['port'].id}},
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self._seen(cloud, call, attached=True)


class DetachInterface(_Interface):
    """Nova has no such interface, and neutron the port nowhere."""

    name = 'server.detach_interface'
    partners = {'port': model.Need(kind='port', states=_THERE, linked=True)}
    links = model.Links.REMOVES
    requires = frozenset({'neutron', 'compute:interface_attach'})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').delete(
            f'servers/{call.id}/os-interface/{call.partners["port"].id}'
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self._seen(cloud, call, attached=False)


class _SecurityGroup(servers.ServerAction):
    states = frozenset({servers.ACTIVE})
    requires = frozenset({'neutron'})
    # 404: the server does not have it any more.
    conflicts = frozenset({400, 404, 409})

    def _seen(
        self, cloud: ports.Cloud, call: model.Call, there: bool
    ) -> model.Sight:
        group = call.partners['group'].id
        having = [
            one
            for one in ports_of(cloud, call.id)
            if group in one.security_groups
        ]
        # A port of the storm may bring it along from another server.
        own = [
            one for one in having if not one.name.startswith(listing.PREFIX)
        ]
        ids = [one.id for one in having]
        return servers.sight(
            servers.show(cloud, call.id),
            bool(having) == there,
            error=f'ports with the security group: {ids or "none"}',
            seen={self.element(call): registers.THERE if own else None},
        )

    def element(self, call: model.Call) -> str:
        """Name of the group among the attributes of the server."""
        return f'group.{call.partners["group"].ref}'


class AddSecurityGroup(_SecurityGroup):
    """A port of the server has the security group."""

    name = 'server.add_security_group'
    partners = {'group': model.Need(kind='security_group', states=_THERE)}
    links = model.Links.ADDS

    def attributes(self, call: model.Call) -> model.Arguments:
        return {self.element(call): registers.THERE}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        # Nova takes an id for a name, too; names need not be unique.
        group = {'name': call.partners['group'].id}
        return self.act(cloud, call, {'addSecurityGroup': group})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self._seen(cloud, call, there=True)


class RemoveSecurityGroup(_SecurityGroup):
    """No port of the server has the security group."""

    name = 'server.remove_security_group'
    partners = {
        'group': model.Need(kind='security_group', states=_THERE, linked=True)
    }
    links = model.Links.REMOVES

    def attributes(self, call: model.Call) -> model.Arguments:
        return {self.element(call): None}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        group = {'name': call.partners['group'].id}
        return self.act(cloud, call, {'removeSecurityGroup': group})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self._seen(cloud, call, there=False)


ACTIONS: tuple[model.Action, ...] = (
    AttachInterface(),
    DetachInterface(),
    AddSecurityGroup(),
    RemoveSecurityGroup(),
)
