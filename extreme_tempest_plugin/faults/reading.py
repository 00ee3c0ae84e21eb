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
import re

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import clusters as clusters_
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import files
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults import schema

_SYSTEM_SERVICE = 'system_service'
# os-faults puts the pattern between single quotes inside double quotes, in a
# shell, as root; a space is needed for "python nova-api".
_PATTERN = re.compile(r'[\w./@:+][\w./@:+ -]*\Z', re.ASCII)
_NAME = re.compile(r'[\w@][\w.@:-]*\Z', re.ASCII)


def read(path: str) -> configuration.Configuration:
    """Read and check a file, YAML or JSON.

    :param path: of the file, ``[destructive] os_faults_config``.
    :raises UsageError: as ``path: key: what is wrong with it``.
    """
    return _Reading(path).whole(files.load(path))


class _Reading(
    links.Checking,
    clocks.Checking,
    bmcs.Checking,
    runtimes.Checking,
    netmiko_switches.Checking,
    clusters_.Checking,
):
    """One file being checked."""

    def whole(self, data: object) -> configuration.Configuration:
        file = self.convert(data, schema.File, '')
        if file.cloud_management.driver != 'universal':
            raise self.wrong(
                'cloud_management.driver',
                f'{file.cloud_management.driver!r} is not supported: list '
                'nodes and services under the driver universal',
            )
        hosts, first = self.hosts(file)
        targets, unusable = self._services(file, hosts)
        services = dict(targets)
        for key, target in (
            *self._nodes(file, hosts, first, services.values()),
            *self._parts(file, hosts),
        ):
            self.check(key, target.name, _NAME, 'a name')
            if target.name in targets or target.name in unusable:
                raise self.wrong(key, 'is the name of another target, too')
            targets[target.name] = target
        for index, node in enumerate(file.node_discover.args):
            if node.fqdn and node.fqdn not in {*targets, *unusable}:
                unusable[node.fqdn] = (
                    f'node_discover.args[{index}]: power_managements has no '
                    'BMC of it, of the driver ipmi or redfish'
                )
        named = {
            node.fqdn: hosts[node.ip]
            for node in reversed(file.node_discover.args)
            if node.fqdn
        }
        return configuration.Configuration(
            self.path,
            targets,
            unusable,
            tuple(self._clusters(file, services, first)),
            {**named, **hosts},
            first,
            frozenset(
                parts.same(node.ip)
                for node in file.node_discover.args
                if not node.fqdn
            ),
        )

    def _services(
        self,
        file: schema.File,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[dict[str, configuration.Target], dict[str, str]]:
        """Services and containers by name, and why others cannot be used."""
        targets: dict[str, configuration.Target] = {}
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
        for name, given in file.containers.items():
            key = f'containers.{name}'
            self.check(key, name, _NAME, 'a name')
            if name in targets or name in unusable:
                raise self.wrong(key, 'is the name of a service, too')
            targets[name] = self._container(name, given, hosts)
        return targets, unusable

    def _clusters(
        self,
        file: schema.File,
        services: collections.abc.Mapping[str, configuration.Target],
        first: collections.abc.Mapping[str, str],
    ) -> collections.abc.Iterator[clusters_.Cluster]:
        units = {name: target.runs_as for name, target in services.items()}
        for name, given in file.clusters.items():
            key = f'clusters.{name}'
            self.check(key, name, _NAME, 'a name')
            yield self.cluster(key, name, given, file, units, first)

    def _nodes(
        self,
        file: schema.File,
        hosts: collections.abc.Mapping[str, ssh.Host],
        first: collections.abc.Mapping[str, str],
        services: collections.abc.Iterable[configuration.Target],
    ) -> collections.abc.Iterator[tuple[str, configuration.Target]]:
        """The hosts with a BMC, each with its key."""
        bmcs = self.bmcs(file)
        for index, node in enumerate(file.node_discover.args):
            address = parts.same(node.ip)
            if first[address] != address:
                continue
            host = hosts[node.ip]
            units = [
                one.unit
                for one in services
                if one.unit
                and address in {first[parts.same(a)] for a in one.addresses}
            ]
            switched = self.power(node, bmcs, units)
            if switched is not None:
                yield (
                    f'node_discover.args[{index}].fqdn',
                    configuration.Target(
                        name=node.fqdn, hosts=(host,), part=switched
                    ),
                )

    def _parts(
        self,
        file: schema.File,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> collections.abc.Iterator[tuple[str, configuration.Target]]:
        """What stands in sections of our own, each with its key."""
        for section, entries, check in (
            ('partitions', file.partitions, self.partition),
            ('links', file.links, self.link),
            ('clocks', file.clocks, self.clock),
            ('disks', file.disks, self.disk),
        ):
            for name, given in entries.items():
                key = f'{section}.{name}'
                host, ours = check(key, given, hosts)
                yield (
                    key,
                    configuration.Target(name=name, hosts=(host,), part=ours),
                )
        for name, given in file.commands.items():
            key = f'commands.{name}'
            many, part = self.commands(key, given, hosts)
            yield key, configuration.Target(name=name, hosts=many, part=part)
        for name, given in file.targets.items():
            key = f'targets.{name}'
            yield key, self._foreign(name, given, hosts)
        for switch, given in file.switches.items():
            key = f'switches.{switch}'
            host, offered = self.switch(key, given, hosts)
            for name, ports in offered.items():
                yield (
                    f'{key}.targets.{name}',
                    configuration.Target(name=name, hosts=(host,), part=ports),
                )

    def _foreign(
        self,
        name: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> configuration.Target:
        """What a driver of others is to break, as that driver reads it."""
        key = f'targets.{name}'
        wanted = self.convert(given, schema.Foreign, key)
        offered = {
            driver.name: driver.part
            for driver in engines.drivers().values()
            if driver.part is not None
        }
        if wanted.driver not in offered:
            known = ', '.join(sorted(offered)) or 'none'
            raise self.wrong(
                f'{key}.driver',
                f'there is no driver {wanted.driver!r} for it; there are: '
                f'{known}',
            )
        try:
            part = offered[wanted.driver](wanted.args)
        except errors.UsageError as error:
            raise self.wrong(f'{key}.args', str(error)) from None
        if part.driver != wanted.driver:
            raise self.wrong(f'{key}.driver', f'gave a part of {part.driver}')
        return configuration.Target(
            name=name,
            hosts=self.listed(f'{key}.hosts', wanted.hosts, hosts),
            part=part,
        )

    def _target(
        self,
        name: str,
        service: schema.Service,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> configuration.Target:
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
        return configuration.Target(
            name=name,
            unit=args.service_name,
            grep=args.grep,
            hosts=self.listed(f'{key}.hosts', service.hosts, hosts),
            port=self._port(args.port, f'{key}.args.port'),
        )

    def _container(
        self,
        name: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> configuration.Target:
        key = f'containers.{name}'
        wanted, found, part = self.container(key, given, hosts)
        if wanted.unit:
            self.check(f'{key}.unit', wanted.unit, _NAME, 'a unit')
        return configuration.Target(
            name=name,
            unit=wanted.unit,
            hosts=found,
            port=self._port(wanted.port, f'{key}.port'),
            part=part,
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
