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

from extreme_tempest_plugin.faults import nodes
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
    """

    name: str
    members: tuple[str, ...]
    units: tuple[str, ...] = ()
    kind: str = ''

    @property
    def majority(self) -> int:
        """Members that it needs."""
        return len(self.members) // 2 + 1


class Checking(nodes.Checking):
    """A file that is being checked, for clusters."""

    def cluster(
        self,
        key: str,
        name: str,
        given: object,
        file: schema.File,
        units: collections.abc.Mapping[str, str],
    ) -> Cluster:
        """A cluster of nodes.

        :param units: or containers, of the services that can be broken, by
            their names.
        :raises UsageError: if it is none whose majority could be counted.
        """
        if name in (model.APIS, model.CANARY):
            raise self.wrong(key, 'the steady state has a check of that name')
        wanted = self.convert(given, schema.Cluster, key)
        members = tuple(
            self._member(f'{key}.hosts', one, file) for one in wanted.hosts
        )
        for member in members:
            if members.count(member) > 1:
                raise self.wrong(f'{key}.hosts', f'{member} is there twice')
        for service in wanted.services:
            if service not in (*file.services, *file.containers):
                raise self.wrong(
                    f'{key}.services',
                    f'{service!r} is none of services or containers',
                )
        # By unit: the same service may have several names, for some of its
        # hosts each.
        named = (units.get(service, '') for service in wanted.services)
        return Cluster(
            name=name,
            members=members,
            units=tuple(dict.fromkeys(filter(None, named))),
            kind=wanted.kind or '',
        )

    def _member(self, key: str, given: str, file: schema.File) -> str:
        """The address of a node, by address or fqdn."""
        found = [
            node.ip
            for node in file.node_discover.args
            if given and given in (node.ip, node.fqdn)
        ]
        if len(found) != 1:
            raise self.wrong(
                key,
                f'{given!r} is '
                + ('the name of two nodes' if found else 'no ip or fqdn')
                + ' of node_discover.args',
            )
        return found[0]
