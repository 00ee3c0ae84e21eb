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
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clusters as clusters_
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults import switches

_SYSTEM_SERVICE = 'system_service'
# os-faults puts the pattern between single quotes inside double quotes, in a
# shell, as root; a space is needed for "python nova-api".
_PATTERN = re.compile(r'[\w./@:+][\w./@:+ -]*\Z', re.ASCII)
_NAME = re.compile(r'[\w@][\w.@:-]*\Z', re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something that may be broken: what it is called and where it is.

    :param name: as plans and ``[destructive] targets`` call it.
    :param unit: of systemd; empty where it is no service.
    :param grep: pattern of its processes, as os-faults wants it.
    :param port: TCP port that answers when it works; 0 where none is given.
    :param partition: where it is no service but a host that is cut off.
    :param disk: where it is a file system that is filled.
    :param power: where it is a host that is switched off.
    :param ports: where it is ports of a switch, which ``hosts`` names.
    """

    name: str
    hosts: tuple[ssh.Host, ...]
    unit: str = ''
    grep: str = ''
    port: int = 0
    partition: parts.Partition | None = None
    disk: parts.Disk | None = None
    power: bmcs.Power | None = None
    ports: switches.Ports | None = None

    @property
    def subject(self) -> catalogue.Subject:
        if self.partition is not None:
            return catalogue.Subject.PARTITION
        if self.disk is not None:
            return catalogue.Subject.DISK
        if self.power is not None:
            return catalogue.Subject.NODE
        if self.ports is not None:
            return catalogue.Subject.PORTS
        return catalogue.Subject.SERVICE

    def __str__(self) -> str:
        where = ', '.join(host.address for host in self.hosts)
        if self.partition is not None:
            return f'{where} and {", ".join(self.partition.peers)}'
        if self.power is not None:
            return f'{where} by its BMC {self.power.bmc}'
        if self.ports is not None:
            return f'{", ".join(self.ports.names)} of {where}'
        return f'{self.disk.path if self.disk else self.unit} on {where}'


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """What the file offers.

    :param targets: what can be broken and proven so, by name.
    :param unusable: name of any other service or node to the reason, which
        begins with its key.
    :param clusters: that may not lose their majority.
    :param hosts: all of them, by ``ip`` and by ``fqdn``.
    """

    path: str
    targets: dict[str, Target]
    unusable: dict[str, str]
    clusters: tuple[clusters_.Cluster, ...] = ()
    hosts: dict[str, ssh.Host] = dataclasses.field(default_factory=dict)


def read(path: str) -> Configuration:
    """Read and check a file, YAML or JSON.

    :param path: of the file, ``[destructive] os_faults_config``.
    :raises UsageError: as ``path: key: what is wrong with it``.
    """
    return _Reading(path).configuration(schema.load(path))


class _Reading(
    parts.Checking, bmcs.Checking, switches.Checking, clusters_.Checking
):
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
                    f'{key}: its driver is {service.driver}; only '
                    f'{_SYSTEM_SERVICE} can be proven by systemd'
                )
        services = dict(targets)
        for key, target in (
            *self._nodes(file, hosts, services.values()),
            *self._parts(file, hosts),
        ):
            self.check(key, target.name, _NAME, 'a name')
            if target.name in targets or target.name in unusable:
                raise self.wrong(key, 'is the name of another target, too')
            targets[target.name] = target
        for index, node in enumerate(file.node_discover.args):
            if node.fqdn and node.fqdn not in targets:
                unusable[node.fqdn] = (
                    f'node_discover.args[{index}]: power_managements has no '
                    'BMC of it, of the driver ipmi'
                )
        named = {
            node.fqdn: hosts[node.ip]
            for node in file.node_discover.args
            if node.fqdn
        }
        return Configuration(
            self.path,
            targets,
            unusable,
            tuple(self._clusters(file, services)),
            {**named, **hosts},
        )

    def _clusters(
        self, file: schema.File, services: collections.abc.Mapping[str, Target]
    ) -> collections.abc.Iterator[clusters_.Cluster]:
        units = {name: target.unit for name, target in services.items()}
        for name, given in file.clusters.items():
            key = f'clusters.{name}'
            self.check(key, name, _NAME, 'a name')
            yield self.cluster(key, name, given, file, units)

    def _nodes(
        self,
        file: schema.File,
        hosts: collections.abc.Mapping[str, ssh.Host],
        services: collections.abc.Iterable[Target],
    ) -> collections.abc.Iterator[tuple[str, Target]]:
        """The nodes with a BMC, each with its key."""
        bmcs = self.bmcs(file)
        for index, node in enumerate(file.node_discover.args):
            host = hosts[node.ip]
            units = [one.unit for one in services if host in one.hosts]
            switched = self.power(node, bmcs, units)
            if switched is not None:
                yield (
                    f'node_discover.args[{index}].fqdn',
                    Target(name=node.fqdn, hosts=(host,), power=switched),
                )

    def _parts(
        self,
        file: schema.File,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> collections.abc.Iterator[tuple[str, Target]]:
        """What stands in sections of our own, each with its key."""
        for name, given in file.partitions.items():
            key = f'partitions.{name}'
            host, partition = self.partition(key, given, hosts)
            yield key, Target(name=name, hosts=(host,), partition=partition)
        for name, given in file.disks.items():
            key = f'disks.{name}'
            host, disk = self.disk(key, given, hosts)
            yield key, Target(name=name, hosts=(host,), disk=disk)
        for switch, given in file.switches.items():
            key = f'switches.{switch}'
            host, offered = self.switch(key, given, hosts)
            for name, ports in offered.items():
                yield (
                    f'{key}.targets.{name}',
                    Target(name=name, hosts=(host,), ports=ports),
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
