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
"""Which hosts a sandbox has, and their addresses. Pure data.

Three networks join them: management (SSH, APIs, database, messages), tunnel
(Geneve between the computes) and external (floating IP addresses). All of
them live in namespaces, so every sandbox uses the same addresses.
"""

import dataclasses
import enum

from extreme_tempest_plugin.sandbox import errors

PREFIX_LENGTH = 24
TESTER_ADDRESS = '10.88.0.1'
EXTERNAL_CIDR = '10.88.1.0/24'
EXTERNAL_GATEWAY = '10.88.1.1'
TUNNEL_PREFIX = '10.88.2.'
# The BMC of a host has the last octet of the host, and this more.
_BMC_OFFSET = 100


class Role(enum.Enum):
    """What a host is for."""

    CONTROLLER = 'controller'
    COMPUTE = 'compute'
    #: Joins the others, and is no part of the cloud.
    SWITCH = 'switch'


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """A simulated machine.

    :param name: its host name, at most five characters: interface names on
        the switch are made of it
    :param address: on the management network
    """

    name: str
    role: Role
    address: str

    @property
    def mac(self) -> str:
        """Of its first interface: locally administered, by address."""
        octets = (int(part) for part in self.address.split('.'))
        return '02:00:' + ':'.join(f'{octet:02x}' for octet in octets)

    @property
    def tunnel_address(self) -> str:
        return TUNNEL_PREFIX + self.address.rpartition('.')[2]

    @property
    def bmc_address(self) -> str:
        """Where its BMC listens, on the management network."""
        prefix, _, last = self.address.rpartition('.')
        return f'{prefix}.{int(last) + _BMC_OFFSET}'

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it is plugged into: eth0, eth1, ..."""
        if self.role is Role.COMPUTE:
            return ('management', 'tunnel', 'external')
        if self.role is Role.SWITCH:
            # It is what they are plugged into.
            return ()
        return ('management',)


@dataclasses.dataclass(frozen=True, slots=True)
class Topology:
    """A set of hosts.

    :param hosts: the controllers first, the switch last
    :param api_address: where the endpoints in the catalogue point
    :param memory_mib: what it takes when it is in use
    :param without: names of services that do not run, see services.select()
    """

    name: str
    hosts: tuple[Host, ...]
    api_address: str
    memory_mib: int
    without: tuple[str, ...] = ()

    def by_role(self, role: Role) -> tuple[Host, ...]:
        return tuple(host for host in self.hosts if host.role is role)

    @property
    def controllers(self) -> tuple[Host, ...]:
        return self.by_role(Role.CONTROLLER)

    @property
    def label(self) -> str:
        """What it is, for people."""
        return label(self.name, self.without)

    @property
    def clustered(self) -> bool:
        """Whether the loss of a controller can be survived."""
        return len(self.controllers) > 1

    @property
    def computes(self) -> tuple[Host, ...]:
        return self.by_role(Role.COMPUTE)

    @property
    def nodes(self) -> tuple[Host, ...]:
        """The hosts of the cloud: each has a BMC and ports on the switch."""
        return tuple(h for h in self.hosts if h.role is not Role.SWITCH)


def label(name: str, without: tuple[str, ...]) -> str:
    """Of a topology by its name and what is left out."""
    return f'{name} without {", ".join(without)}' if without else name


SWITCH = Host('sw', Role.SWITCH, '10.88.0.2')

TOPOLOGIES = {
    'single': Topology(
        name='single',
        hosts=(
            Host('ctl1', Role.CONTROLLER, '10.88.0.11'),
            Host('cmp1', Role.COMPUTE, '10.88.0.21'),
            Host('cmp2', Role.COMPUTE, '10.88.0.22'),
            SWITCH,
        ),
        api_address='10.88.0.11',
        memory_mib=4608,
    ),
    'ha': Topology(
        name='ha',
        hosts=(
            Host('ctl1', Role.CONTROLLER, '10.88.0.11'),
            Host('ctl2', Role.CONTROLLER, '10.88.0.12'),
            Host('ctl3', Role.CONTROLLER, '10.88.0.13'),
            Host('cmp1', Role.COMPUTE, '10.88.0.21'),
            Host('cmp2', Role.COMPUTE, '10.88.0.22'),
            SWITCH,
        ),
        # No host has it for good: keepalived gives it to one controller.
        api_address='10.88.0.10',
        memory_mib=9728,
    ),
}


def named(name: str) -> Topology:
    """The topology of that name.

    :raises errors.UsageError: there is none
    """
    try:
        return TOPOLOGIES[name]
    except KeyError:
        known = ', '.join(sorted(TOPOLOGIES))
        raise errors.UsageError(
            f'there is no topology {name!r}; known: {known}'
        ) from None
