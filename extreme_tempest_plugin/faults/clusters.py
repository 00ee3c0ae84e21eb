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
"""Clusters, our part of an os-faults configuration: who has a vote."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.plan import model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Hosts that decide together, by a majority of all of them.

    :param members: addresses of the hosts, as ``node_discover`` has them.
    :param units: of systemd, and containers, that form it; empty where it is
        known by its hosts alone.
    :param kind: how its members are asked whether it is whole, see
        ``faults.members``; empty where nobody knows.
    :param others: further addresses of members, each with the member.
    """

    name: str
    members: tuple[str, ...]
    units: tuple[str, ...] = ()
    kind: str = ''
    others: tuple[tuple[str, str], ...] = ()

    @property
    def addresses(self) -> dict[str, str]:
        """Every address of a member, as ``parts.same`` spells it, to it."""
        return {
            **{parts.same(one): one for one in self.members},
            **dict(self.others),
        }

    @property
    def majority(self) -> int:
        """Members that it needs."""
        return len(self.members) // 2 + 1


class Checking(nodes.Checking):
    """A file that is being checked, for clusters and what is one host."""

    def hosts(
        self, file: schema.File
    ) -> tuple[dict[str, ssh.Host], dict[str, str]]:
        """The nodes by address, and each address to the first of its host.

        Nodes of the same ``fqdn`` are one host.

        :raises UsageError: if one cannot be used, or is there twice.
        """
        hosts: dict[str, ssh.Host] = {}
        first: dict[str, str] = {}
        named: dict[str, str] = {}
        for index, node in enumerate(file.node_discover.args):
            key = f'node_discover.args[{index}]'
            hosts[node.ip] = self.host(node, key)
            address = parts.same(node.ip)
            if address in first:
                raise self.wrong(f'{key}.ip', f'{node.ip} is there twice')
            first[address] = named.setdefault(node.fqdn or address, address)
        return hosts, first

    def cluster(
        self,
        key: str,
        name: str,
        given: object,
        file: schema.File,
        units: collections.abc.Mapping[str, frozenset[str]],
        first: collections.abc.Mapping[str, str],
    ) -> Cluster:
        """A cluster of nodes.

        :param units: and containers, of the services that can be broken, by
            their names.
        :param first: see ``configuration.Configuration``.
        :raises UsageError: if it is none whose majority could be counted.
        """
        if name in (model.APIS, model.CANARY):
            raise self.wrong(key, 'the steady state has a check of that name')
        wanted = self.convert(given, schema.Cluster, key)
        members = tuple(
            self._member(f'{key}.hosts', one, file) for one in wanted.hosts
        )
        counted = self._counted(f'{key}.hosts', members, first)
        for service in wanted.services:
            if service not in (*file.services, *file.containers):
                raise self.wrong(
                    f'{key}.services',
                    f'{service!r} is none of services or containers',
                )
        # By unit: the same service may have several names, for some of its
        # hosts each.
        named = (
            unit
            for service in wanted.services
            for unit in sorted(units.get(service, ()))
        )
        return Cluster(
            name=name,
            members=members,
            units=tuple(dict.fromkeys(named)),
            kind=wanted.kind or '',
            others=tuple(
                (address, counted[host])
                for address, host in first.items()
                if host in counted and address != parts.same(counted[host])
            ),
        )

    def _counted(
        self,
        key: str,
        members: collections.abc.Iterable[str],
        first: collections.abc.Mapping[str, str],
    ) -> dict[str, str]:
        """The members by the first address of their hosts, each once."""
        counted: dict[str, str] = {}
        for member in members:
            host = first[parts.same(member)]
            if host in counted:
                raise self.wrong(key, f'{member} is there twice')
            counted[host] = member
        return counted

    def _member(self, key: str, given: str, file: schema.File) -> str:
        """The address of a node, by address or fqdn: then its first one."""
        found = [
            node.ip
            for node in file.node_discover.args
            if given and given in (node.ip, node.fqdn)
        ]
        if not found:
            raise self.wrong(
                key, f'{given!r} is no ip or fqdn of node_discover.args'
            )
        return found[0]
