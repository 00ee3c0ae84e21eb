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
"""What an os-faults configuration offers to be broken."""

import dataclasses

import msgspec

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import clusters as clusters_
from extreme_tempest_plugin.faults import commands
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults import switches

# Names that distributions give to one unit, so that a quorum counts it.
_ALIASES = {'mysql': 'mariadb', 'mysqld': 'mariadb'}

#: All that a target can be beside a unit, each with a tag of its own in the
#: journal.
Part = (
    parts.Partition
    | parts.Disk
    | clocks.Clock
    | parts.Foreign
    | bmcs.Power
    | commands.Commands
    | links.Loss
    | links.Delay
    | runtimes.Container
    | switches.Ports
    | netmiko_switches.NetmikoPorts
)


class Target(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Something that may be broken: what it is called and where it is.

    :param name: as plans and ``[destructive] targets`` call it.
    :param unit: of systemd; empty where it is no service, and where nothing
        but its runtime runs a container.
    :param grep: pattern of its processes, as os-faults wants it.
    :param port: TCP port that answers when it works; 0 where none is given.
    :param part: what it is where it is no unit.
    """

    name: str
    hosts: tuple[ssh.Host, ...]
    unit: str = ''
    grep: str = ''
    port: int = 0
    part: Part | None = None

    @property
    def subject(self) -> str:
        """A ``catalogue.Subject``, or the name of a driver."""
        return self.part.subject if self.part else catalogue.Subject.SERVICE

    @property
    def runs_as(self) -> frozenset[str]:
        """What the service is on its hosts: a container, its unit, or both.

        The same for all names of a unit.
        """
        found = set()
        if isinstance(self.part, runtimes.Container):
            found.add(self.part.container)
        if self.unit:
            name = self.unit.removesuffix('.service')
            found.add(_ALIASES.get(name, name))
        return frozenset(found)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Of its hosts."""
        return tuple(host.address for host in self.hosts)

    def __str__(self) -> str:
        where = ', '.join(self.addresses)
        return self.part.at(where) if self.part else f'{self.unit} on {where}'


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """What the file offers.

    :param targets: what can be broken and proven so, by name.
    :param unusable: name of any other service or node to the reason, which
        begins with its key.
    :param clusters: that may not lose their majority.
    :param hosts: all of them, by ``ip`` and by ``fqdn``.
    :param first: each address of a host, as ``parts.same`` spells it, to the
        first one that the file has of it.
    :param nameless: those of them without a ``fqdn``: nobody knows whether
        they are of a host that has another one.
    """

    path: str
    targets: dict[str, Target]
    unusable: dict[str, str]
    clusters: tuple[clusters_.Cluster, ...] = ()
    hosts: dict[str, ssh.Host] = dataclasses.field(default_factory=dict)
    first: dict[str, str] = dataclasses.field(default_factory=dict)
    nameless: frozenset[str] = frozenset()

    def host_of(self, address: str) -> str:
        """One address for all that its host has."""
        address = parts.same(address)
        return self.first.get(address, address)
