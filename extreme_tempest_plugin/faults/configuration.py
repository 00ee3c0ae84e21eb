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
import os
import pathlib
import re
from typing import Annotated
from typing import Literal
from typing import TypeVar

import msgspec
import yaml

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh

_T = TypeVar('_T')

_SYSTEM_SERVICE = 'system_service'
# os-faults puts the pattern between single quotes inside double quotes, in a
# shell, as root; a space is needed for "python nova-api".
_PATTERN = re.compile(r'[\w./@:+][\w./@:+ -]*\Z', re.ASCII)
_NAME = re.compile(r'[\w@][\w.@:-]*\Z', re.ASCII)
_AT = re.compile(r' - at `\$\.?(?P<path>[^`]*)`$')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service that may be broken: what it is called and where it runs.

    :param name: as plans and ``[destructive] targets`` call it.
    :param unit: of systemd.
    :param grep: pattern of its processes, as os-faults wants it.
    :param port: TCP port that answers when it works; 0 where none is given.
    """

    name: str
    unit: str
    grep: str
    hosts: tuple[ssh.Host, ...]
    port: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Configuration:
    """What the file offers.

    :param targets: services that can be broken and proven so, by name.
    :param unusable: name of any other service to the reason.
    """

    path: str
    targets: dict[str, Target]
    unusable: dict[str, str]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Driver(_Part, frozen=True, forbid_unknown_fields=True):
    driver: str
    args: object = None


class _Jump(_Part, frozen=True, forbid_unknown_fields=True):
    host: str
    username: str = ''
    private_key_file: str = ''


class _Auth(_Part, frozen=True, forbid_unknown_fields=True):
    username: str = ''
    password: str = ''
    private_key_file: str = ''
    become_password: str = ''
    jump: _Jump | None = None


class _Node(_Part, frozen=True, forbid_unknown_fields=True):
    ip: str
    mac: str = ''
    fqdn: str = ''
    libvirt_name: str = ''
    auth: _Auth = _Auth()


class _Nodes(_Part, frozen=True, forbid_unknown_fields=True):
    driver: Literal['node_list']
    args: list[_Node]


class _Service(_Part, frozen=True, forbid_unknown_fields=True):
    driver: str
    args: dict[str, object]
    hosts: list[str] = []


class _SystemService(_Part, frozen=True, forbid_unknown_fields=True):
    service_name: str
    grep: str
    port: Annotated[
        list[str | int], msgspec.Meta(min_length=2, max_length=3)
    ] = msgspec.field(default_factory=lambda: ['udp', 0])


class _File(_Part, frozen=True, forbid_unknown_fields=True):
    """Services are read one by one, so that a message can name them."""

    cloud_management: _Driver
    node_discover: _Nodes
    services: dict[str, object] = {}
    containers: dict[str, object] = {}
    power_managements: Annotated[list[_Driver], msgspec.Meta(min_length=1)] = (
        msgspec.field(default_factory=list)
    )


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


class _Reading:
    """One file being checked; knows its path for messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def configuration(self, data: object) -> Configuration:
        file = self._convert(data, _File, '')
        if file.cloud_management.driver != 'universal':
            raise self._wrong(
                'cloud_management.driver',
                f'{file.cloud_management.driver!r} is not supported: list '
                'nodes and services under the driver universal',
            )
        hosts = {
            node.ip: self._host(node, f'node_discover.args[{index}]')
            for index, node in enumerate(file.node_discover.args)
        }
        targets: dict[str, Target] = {}
        unusable: dict[str, str] = {}
        for name, given in file.services.items():
            key = f'services.{name}'
            service = self._convert(given, _Service, key)
            self._check(key, name, _NAME, 'a name')
            if service.driver == _SYSTEM_SERVICE:
                targets[name] = self._target(name, service, hosts)
            else:
                unusable[name] = (
                    f'its driver is {service.driver}; only '
                    f'{_SYSTEM_SERVICE} can be proven by systemd'
                )
        return Configuration(self.path, targets, unusable)

    def _target(
        self,
        name: str,
        service: _Service,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> Target:
        key = f'services.{name}'
        args = self._convert(service.args, _SystemService, f'{key}.args')
        self._check(
            f'{key}.args.service_name', args.service_name, _NAME, 'a unit'
        )
        self._check(f'{key}.args.grep', args.grep, _PATTERN, 'a pattern')
        if not service.hosts:
            raise self._wrong(
                f'{key}.hosts',
                'missing: without it os-faults looks for running processes '
                'and cannot start what is stopped',
            )
        for address in service.hosts:
            if address not in hosts:
                raise self._wrong(
                    f'{key}.hosts',
                    f'{address!r} is no ip of node_discover.args',
                )
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
            raise self._wrong(
                key, f'{given!r} is none: write [tcp, 5672] or [udp, 53]'
            )
        # Nobody can tell whether a port of UDP answers.
        return port if protocol == 'tcp' else 0

    def _host(self, node: _Node, key: str) -> ssh.Host:
        auth = node.auth
        for field in ('password', 'become_password'):
            if getattr(auth, field):
                raise self._wrong(
                    f'{key}.auth.{field}',
                    'passwords are not supported: use private_key_file and a '
                    'user with sudo without a password',
                )
        jump = None
        if auth.jump is not None:
            jump = self._reach(
                auth.jump.host,
                auth.jump.username or auth.username,
                auth.jump.private_key_file,
                f'{key}.auth.jump',
            )
        host = self._reach(
            node.ip, auth.username, auth.private_key_file, f'{key}.auth'
        )
        return dataclasses.replace(host, jump=jump)

    def _reach(
        self, address: str, user: str, key_file: str, key: str
    ) -> ssh.Host:
        if key_file:
            key_file = os.path.abspath(os.path.expanduser(key_file))
            self._check(
                f'{key}.private_key_file', key_file, ssh.SAFE, 'a path'
            )
        if user:
            self._check(f'{key}.username', user, ssh.SAFE, 'a user')
        self._check(f'{key}: address', address, ssh.SAFE, 'an address')
        return ssh.Host(address=address, user=user, key_file=key_file)

    def _check(
        self, key: str, value: str, allowed: re.Pattern[str], what: str
    ) -> None:
        if not allowed.match(value):
            raise self._wrong(
                key,
                f'{value!r} is refused as {what}: it must match '
                f'{allowed.pattern}',
            )

    def _convert(self, data: object, kind: type[_T], key: str) -> _T:
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            message = str(error)
            found = _AT.search(message)
            if found:
                message = message[: found.start()]
                key = '.'.join(part for part in (key, found['path']) if part)
            raise self._wrong(key or 'the file', message) from None

    def _wrong(self, key: str, reason: str) -> errors.UsageError:
        return errors.UsageError(f'{self.path}: {key}: {reason}')
