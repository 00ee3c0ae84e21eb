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
"""What a target is where it is no service: a part of the configuration.

Here: what is asked of every part, that of third parties, and the partitions
and disks of our own sections. The journal holds a part with its tag.
"""

import collections.abc
import ipaddress
import re

import msgspec

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import schema

# As stat(1) names it; it gets into a command of systemd, too, where $ and %
# have a meaning.
_MOUNT = re.compile(r'/(?:[\w.-]+(?:/[\w.-]+)*)?\Z', re.ASCII)
#: Memory of the host that its system lives on.
_NO_DISK = ('dev', 'proc', 'run', 'sys')
_SSH = 22

Addresses = tuple[str, ...]


def same(address: str) -> str:
    """One spelling of an address, where it is no name."""
    try:
        return ipaddress.ip_address(address).compressed
    except ValueError:
        return address


class Part(
    msgspec.Struct,
    frozen=True,
    tag=True,
    kw_only=True,
    forbid_unknown_fields=True,
):
    """What is asked of a part. ``hosts`` are the addresses of its target."""

    @property
    def subject(self) -> str:
        """A ``catalogue.Subject``, or the name of a driver."""
        raise NotImplementedError

    def at(self, where: str) -> str:
        """How it reads in a line.

        :param where: its hosts.
        """
        raise NotImplementedError

    def away(self, hosts: Addresses) -> Addresses:
        """Hosts that nobody reaches while the fault lasts."""
        return ()

    def hit(self, hosts: Addresses) -> Addresses:
        """Hosts that suffer as a whole."""
        return self.away(hosts)

    def lost(self, hosts: Addresses, members: frozenset[str]) -> Addresses:
        """Hosts whose votes a cluster loses while the fault lasts.

        :param members: of the cluster, as :func:`same` spells them.
        """
        return self.hit(hosts)

    def cut_off(self) -> Addresses:
        """Hosts that its own may not reach meanwhile."""
        return ()

    def commands(self) -> tuple[str, ...]:
        """That the configuration has for the injection, if it has any."""
        return ()

    @property
    def by(self) -> str:
        """With what it is broken; empty for what the driver says."""
        return ''

    @property
    def timer(self) -> bool:
        """Whether it can undo by itself what has a dead man."""
        return True

    def refuses(self, kind: catalogue.Kind) -> str:
        """Why nobody can do this to it; empty if it can be done."""
        return ''


class Foreign(Part, frozen=True, kw_only=True):
    """Of a driver that others bring, see ``engines``.

    :param driver: its name.
    :param args: what it needs to know, for itself alone; no secret, as it
        goes into the journal.
    :param reads: how it reads in a line, before its hosts.
    :param takes_away: nobody reaches its hosts while the fault lasts.
    :param hits: its hosts suffer as a whole, so that they count against
        ``most_hosts`` and the quorum of clusters.
    :param runs: commands that a rehearsal shows.
    """

    driver: str
    args: tuple[tuple[str, str], ...] = ()
    reads: str = ''
    takes_away: bool = False
    hits: bool = True
    runs: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return self.driver

    def at(self, where: str) -> str:
        return f'{self.reads or self.driver} on {where}'

    def away(self, hosts: Addresses) -> Addresses:
        return hosts if self.takes_away else ()

    def hit(self, hosts: Addresses) -> Addresses:
        return hosts if self.hits or self.takes_away else ()

    def commands(self) -> tuple[str, ...]:
        return self.runs


class Partition(Part, frozen=True, kw_only=True):
    """What a host can be cut off from.

    :param peers: addresses of the other hosts.
    :param direction: what the host drops: ``in``, ``out`` or ``both``.
    :param ports: TCP and UDP ports, of either end, of which it drops it; all
        there is if empty.
    :param port: TCP port of the peers that answers while they are reached.
    """

    peers: tuple[str, ...]
    direction: str = 'both'
    ports: tuple[int, ...] = ()
    port: int = 22

    @property
    def subject(self) -> str:
        return catalogue.Subject.PARTITION

    def at(self, where: str) -> str:
        ports = ', '.join(map(str, self.ports))
        return f'{where} and {", ".join(self.peers)}' + (
            f' at ports {ports}' if ports else ''
        )

    def hit(self, hosts: Addresses) -> Addresses:
        return hosts

    def lost(self, hosts: Addresses, members: frozenset[str]) -> Addresses:
        # Who is cut off counts, and not those that it is cut off from: they
        # still see each other. Where it sees all members nothing is lost.
        return hosts if members.intersection(map(same, self.peers)) else ()

    def cut_off(self) -> Addresses:
        return self.peers


class Disk(Part, frozen=True, kw_only=True):
    """A file system of a host that can be filled.

    :param path: where it is mounted.
    :param leave_mb: MiB that are left free for those who are not root.
    """

    path: str
    leave_mb: int = 0

    @property
    def subject(self) -> str:
        return catalogue.Subject.DISK

    def at(self, where: str) -> str:
        return f'{self.path} on {where}'

    def hit(self, hosts: Addresses) -> Addresses:
        return hosts


class Checking(nodes.Checking):
    """A file that is being checked, for partitions and disks."""

    def partition(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, Partition]:
        """A host that can be cut off, and from whom.

        :param hosts: the nodes by address.
        :raises UsageError: if it cannot be, or nobody could heal it.
        """
        wanted = self.convert(given, schema.Partition, key)
        host, peers = self.peers(key, wanted.host, wanted.peers, hosts)
        port = wanted.port or next(iter(wanted.ports), _SSH)
        if wanted.ports and port not in wanted.ports:
            raise self.wrong(
                f'{key}.port',
                f'{port} is none of ports: nothing would show that they are '
                'cut',
            )
        return host, Partition(
            peers=peers,
            direction=wanted.direction,
            ports=tuple(sorted({*wanted.ports})),
            port=port,
        )

    def peers(
        self,
        key: str,
        address: str,
        wanted: collections.abc.Iterable[str],
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, Addresses]:
        """A host, and others whose packets may be dropped there.

        :raises UsageError: if nobody could heal it then.
        """
        self.check_listed(f'{key}.host', address, hosts)
        # Cut, nobody could heal it.
        way = hosts[address].way
        found = []
        for peer in wanted:
            self.check_listed(f'{key}.peers', peer, hosts)
            found.append(self.address(f'{key}.peers', peer))
            if peer in way or found[-1] in way:
                raise self.wrong(
                    f'{key}.peers',
                    f'{peer!r} is the host itself or on the way to it',
                )
        return hosts[address], tuple(dict.fromkeys(found))

    def disk(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, Disk]:
        """A host and its file system that can be filled.

        :param hosts: the nodes by address.
        :raises UsageError: if it is none that may be.
        """
        wanted = self.convert(given, schema.Disk, key)
        self.check_listed(f'{key}.host', wanted.host, hosts)
        self.check(f'{key}.path', wanted.path, _MOUNT, 'a mount point')
        first = wanted.path.split('/')[1]
        if first in _NO_DISK or '..' in wanted.path:
            raise self.wrong(
                f'{key}.path', f'{wanted.path!r} is no disk that may be filled'
            )
        return hosts[wanted.host], Disk(
            path=wanted.path, leave_mb=wanted.leave_mb
        )
