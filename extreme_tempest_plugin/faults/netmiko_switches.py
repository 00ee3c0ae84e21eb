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
"""Ports of a switch without a shell, to which netmiko talks.

User and password are read from the configuration when they are needed: a
target goes into the journal, where no secret may be.
"""

import collections.abc
import os
import re

import msgspec

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import files
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults import switches

# As typed: nothing that ends a line, and no sign of a shell but a filter.
_LINE = re.compile(r'\w[\w ./:@,|-]*\Z', re.ASCII)
# What netmiko reaches by SSH alone.
_TYPE = re.compile(r'(?!\w*(telnet|serial|autodetect))[a-z]\w*\Z', re.ASCII)


class NetmikoPorts(switches.Ports, frozen=True, kw_only=True):
    """Ports of a switch without a shell, as netmiko serves it.

    Its commands are lines: of the configuration mode for down and up.

    :param device_type: of the switch, as netmiko calls it: ``cisco_ios``.
    :param file: the os-faults configuration, which has user and password.
    :param switch: its name there.
    :param no_timer: it is known that nobody but ``heal`` undoes it.
    """

    device_type: str
    file: str
    switch: str
    no_timer: bool

    def commands(self) -> tuple[str, ...]:
        return tuple(map('; '.join, self.each(self.down)))

    @property
    def by(self) -> str:
        return 'netmiko, over SSH'

    @property
    def timer(self) -> bool:
        return False

    def refuses(self, kind: catalogue.Kind) -> str:
        if kind.does is catalogue.Verb.PORTS_FLAP:
            return (
                'a switch without a shell cannot take its ports down and up '
                'by itself: use switch.port_down'
            )
        if not self.no_timer:
            return (
                f'{self.file}: switches.{self.switch}: without a shell no '
                'timer undoes it if we cannot: where its ports may stay down '
                'until `tempest extreme heal`, say no_timer: true'
            )
        return ''


class Checking(switches.Checking):
    """A file that is being checked, for switches of both sorts."""

    def switch(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, dict[str, switches.Ports]]:
        wanted = self.convert(given, schema.Switch, key)
        if not wanted.netmiko:
            if wanted.no_timer or wanted.verify is not True:
                raise self.wrong(
                    key, 'no_timer and verify are for netmiko: leave them out'
                )
            return super().switch(key, given, hosts)
        self._check_netmiko(key, wanted)
        for name in ('down', 'up', 'status'):
            self._check_lines(f'{key}.{name}', getattr(wanted, name))
        # Passwords are for netmiko alone.
        auth = msgspec.structs.replace(
            wanted.auth, password='', become_password=''
        )
        return self.host(schema.Node(ip=wanted.ip, auth=auth), key), {
            name: self._netmiko(key, ports, wanted)
            for name, ports in self.offered(key, wanted, hosts).items()
        }

    def _netmiko(
        self, key: str, ports: switches.Ports, switch: schema.Switch
    ) -> NetmikoPorts:
        return NetmikoPorts(
            **msgspec.structs.asdict(ports),
            device_type=switch.netmiko,
            file=os.path.abspath(os.path.expanduser(self.path)),
            switch=key.removeprefix('switches.'),
            no_timer=switch.no_timer,
        )

    def _check_netmiko(self, key: str, switch: schema.Switch) -> None:
        auth = switch.auth
        self.check(f'{key}.netmiko', switch.netmiko, _TYPE, 'a type by SSH')
        if auth.jump is not None:
            raise self.wrong(
                f'{key}.auth.jump', 'is not supported with netmiko'
            )
        if not auth.username or not (auth.password or auth.private_key_file):
            raise self.wrong(
                f'{key}.auth',
                'netmiko needs a username, and a password or a '
                'private_key_file',
            )
        if switch.verify == '':
            raise self.wrong(f'{key}.verify', 'is empty')

    def _check_lines(self, key: str, lines: list[str]) -> None:
        """Lines of a command line, in which a port is a word."""
        for line in lines:
            self.check(key, line, _LINE, 'a line')
        words = ' '.join(lines).split()
        self.check_words(key, words)
        self.check_named(key, words)


def credentials(ports: NetmikoPorts) -> schema.Switch:
    """The switch of some ports with user and password, from the file.

    :raises UsageError: if the file has them no longer.
    """
    checking = Checking(ports.file)
    file = checking.convert(files.load(ports.file), schema.File, '')
    key = f'switches.{ports.switch}'
    if ports.switch not in file.switches:
        raise checking.wrong(key, 'is there no longer, nor its password')
    return checking.convert(file.switches[ports.switch], schema.Switch, key)
