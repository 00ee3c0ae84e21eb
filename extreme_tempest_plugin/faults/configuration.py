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
"""Read an os-faults configuration as operators have it.

os-faults itself takes unknown keys without a word and hands patterns to a
shell as root, so the file is checked here, and only what was checked is
given to it.
"""

import collections.abc
import dataclasses
import pathlib
import re

import yaml

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import schema

_SYSTEM_SERVICE = 'system_service'
# os-faults puts the pattern between single quotes inside double quotes, in a
# shell, as root; a space is needed for "python nova-api".
_PATTERN = re.compile(r'[\w./@:+][\w./@:+ -]*\Z', re.ASCII)
# As stat(1) names it; it gets into a command of systemd, too, where $ and %
# have a meaning.
_MOUNT = re.compile(r'/(?:[\w.-]+(?:/[\w.-]+)*)?\Z', re.ASCII)
#: Memory of the host that its system lives on.
_NO_DISK = ('dev', 'proc', 'run', 'sys')
_NAME = re.compile(r'[\w@][\w.@:-]*\Z', re.ASCII)


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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that may be broken: what it is called and where it is.

    :param name: as plans and ``[destructive] targets`` call it.
    :param unit: of systemd; empty where it is no service.
    :param grep: pattern of its processes, as os-faults wants it.
    :param port: TCP port that answers when it works; 0 where none is given.
    :param partition: where it is no service but a host that is cut off.
    :param disk: where it is a file system that is filled.
    """

    name: str
    hosts: tuple[ssh.Host, ...]
    unit: str = ''
    grep: str = ''
    port: int = 0
    partition: Partition | None = None
    disk: Disk | None = None

    @property
    def subject(self) -> catalogue.Subject:
        if self.partition is not None:
            return catalogue.Subject.PARTITION
        if self.disk is not None:
            return catalogue.Subject.DISK
        return catalogue.Subject.SERVICE

    def __str__(self) -> str:
        where = ', '.join(host.address for host in self.hosts)
        if self.partition is not None:
            return f'{where} and {", ".join(self.partition.peers)}'
        return f'{self.disk.path if self.disk else self.unit} on {where}'


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """What the file offers.

    :param targets: what can be broken and proven so, by name.
    :param unusable: name of any other service to the reason.
    """

    path: str
    targets: dict[str, Target]
    unusable: dict[str, str]


def read(path: str) -> Configuration:
    """Read and check a file, YAML or JSON.

    :param path: of the file, ``[destructive] os_faults_config``.
    :raises UsageError: as ``path: key: what is wrong with it``.
    """
    try:
        text = pathlib.Path(path).expanduser().read_text(encoding='utf-8')
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise errors.UsageError(
            f'{path}: cannot be read: {error.strerror}; see '
            '[destructive] os_faults_config'
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        line = str(error).replace('\n', ' ')
        raise errors.UsageError(
            f'{path}: neither YAML nor JSON: {line}'
        ) from None
    return _Reading(path).configuration(data)


class _Reading(nodes.Checking):
    """One file being checked."""

    def configuration(self, data: object) -> Configuration:
        file = self.convert(data, schema.File, '')
        if file.cloud_management.driver != 'universal':
            raise self.wrong(
                'cloud_management.driver',
                f'{file.cloud_management.driver!r} is not supported: list '
                'nodes and services under the driver universal',
            )
        hosts = {
            node.ip: self.host(node, f'node_discover.args[{index}]')
            for index, node in enumerate(file.node_discover.args)
        }
        targets: dict[str, Target] = {}
        unusable: dict[str, str] = {}
        for name, given in file.services.items():
            key = f'services.{name}'
            service = self.convert(given, schema.Service, key)
            self.check(key, name, _NAME, 'a name')
            if service.driver == _SYSTEM_SERVICE:
                targets[name] = self._target(name, service, hosts)
            else:
                unusable[name] = (
                    f'its driver is {service.driver}; only '
                    f'{_SYSTEM_SERVICE} can be proven by systemd'
                )
        for section, parts, read in (
            ('partitions', file.partitions, self._partition),
            ('disks', file.disks, self._disk),
        ):
            for name, given in parts.items():
                key = f'{section}.{name}'
                self.check(key, name, _NAME, 'a name')
                if name in targets or name in unusable:
                    raise self.wrong(key, 'is the name of another target, too')
                targets[name] = read(key, name, given, hosts)
        return Configuration(self.path, targets, unusable)

    def _partition(
        self,
        key: str,
        name: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> Target:
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
        return Target(
            name=name,
            hosts=(hosts[wanted.host],),
            partition=Partition(
                peers=tuple(dict.fromkeys(peers)),
                direction=wanted.direction,
                port=wanted.port,
            ),
        )

    def _disk(
        self,
        key: str,
        name: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> Target:
        wanted = self.convert(given, schema.Disk, key)
        self.check_listed(f'{key}.host', wanted.host, hosts)
        self.check(f'{key}.path', wanted.path, _MOUNT, 'a mount point')
        first = wanted.path.split('/')[1]
        if first in _NO_DISK or '..' in wanted.path:
            raise self.wrong(
                f'{key}.path', f'{wanted.path!r} is no disk that may be filled'
            )
        return Target(
            name=name,
            hosts=(hosts[wanted.host],),
            disk=Disk(path=wanted.path, leave_mb=wanted.leave_mb),
        )

    def _target(
        self,
        name: str,
        service: schema.Service,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> Target:
        key = f'services.{name}'
        args = self.convert(service.args, schema.SystemService, f'{key}.args')
        self.check(
            f'{key}.args.service_name', args.service_name, _NAME, 'a unit'
        )
        self.check(f'{key}.args.grep', args.grep, _PATTERN, 'a pattern')
        if not service.hosts:
            raise self.wrong(
                f'{key}.hosts',
                'missing: without it os-faults looks for running processes '
                'and cannot start what is stopped',
            )
        for address in service.hosts:
            self.check_listed(f'{key}.hosts', address, hosts)
        return Target(
            name=name,
            unit=args.service_name,
            grep=args.grep,
            hosts=tuple(hosts[address] for address in service.hosts),
            port=self._port(args.port, f'{key}.args.port'),
        )

    def _port(self, given: list[str | int], key: str) -> int:
        protocol, port = given[0], given[1]
        if (
            protocol not in ('tcp', 'udp')
            or not isinstance(port, int)
            or not 0 <= port <= 65535
            or given[2:] not in ([], ['ingress'], ['egress'])
        ):
            raise self.wrong(
                key, f'{given!r} is none: write [tcp, 5672] or [udp, 53]'
            )
        # Nobody can tell whether a port of UDP answers.
        return port if protocol == 'tcp' else 0
