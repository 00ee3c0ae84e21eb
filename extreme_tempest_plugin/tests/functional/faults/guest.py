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
"""A host with a kernel and a clock of its own: Linux in user mode.

A kernel that runs as a process, from Debian's package user-mode-linux, with
programs of this machine: systemd, sshd, nft, tc. Its only interface ends in a
network namespace, from which we reach it.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import fixtures

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.tests.functional.faults import initramfs

#: What the kernel says at its first process if this machine's processor has
#: more registers than it was built for (some with AVX-512 or AMX): that is the
#: machine's, and for good.
_UNFIT = 'ptrace set fp regs failed'
#: Where the package is unpacked, where it is not installed.
ROOT = 'EXTREME_UML'
#: Seconds that a guest may take to be there, on a busy machine.
PATIENCE = 200
#: For the guest we are the first; at the second somebody answers, too.
US, NEAR, NEAR_PORT = '198.51.100.1', '198.51.100.2', 7001
#: Whom the guest reaches elsewhere, at port 22: a namespace of its own.
PEER, PEER6 = '192.0.2.2', '2001:db8::2'
_ADDRESS = '198.51.100.11'
_PACKAGES = (
    *('bash', 'coreutils', 'dash', 'grep', 'iproute2', 'kmod', 'mount'),
    *('nftables', 'openssh-server', 'procps', 'sed', 'systemd'),
    *('util-linux', 'util-linux-extra'),
)
#: Not copied: what systemd would start by itself, and what is large.
_NOT_COPIED = re.compile(r'/systemd/(system|user|boot|catalog)/|generator')
#: Of the kernel's modules.
_UNUSED = re.compile(r'/kernel/(fs|sound|drivers/(block|md|char))/')
_SSHD = '/usr/sbin/sshd -D -e -f /etc/sshd_config'
_TIMESYNCD = '/lib/systemd/systemd-timesyncd'
#: What sets the clock of the guest: that of this machine, or a stand-in, as
#: not every machine has it.
NTP = 'systemd-timesyncd' if os.path.exists(_TIMESYNCD) else 'chrony'
_UNITS = {
    **{f'{name}.target': '' for name in ('sysinit', 'basic', 'shutdown')},
    'default.target': f'Wants={NTP}.service ssh.service\n',
    'chrony.service': '[Service]\nExecStart=/bin/sleep infinity\n',
    'network.service': (
        '[Service]\nType=oneshot\nRemainAfterExit=yes\n'
        'ExecStart=/bin/sh -ex /etc/network\nStandardError=kmsg+console\n'
    ),
    'peer.service': (
        'Requires=network.service\nAfter=network.service\n'
        f'[Service]\nExecStart=/usr/sbin/ip netns exec peer {_SSHD}\n'
    ),
    'ssh.service': (
        'Wants=peer.service\nAfter=peer.service\n'
        f'[Service]\nExecStart={_SSHD}\n'
    ),
}
_FILES = {
    '/etc/passwd': (
        'root:x:0:0::/root:/bin/sh\n'
        'sshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n'
        'systemd-timesync:x:102:102::/:/usr/sbin/nologin\n'
    ),
    '/etc/group': 'root:x:0:\nsystemd-timesync:x:102:\n',
    '/etc/shadow': 'root:*:1::::::\n',
    '/etc/sshd_config': (
        'HostKey /etc/host_key\nAuthorizedKeysFile /etc/authorized_keys\n'
        'PasswordAuthentication no\nUsePAM no\nStrictModes no\n'
        'PidFile none\n'
    ),
    '/etc/network': f"""
mkdir -p /run/sshd
modprobe -a ipv6 veth
ip link set lo up
ip addr add {_ADDRESS}/24 dev vec0
ip link set vec0 up
ip netns add peer
ip link add eth1 type veth peer name eth0 netns peer
ip addr add 192.0.2.1/24 dev eth1
ip addr add 2001:db8::1/64 dev eth1 nodad
ip link set eth1 up
ip -n peer addr add {PEER}/24 dev eth0
ip -n peer addr add {PEER6}/64 dev eth0 nodad
ip -n peer link set eth0 up
""",
    **{
        f'/etc/systemd/system/{name}': f'[Unit]\n{text}'
        for name, text in _UNITS.items()
    },
}
# $1 a socket that listens for us, then where the guest is, and who answers
# beside us.
_RELAY = """
import asyncio, socket, sys

async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()

async def relay(reader, writer):
    try:
        there = await asyncio.open_connection(sys.argv[2], 22)
    except OSError:
        return writer.close()
    await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

async def main():
    ours = socket.socket(fileno=int(sys.argv[1]))
    await asyncio.start_server(relay, sock=ours)
    await asyncio.start_server(
        lambda reader, writer: writer.close(), sys.argv[3], int(sys.argv[4])
    )
    await asyncio.Event().wait()

asyncio.run(main())
"""


class Guest(fixtures.Fixture):
    """Runs the machine; ``host`` says how it is reached.

    It is not there if ``unfit`` says why this machine can have none.
    """

    host: ssh.Host
    unfit = ''

    def _setUp(self) -> None:
        self._directory = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path
        )
        for name in ('host_key', 'key'):
            subprocess.run(
                ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', name],
                cwd=self._directory,
                check=True,
            )
        self._make_root()
        self._make_network()
        self._start()

    def run(self, command: str) -> str:
        """What a command prints on it."""
        said = ssh.run(self.host, ('sh', '-c', command), timeout=60)
        assert not said.status, said
        return said.stdout.strip()

    def _make_root(self) -> None:
        root = initramfs.Initramfs()
        for path in ('dev', 'proc', 'sys', 'run', 'tmp', 'root', 'var/lib'):
            root.directory(path)
        for path, text in _FILES.items():
            root.file(path, text)
        for name in ('host_key', 'key.pub'):
            content = (self._directory / name).read_bytes()
            where = {'key.pub': 'authorized_keys'}.get(name, name)
            root.file(f'etc/{where}', content, 0o600)
        root.copy(
            path
            for path in initramfs.of_packages(*_PACKAGES)
            if not _NOT_COPIED.search(path)
        )
        unit = '/lib/systemd/system/systemd-timesyncd.service'
        root.copy((_TIMESYNCD, unit))
        root.link('init', 'lib/systemd/systemd')
        root.link('bin/sh', 'dash')
        modules = _root() / 'usr/lib/uml/modules'
        for path in modules.rglob('*'):
            if path.is_file() and not _UNUSED.search(str(path)):
                where = path.relative_to(modules)
                root.file(f'lib/modules/{where}', path.read_bytes())
        root.write(self._directory / 'initramfs')

    def _make_network(self) -> None:
        self._space = f'xtf{os.getpid()}g'
        _ip('netns', 'add', self._space)
        self.addCleanup(_ip, 'netns', 'del', self._space)
        inside = ('-n', self._space)
        _ip(*inside, 'link', 'set', 'lo', 'up')
        _ip(*inside, 'tuntap', 'add', 'tap0', 'mode', 'tap')
        for address in (US, NEAR):
            _ip(*inside, 'addr', 'add', f'{address}/24', 'dev', 'tap0')
        _ip(*inside, 'link', 'set', 'tap0', 'up')
        with socket.create_server(('127.0.0.1', 0)) as ours:
            self.host = ssh.Host(
                address='127.0.0.1',
                user='root',
                key_file=str(self._directory / 'key'),
                port=ours.getsockname()[1],
            )
            words = (str(ours.fileno()), _ADDRESS, NEAR, str(NEAR_PORT))
            self._run(
                (sys.executable, '-c', _RELAY, *words),
                'relay',
                keeps=(ours.fileno(),),
            )

    def _start(self) -> None:
        process = self._run(
            (
                *(str(_root() / 'usr/bin/linux.uml'), 'mem=384M', 'quiet'),
                *(f'initrd={self._directory}/initramfs', 'rdinit=/init'),
                *(f'uml_dir={self._directory}', 'con=null', 'con0=null,fd:1'),
                'vec0:transport=tap,ifname=tap0,depth=64',
            ),
            'console',
        )
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.run('systemctl is-active peer')
                return
            except (ssh.UnreachableError, AssertionError):
                if process.poll() is not None or time.monotonic() > end:
                    log = self._directory / 'console'
                    said = log.read_text(errors='replace')
                    if _UNFIT not in said:
                        raise RuntimeError(
                            f'no guest: {said[-2000:]}'
                        ) from None
                    self.unfit = f'no guest on this processor: {_UNFIT}'
                    return
                time.sleep(0.2)

    def _run(
        self, words: tuple[str, ...], log: str, keeps: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a program in our namespace, until the end, or ours."""
        with (self._directory / log).open('wb') as file:
            process = subprocess.Popen(
                [
                    *('setpriv', '--pdeathsig', 'KILL'),
                    *('ip', 'netns', 'exec', self._space),
                    *words,
                ],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                pass_fds=keeps,
                start_new_session=True,
            )
        self.addCleanup(process.wait)
        self.addCleanup(_kill_group, process.pid)
        return process


def usable() -> str:
    """Why there can be no guest here; empty if there can."""
    if os.getuid():
        return 'network namespaces need root'
    if not pathlib.Path('/dev/net/tun').exists():
        return 'a guest needs /dev/net/tun'
    if not (_root() / 'usr/bin/linux.uml').exists():
        return (
            'a guest needs a kernel: install user-mode-linux, or unpack it '
            f'and set {ROOT} to where'
        )
    if not os.path.exists('/lib/systemd/systemd'):
        return 'a guest needs systemd: install it'
    return ''


def _root() -> pathlib.Path:
    return pathlib.Path(os.environ.get(ROOT, '/'))


def _kill_group(pid: int) -> None:
    # The kernel has a process for each of its own; none if it ended by itself.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _ip(*words: str) -> None:
    subprocess.run(['ip', *words], check=True, timeout=30)
