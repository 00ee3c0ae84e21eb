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
"""A switch without a shell: a command line as Cisco's, over a real SSH.

Its ports are the real links of ``switch.Switch``.
"""

import collections.abc
import json
import os
import pathlib
import socket
import subprocess
import threading

import fixtures
import msgspec
import paramiko

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.tests.functional.faults import switch

USER, PASSWORD, ENABLE = 'admin', 'geheim-0123456789', 'noch-geheimer'
NAME = 'rack1'
LINES = {
    'down': ('interface PORT', 'shutdown'),
    'up': ('interface PORT', 'no shutdown'),
    'status': ('show interfaces status',),
}
_REFUSES = "% Invalid input detected at '^' marker."


class Cli:
    """One session: what is typed and what is said.

    :param namespace: in which the ports are.
    :param channel: of SSH.
    """

    def __init__(self, namespace: str, channel: paramiko.Channel) -> None:
        self._namespace = namespace
        self._channel = channel
        self._mode = '>'
        self._port = ''

    def talk(self) -> None:
        """Until the other side leaves."""
        self._say(f'{NAME}{self._mode}')
        for line in self._lines():
            if line == 'exit' and self._mode in '>#':
                return
            said = self._obey(line)
            self._say(f'{said}\r\n' if said else '')
            self._say(f'{NAME}{self._mode}')

    def _lines(self) -> collections.abc.Iterator[str]:
        """Lines, echoed as they are typed."""
        line = b''
        while data := self._channel.recv(1):
            if data == b'\r':
                continue
            if data != b'\n':
                line += data
                self._channel.sendall(data)
                continue
            self._say('\r\n')
            yield line.decode().strip()
            line = b''

    def _say(self, text: str) -> None:
        self._channel.sendall(text.encode())

    def _obey(self, line: str) -> str:
        words = line.split()
        match words:
            case [] | ['terminal', ('width' | 'length'), _]:
                return ''
            case ['enable'] if self._mode == '>':
                return self._enable()
            case ['show', 'interfaces', 'status']:
                return self._status()
            case ['configure', 'terminal'] if self._mode == '#':
                self._mode = '(config)#'
                return 'Enter configuration commands, one per line.'
            case ['end' | 'exit'] if 'config' in self._mode:
                self._mode = '#'
                return ''
            case ['interface', name] if 'config' in self._mode:
                if name not in self._ports():
                    return _REFUSES
                self._port, self._mode = name, '(config-if)#'
                return ''
            case ['shutdown'] if self._mode == '(config-if)#':
                return self._set('down')
            case ['no', 'shutdown'] if self._mode == '(config-if)#':
                return self._set('up')
        return _REFUSES

    def _enable(self) -> str:
        self._say('Password: ')
        word = b''
        # Not echoed.
        while (data := self._channel.recv(1)) not in (b'\n', b''):
            word += data
        self._say('\r\n')
        if word.decode().strip() != ENABLE:
            return '% Bad secrets'
        self._mode = '#'
        return ''

    def _set(self, state: str) -> str:
        self._ip('link', 'set', self._port, state)
        return ''

    def _ports(self) -> dict[str, str]:
        """What the kernel says of each."""
        found = {}
        for line in self._ip('-br', 'link', 'show', 'master', 'br0'):
            name, state = line.split()[:2]
            flags = line.partition('<')[2].partition('>')[0].split(',')
            found[name.partition('@')[0]] = (
                'disabled'
                if 'UP' not in flags
                else ('connected' if state == 'UP' else 'notconnect')
            )
        return found

    def _status(self) -> str:
        lines = [
            f'{name:<12} {"":<18} {state:<12} 1   a-full a-1000'
            for name, state in self._ports().items()
        ]
        return '\r\n'.join(['Port  Name  Status  Vlan', *lines])

    def _ip(self, *words: str) -> list[str]:
        done = subprocess.run(
            ['ip', '-n', self._namespace, *words],
            capture_output=True,
            encoding='utf-8',
            check=True,
            timeout=30,
        )
        return done.stdout.splitlines()


class _Access(paramiko.ServerInterface):
    """Who may log in: one user with a password."""

    def __init__(self) -> None:
        self.wants_shell = threading.Event()

    def check_auth_password(self, username: str, password: str) -> int:
        right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        self.wants_shell.set()
        return True


class Server(fixtures.Fixture):
    """Serves the command line at ``port`` of loopback.

    :ivar known_hosts: file with its host key.
    :ivar deaf: once it is set, lines are taken and nothing is said.
    """

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self.namespace = namespace
        self.deaf = threading.Event()

    def _setUp(self) -> None:
        # Who asks may be killed, which it would tell on stderr.
        self.useFixture(fixtures.FakeLogger('paramiko'))
        self.key = paramiko.ECDSAKey.generate()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.known_hosts = top / 'known_hosts'
        self.know(self.key)
        self.transports: list[paramiko.Transport] = []
        self.addCleanup(self._end)
        threading.Thread(target=self._accept, daemon=True).start()

    def know(self, key: paramiko.PKey) -> None:
        """Take that for its host key."""
        self.known_hosts.write_text(
            f'[127.0.0.1]:{self.port} {key.get_name()} {key.get_base64()}\n'
        )

    def _end(self) -> None:
        for transport in self.transports:
            transport.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=[connection], daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        transport = paramiko.Transport(connection)
        self.transports.append(transport)
        transport.add_server_key(self.key)
        access = _Access()
        try:
            transport.start_server(server=access)
            channel = transport.accept(20)
            if channel is None or not access.wants_shell.wait(20):
                return
            if self.deaf.is_set():
                while channel.recv(100):
                    pass
                return
            Cli(self.namespace, channel).talk()
        except (paramiko.SSHException, EOFError, OSError):
            # Who asks may be killed.
            pass
        finally:
            transport.close()


class Switch(switch.Switch):
    """The same switch, behind this command line.

    :ivar file: the os-faults configuration, which has the password.
    """

    def _setUp(self) -> None:
        super()._setUp()
        self.server = self.useFixture(Server(self.name))
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = top / 'os-faults.json'
        self.configure()

    def configure(self, password: str = PASSWORD) -> None:
        """Write the os-faults configuration."""
        rack = {
            'ip': '127.0.0.1',
            'netmiko': 'cisco_ios',
            'no_timer': True,
            'verify': str(self.server.known_hosts),
            'auth': {
                'username': USER,
                'password': password,
                'become_password': ENABLE,
            },
            **{name: list(lines) for name, lines in LINES.items()},
            'targets': {'ports': {'ports': ['h1-eth0']}},
        }
        self.file.write_text(
            json.dumps(
                {
                    'cloud_management': {'driver': 'universal'},
                    'node_discover': {'driver': 'node_list', 'args': []},
                    'switches': {NAME: rack},
                }
            )
        )

    def target(self, *names: str, behind: str = 'h1') -> configuration.Target:
        shell = super().target(*names, behind=behind)
        assert isinstance(shell.part, switches.Ports)
        kept = msgspec.structs.asdict(shell.part)
        return configuration.Target(
            name=f'netmiko-{os.getpid()}',
            hosts=(
                ssh.Host(
                    address='127.0.0.1', user=USER, port=self.server.port
                ),
            ),
            part=netmiko_switches.NetmikoPorts(
                **{
                    **kept,
                    **LINES,
                    'says_down': 'disabled',
                    'says_up': 'connected',
                },
                device_type='cisco_ios',
                file=str(self.file),
                switch=NAME,
                no_timer=True,
            ),
        )
