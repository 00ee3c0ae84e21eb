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
"""What a cloud offers to a storm, by name.

The names are those of services (``cinder``), and:

``admin``
    there are an administrator's credentials
``floating-network``
    a network that floating IPs come from
``floating-server``
    a router leads from the network that servers are booted on to that one
``resize``
    a second flavor
``computes:2``
    at least so many hosts for servers
``backup``
    a backup service of volumes
``compute:<option>``, ``volume:<option>``
    an option of ``[compute-feature-enabled]`` or ``[volume-feature-enabled]``
    is true
``server-group``
    groups of servers, which each nova has
``extension:<alias>``
    an extension of neutron
``swift:<name>``
    something that swift can do, by its name in ``/info``: ``swift:slo``

Services are asked for in the catalog and extensions in neutron; the others
are in tempest.conf, for a member cannot see them.
"""

import collections.abc

import msgspec

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import outcomes

_EXTENSION = 'extension:'
_COMPUTES = 'computes:'
_SWIFT = 'swift:'

#: What to set where something is missing.
_HINTS = {
    'admin': 'no credentials of an administrator',
    'floating-network': 'no [network] public_network_id',
    'floating-server': (
        'no router leads from the network of servers to the public one'
    ),
    'resize': 'no second flavor in [compute] flavor_ref_alt',
    'backup': '[volume-feature-enabled] backup is false',
}


class _Extension(msgspec.Struct):
    alias: str


class _Extensions(msgspec.Struct):
    extensions: list[_Extension]


#: Owners of the interfaces of routers, however they are spread or doubled.
_OF_ROUTERS = ('network:router_interface', 'network:ha_router_replicated')


class _Port(msgspec.Struct):
    device_owner: str = ''
    device_id: str = ''


class _Ports(msgspec.Struct):
    ports: list[_Port]


class _Gateway(msgspec.Struct):
    network_id: str = ''


class _Router(msgspec.Struct):
    gateway: _Gateway | None = msgspec.field(
        name='external_gateway_info', default=None
    )


class _RouterBody(msgspec.Struct):
    router: _Router


class Offer:
    """What one cloud offers; asks when it must, and once.

    :param cloud: of the user.
    :param admin: there are an administrator's credentials.
    """

    def __init__(
        self, cloud: clients.Clients, known: settings.Cloud, admin: bool
    ) -> None:
        self._cloud = cloud
        self._known = known
        self._admin = admin
        self._extensions: frozenset[str] | None = None
        self._leads_out: bool | None = None

    def __contains__(self, name: object) -> bool:
        """Whether it is offered.

        :raises CallError: if the extensions of neutron cannot be listed.
        """
        if not isinstance(name, str):
            return False
        if name in self._known.catalog_types:
            return self._has(name)
        if name.startswith(_EXTENSION):
            return self._has('neutron') and (
                name.removeprefix(_EXTENSION) in self._aliases()
            )
        if name.startswith(_SWIFT):
            return self._has('swift') and (
                name.removeprefix(_SWIFT) in self._cloud.info('swift')
            )
        if name.partition(':')[0] in settings.FEATURES:
            return name in self._known.features
        if name.startswith(_COMPUTES):
            number = name.removeprefix(_COMPUTES)
            return number.isdigit() and self._known.computes >= int(number)
        return {
            'admin': self._admin,
            'floating-network': bool(self._known.public_network),
            'floating-server': name == 'floating-server' and self._routed(),
            'resize': self._known.flavor_alt not in ('', self._known.flavor),
            'backup': self._known.backup,
            'server-group': True,
        }.get(name, False)

    def _has(self, service: str) -> bool:
        try:
            self._cloud.endpoint(service)
        except outcomes.TokenError:
            return False
        return True

    def _routed(self) -> bool:
        if self._leads_out is None:
            self._leads_out = self._has('neutron') and any(self._gateways())
        return self._leads_out

    def _gateways(self) -> collections.abc.Iterator[bool]:
        """Of each router on our network: whether it leads to the public one.

        The network of another project may hide its ports from us.
        """
        network, public = self._cloud.boot.network, self._known.public_network
        if not network or not public:
            return
        neutron = self._cloud.service('neutron')
        ports = neutron.get(f'v2.0/ports?network_id={network}').read(_Ports)
        for port in ports.ports:
            if port.device_owner.startswith(_OF_ROUTERS):
                router = neutron.get(f'v2.0/routers/{port.device_id}')
                gateway = router.read(_RouterBody).router.gateway
                yield gateway is not None and gateway.network_id == public

    def _aliases(self) -> frozenset[str]:
        if self._extensions is None:
            answer = self._cloud.service('neutron').get('v2.0/extensions')
            self._extensions = frozenset(
                one.alias for one in answer.read(_Extensions).extensions
            )
        return self._extensions


def missing(name: str) -> str:
    """That a cloud lacks something, in a few words."""
    if name in _HINTS:
        return _HINTS[name]
    part, _, option = name.partition(':')
    if part in settings.FEATURES:
        return f'[{part}-feature-enabled] {option} is false'
    if name.startswith(_EXTENSION):
        return f'neutron has no extension {name.removeprefix(_EXTENSION)}'
    if name.startswith(_SWIFT):
        return f'swift has no {name.removeprefix(_SWIFT)}'
    if name.startswith(_COMPUTES):
        least = name.removeprefix(_COMPUTES)
        return f'[compute] min_compute_nodes is below {least}'
    return f'no {name} in the catalog'
