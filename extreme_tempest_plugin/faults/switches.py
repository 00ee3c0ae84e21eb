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
"""Ports of a switch, as our part of an os-faults configuration has them."""

import collections.abc
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import commands as commands_
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema

#: In a command: stands for the name of the port.
_PORT = 'PORT'
_PORT_NAME = re.compile(r'\w[\w./:-]*\Z', re.ASCII)
_STATE = re.compile(r'[\w-]+\Z', re.ASCII)


class Ports(parts.Part, frozen=True, kw_only=True):
    """Ports of a switch that are taken down together.

    :param names: as the switch calls them.
    :param down: command that takes a port down, with ``PORT`` in it.
    :param up: the same for up.
    :param status: prints a line with the port and one of the two words
        below; without ``PORT`` it prints those of all ports.
    :param says_down: how the status calls a port that is down.
    :param says_up: how it calls one that is up.
    :param behind: hosts that do not answer while the ports are down.
    """

    names: tuple[str, ...]
    down: commands_.Command
    up: commands_.Command
    status: commands_.Command
    says_down: str = 'down'
    says_up: str = 'up'
    behind: tuple[ssh.Host, ...] = ()

    @property
    def subject(self) -> str:
        return catalogue.Subject.PORTS

    def at(self, where: str) -> str:
        return f'{", ".join(self.names)} of {where}'

    def away(self, hosts: parts.Addresses) -> parts.Addresses:
        return tuple(host.address for host in self.behind)

    def commands(self) -> tuple[str, ...]:
        return tuple(map(' '.join, self.each(self.down)))

    def each(
        self, command: commands_.Command
    ) -> tuple[commands_.Command, ...]:
        """One of the three, for each port, or once for all of them."""
        found = (
            tuple(_of_port(name, words) for words in command)
            for name in self.names
        )
        return tuple(dict.fromkeys(found))


class Checking(commands_.Checking):
    """A file that is being checked, for what switches ports."""

    def switch(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, dict[str, Ports]]:
        """How a switch is reached, and its ports by the name of the target.

        :param hosts: the nodes by address.
        :raises UsageError: if something of it cannot be used.
        """
        wanted = self.convert(given, schema.Switch, key)
        host = self.host(schema.Node(ip=wanted.ip, auth=wanted.auth), key)
        for name in ('down', 'up', 'status'):
            self._check_command(f'{key}.{name}', getattr(wanted, name))
        return host, self.offered(key, wanted, hosts)

    def offered(
        self,
        key: str,
        wanted: schema.Switch,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> dict[str, Ports]:
        """The ports of a switch whose commands are good.

        :raises UsageError: as :meth:`switch`.
        """
        if wanted.down == wanted.up:
            raise self.wrong(f'{key}.up', 'is the same as down')
        for name in ('says_down', 'says_up'):
            self.check(
                f'{key}.{name}', getattr(wanted, name), _STATE, 'a word'
            )
        if wanted.says_down.lower() == wanted.says_up.lower():
            raise self.wrong(f'{key}.says_up', 'is the same as says_down')
        return {
            name: self._ports(f'{key}.targets.{name}', ports, wanted, hosts)
            for name, ports in wanted.targets.items()
        }

    def _ports(
        self,
        key: str,
        given: schema.Ports,
        switch: schema.Switch,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> Ports:
        for port in given.ports:
            self.check(f'{key}.ports', port, _PORT_NAME, 'a port')
        jump = switch.auth.jump
        for address in given.hosts:
            self.check_listed(f'{key}.hosts', address, hosts)
            if address in (switch.ip, jump and jump.host):
                raise self.wrong(
                    f'{key}.hosts',
                    f'{address!r} is the switch or on the way to it: nobody '
                    'could heal it',
                )
        return Ports(
            names=tuple(dict.fromkeys(given.ports)),
            down=tuple(switch.down),
            up=tuple(switch.up),
            status=tuple(switch.status),
            says_down=switch.says_down.lower(),
            says_up=switch.says_up.lower(),
            behind=tuple(hosts[one] for one in dict.fromkeys(given.hosts)),
        )

    def _check_command(self, key: str, words: list[str]) -> None:
        self.command(key, words)
        self.check_named(key, words)

    def check_named(self, key: str, words: list[str]) -> None:
        """Refuse a command that does not say of which port."""
        wanted = (0, 1) if key.endswith('.status') else (1,)
        if words[:1] in ([], [_PORT]) or words.count(_PORT) not in wanted:
            raise self.wrong(
                key, f'give the name of the port as one word {_PORT}'
            )


def _of_port(name: str, words: str) -> str:
    """A word or a line, with the port in its place."""
    return ' '.join(name if w == _PORT else w for w in words.split(' '))
