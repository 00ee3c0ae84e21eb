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
"""Two hosts of a network, as namespaces: one that is broken, one its peer."""

import collections.abc
import contextlib
import os
import pathlib
import signal
import subprocess
import sys

import fixtures

#: Of the two, documentation addresses, RFC 5737 and RFC 3849.
HOST, PEER = '198.51.100.1', '198.51.100.2'
HOST6, PEER6 = '2001:db8::1', '2001:db8::2'

_SERVE = """
import socket, sys
six = socket.create_server(('::', int(sys.argv[1])), family=socket.AF_INET6,
                           dualstack_ipv6=True, backlog=100)
print('listening', flush=True)
while True:
    six.accept()[0].close()
"""


class Namespaces(fixtures.Fixture):
    """A host and a peer that answers at ``port``, joined by a cable.

    ``enter`` runs what sshd is asked for on the host.
    """

    port = 7001

    def _setUp(self) -> None:
        self.host = f'xtf{os.getpid()}h'
        self.peer = f'xtf{os.getpid()}p'
        for name in (self.host, self.peer):
            _ip('netns', 'add', name)
            self.addCleanup(_ip, 'netns', 'del', name)
            _ip('-n', name, 'link', 'set', 'lo', 'up')
        _ip(
            '-n', self.host, 'link', 'add', 'eth0', 'type', 'veth',
            'peer', 'name', 'eth0', 'netns', self.peer,
        )  # fmt: skip
        for name, four, six in (
            (self.host, HOST, HOST6),
            (self.peer, PEER, PEER6),
        ):
            _ip('-n', name, 'addr', 'add', f'{four}/24', 'dev', 'eth0')
            _ip('-n', name, 'addr', 'add', f'{six}/64', 'dev', 'eth0', 'nodad')
            _ip('-n', name, 'link', 'set', 'eth0', 'up')
        self._serve()

    @property
    def enter(self) -> str:
        return f'exec ip netns exec {self.host} sh -c "$SSH_ORIGINAL_COMMAND"'

    def on_host(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the host that is broken."""
        return subprocess.run(
            ['ip', 'netns', 'exec', self.host, *words],
            capture_output=True,
            encoding='utf-8',
            timeout=30,
            check=False,
        )

    def reaches(self, address: str) -> bool:
        """Whether the host reaches it; independent of what the driver asks.

        By TCP: not every machine has ping.
        """
        return not self.on_host(
            sys.executable,
            '-c',
            'import socket, sys; '
            f'socket.create_connection(({address!r}, {self.port}), 1)',
        ).returncode

    def _serve(self) -> None:
        server = subprocess.Popen(
            [
                'ip', 'netns', 'exec', self.peer,
                sys.executable, '-c', _SERVE, str(self.port),
            ],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        assert server.stdout is not None
        self.addCleanup(server.stdout.close)
        if server.stdout.readline() != b'listening\n':
            raise RuntimeError('the peer does not listen')


def start(name: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a command in a namespace."""
    return subprocess.Popen(
        ['ip', 'netns', 'exec', name, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def naming(word: str) -> list[int]:
    """Living processes whose command names this word, but for us."""
    return [pid for pid, command in _commands() if word.encode() in command]


def children(name: str, parent: int = 0) -> list[int]:
    """Living processes that ``child.ask`` started: its last argument is who.

    :param name: of the child's module.
    :param parent: who asked; we by default.
    """
    last = f'\0{parent or os.getpid()}\0'.encode()
    return [
        pid
        for pid, command in _commands()
        if name.encode() in command and command.endswith(last)
    ]


def disarm(tag: str) -> None:
    """Leave no timer behind, whatever became of the test.

    :param tag: of ``dead_man.tag``.
    """
    for pid in naming(tag):
        with contextlib.suppress(ProcessLookupError):
            # With its sleep: it leads a group.
            os.killpg(os.getpgid(pid), signal.SIGKILL)
    for path in pathlib.Path('/run').glob(f'{tag}*.pid'):
        path.unlink(missing_ok=True)


def _commands() -> collections.abc.Iterator[tuple[int, bytes]]:
    """Each process but us, and its command."""
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / 'cmdline').read_bytes()


def usable() -> str:
    """Why namespaces cannot be made here; empty if they can."""
    if os.getuid():
        return 'network namespaces need root'
    return ''


def _ip(*words: str) -> None:
    subprocess.run(['ip', *words], check=True, timeout=30)
