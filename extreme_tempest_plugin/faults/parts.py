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
"""Partitions and disks, our parts of an os-faults configuration."""

import collections.abc
import dataclasses
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import schema

# As stat(1) names it; it gets into a command of systemd, too, where $ and %
# have a meaning.
_MOUNT = re.compile(r'/(?:[\w.-]+(?:/[\w.-]+)*)?\Z', re.ASCII)
#: Memory of the host that its system lives on.
_NO_DISK = ('dev', 'proc', 'run', 'sys')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """What a host can be cut off from.

    :param peers: addresses of the other hosts.
    :param direction: what the host drops: ``in``, ``out`` or ``both``.
    :param port: TCP port of the peers that answers while they are reached.
    """

    peers: tuple[str, ...]
    direction: str = 'both'
    port: int = 22


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A file system of a host that can be filled.

    :param path: where it is mounted.
    :param leave_mb: MiB that are left free for those who are not root.
    """

    path: str
    leave_mb: int = 0


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
        self.check_listed(f'{key}.host', wanted.host, hosts)
        # Addresses of the way to the host; cut, nobody could heal it.
        way = {wanted.host}
        jump = hosts[wanted.host].jump
        while jump is not None:
            way.add(jump.address)
            jump = jump.jump
        peers = []
        for peer in wanted.peers:
            self.check_listed(f'{key}.peers', peer, hosts)
            peers.append(self.address(f'{key}.peers', peer))
            if peer in way or peers[-1] in way:
                raise self.wrong(
                    f'{key}.peers',
                    f'{peer!r} is the host itself or on the way to it',
                )
        return hosts[wanted.host], Partition(
            peers=tuple(dict.fromkeys(peers)),
            direction=wanted.direction,
            port=wanted.port,
        )

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
