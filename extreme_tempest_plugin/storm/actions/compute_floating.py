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
"""Floating IPs that lead to servers.

By the APIs, and by TCP where ``[stress] floating_ip_port`` says that there is
a way from here.

https://docs.openstack.org/api-ref/network/v2/#floating-ips-floatingips
"""

import collections.abc

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_network
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking

_THERE = frozenset({looking.PRESENT})

#: Among the attributes of a server: the floating IP that leads to it.
_LEADS = 'floating_ip'


class _FloatingIP(msgspec.Struct):
    floating_ip_address: str = ''
    port_id: str | None = None
    status: str | None = None


class _FloatingIPBody(msgspec.Struct):
    floatingip: _FloatingIP


class _Leads(servers.ServerAction):
    service = 'neutron'
    requires = frozenset({'nova', 'floating-network', 'floating-server'})
    conflicts = frozenset({400, 404, 409})

    def lead(
        self, cloud: ports.Cloud, call: model.Call, port: str | None
    ) -> ports.Answer:
        """Let the floating IP lead to a port, or nowhere."""
        return cloud.service('neutron').put(
            f'v2.0/floatingips/{call.partners["floating_ip"].id}',
            {'floatingip': {'port_id': port}},
        )

    def _shown(
        self, cloud: ports.Cloud, call: model.Call
    ) -> _FloatingIP | None:
        found = looking.read(
            cloud.service('neutron'),
            f'v2.0/floatingips/{call.partners["floating_ip"].id}',
            _FloatingIPBody,
        )
        return found.floatingip if found else None

    def _attempt(
        self, cloud: ports.Cloud, call: model.Call, shown: _FloatingIP
    ) -> ports.Attempt | None:
        """Try the address; None where that would say nothing.

        Others may have stopped a server that is shared, or have let the
        address lead to another one.
        """
        if call.shared or call.partners['floating_ip'].shared:
            return None
        return cloud.attempt(shown.floating_ip_address)


class AddFloatingIP(_Leads):
    """The floating IP is ACTIVE, leads to a port of the server, answers."""

    name = 'server.add_floating_ip'
    states = frozenset({servers.ACTIVE})
    partners = {'floating_ip': model.Need(kind='floating_ip', states=_THERE)}
    links = model.Links.ADDS

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return not resource.attributes.get(_LEADS)

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        free = not partner.links and not around.holders(partner.key)
        return partner.shared or free

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        found = compute_network.ports_of(cloud, call.id)
        # Others may be on networks without a way out.
        first = [
            one.id for one in found if one.network_id == cloud.boot.network
        ] or [one.id for one in found]
        if not first:
            raise ports.CallError(
                ports.Refusal(
                    kind=ports.Kind.INFO,
                    status=200,
                    error=f'malformed answer: no port of server {call.id}',
                )
            )
        return self.lead(cloud, call, first[0])

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        shown = self._shown(cloud, call)
        server = servers.show(cloud, call.id)
        if (
            shown is None
            or shown.status != 'ACTIVE'
            or shown.port_id
            not in {one.id for one in compute_network.ports_of(cloud, call.id)}
        ):
            return servers.sight(server, False, f'neutron shows {shown}')
        tried = self._attempt(cloud, call, shown)
        if tried is None or not tried.error:
            return servers.sight(server, True)
        return servers.sight(
            server, False, f'nothing answers at {tried.at}: {tried.error}'
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        return {_LEADS: call.partners['floating_ip'].key}


class RemoveFloatingIP(_Leads):
    """The floating IP leads nowhere, and nothing answers there."""

    name = 'server.remove_floating_ip'
    states = servers.SETTLED
    partners = {
        'floating_ip': model.Need(
            kind='floating_ip', states=_THERE, linked=True
        )
    }
    links = model.Links.REMOVES

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.lead(cloud, call, None)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        shown = self._shown(cloud, call)
        server = servers.show(cloud, call.id)
        if shown is None or shown.port_id:
            return servers.sight(server, False, f'neutron shows {shown}')
        tried = self._attempt(cloud, call, shown)
        if tried is None or tried.error:
            return servers.sight(server, True)
        return servers.sight(
            server, False, f'something still answers at {tried.at}'
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        return {_LEADS: None}


ACTIONS: tuple[model.Action, ...] = (AddFloatingIP(), RemoveFloatingIP())
