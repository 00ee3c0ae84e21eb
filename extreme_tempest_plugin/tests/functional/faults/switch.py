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
"""A switch in a namespace, with two hosts behind its ports.

The switch is a bridge, its command the one of the sandbox's switch; what is
taken down is a real link.
"""

import os
import pathlib
import subprocess
import sys

import fixtures

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.sandbox.guest import switchport
from extreme_tempest_plugin.tests.functional.logs import sshd

#: Documentation addresses, RFC 5737: of the switch, and of the hosts.
SWITCH = '198.51.100.1'
HOSTS = {'h1': '198.51.100.11', 'h2': '198.51.100.12'}

_SERVE = """
import socket, sys
server = socket.create_server(('', 22), backlog=100)
print('listening', flush=True)
while True:
    one = server.accept()[0]
    one.sendall(b'SSH-2.0-nobody\\r\\n')
    one.close()
"""


class Switch(fixtures.Fixture):
    """A switch that is reached over SSH.

    :param force: what its sshd runs; empty for what is asked for.
    """

    def __init__(self, force: str = '') -> None:
        super().__init__()
        self.force = force

    def _setUp(self) -> None:
        self.name = f'xts{os.getpid()}'
        self._namespace(self.name)
        _ip('-n', self.name, 'link', 'add', 'br0', 'type', 'bridge')
        _ip('-n', self.name, 'addr', 'add', f'{SWITCH}/24', 'dev', 'br0')
        _ip('-n', self.name, 'link', 'set', 'br0', 'up')
        for host, address in HOSTS.items():
            self._plug(host, address)
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.command = directory / 'switchport'
        self.command.write_text(
            f'#!/bin/sh\nexec {sys.executable} {switchport.__file__} "$@"\n'
        )
        self.command.chmod(0o700)
        enter = f'exec ip netns exec {self.name} sh -c "$SSH_ORIGINAL_COMMAND"'
        self.host = self.useFixture(sshd.Sshd(self.force or enter)).host

    def target(self, *names: str, behind: str = 'h1') -> configuration.Target:
        """Ports, as the configuration would have them.

        :param names: of ports; that of h1 by default.
        :param behind: name of the host that is silent without them.
        """
        program = str(self.command)
        return configuration.Target(
            # Its own, as others may test on this machine.
            name=f'ports-{os.getpid()}',
            hosts=(self.host,),
            part=switches.Ports(
                names=names or ('h1-eth0',),
                down=(program, 'down', 'all', 'PORT'),
                up=(program, 'up', 'all', 'PORT'),
                status=(program, 'show', 'all', 'PORT'),
                # Reached through the switch, which we are not plugged into.
                behind=(ssh.Host(address=HOSTS[behind], jump=self.host),),
            ),
        )

    def link(self, port: str) -> str:
        """What the kernel says of a port: ``up`` or ``down``."""
        done = subprocess.run(
            ['ip', '-n', self.name, '-oneline', 'link', 'show', port],
            capture_output=True,
            encoding='utf-8',
            check=True,
            timeout=30,
        )
        flags = done.stdout.partition('<')[2].partition('>')[0].split(',')
        return 'up' if 'UP' in flags else 'down'

    def unplug(self, host: str) -> None:
        """Take the other end of the cable down, as a loss of power does."""
        _ip('-n', self._of(host), 'link', 'set', 'eth0', 'down')

    def _of(self, host: str) -> str:
        return f'{self.name}{host}'

    def _plug(self, host: str, address: str) -> None:
        name, port = self._of(host), f'{host}-eth0'
        self._namespace(name)
        _ip(
            '-n', self.name, 'link', 'add', port, 'type', 'veth',
            'peer', 'name', 'eth0', 'netns', name,
        )  # fmt: skip
        _ip('-n', self.name, 'link', 'set', port, 'master', 'br0', 'up')
        _ip('-n', name, 'addr', 'add', f'{address}/24', 'dev', 'eth0')
        _ip('-n', name, 'link', 'set', 'eth0', 'up')
        server = subprocess.Popen(
            ['ip', 'netns', 'exec', name, sys.executable, '-c', _SERVE],
            stdout=subprocess.PIPE,
        )
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        assert server.stdout is not None
        self.addCleanup(server.stdout.close)
        if server.stdout.readline() != b'listening\n':
            raise RuntimeError(f'{host} does not listen')

    def _namespace(self, name: str) -> None:
        _ip('netns', 'add', name)
        self.addCleanup(_ip, 'netns', 'del', name)
        _ip('-n', name, 'link', 'set', 'lo', 'up')


def _ip(*words: str) -> None:
    subprocess.run(['ip', *words], check=True, timeout=30)
