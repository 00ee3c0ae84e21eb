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
"""podman and docker with a storage of their own, and an image made here."""

import io
import os
import pathlib
import shutil
import socket
import subprocess
import tarfile
import time

import fixtures

_IMAGE = 'localhost/extreme-test:1'
_TIMEOUT = 60
_PYTHON = '/usr/bin/python3'
# Answers whatever is said to it, and nothing before.
_SERVER = """
import contextlib, socket, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    with contextlib.suppress(OSError), server.accept()[0] as client:
        client.recv(1)
        client.sendall(b'yes')
"""
_STORAGE = """
[storage]
driver = "vfs"
runroot = "{top}/run"
graphroot = "{top}/graph"
"""
# A machine that has no journal, and one whose containers are not ours. crun
# refuses where control groups of both versions have controllers.
_ENGINE = """
[containers]
default_ulimits = []
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
tmp_dir = "{top}/tmp"
"""


class Podman(fixtures.Fixture):
    """A podman whose containers are those of a test alone.

    :ivar name: of the runtime.
    :ivar force: command of an sshd that finds it.
    :ivar top: its directory; programs in ``bin`` come first for that sshd.
    """

    name = 'podman'
    # Not every root may raise the limits that podman wants to set.
    options: tuple[str, ...] = ('--ulimit', 'host', '--cgroup-parent')

    def _setUp(self) -> None:
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # Of our own name, as others may test on this machine.
        self.group = f'/extreme-test-{os.getpid()}'
        self.options = (*self.options, self.group)
        self.environment = self._environment()
        words = ' '.join(f'{k}={v}' for k, v in self.environment.items())
        path = f'PATH={self.top}/bin:$PATH'
        self.force = f'exec env {path} {words} sh -c "$SSH_ORIGINAL_COMMAND"'
        (self.top / 'bin').mkdir()
        self.addCleanup(_remove_groups, self.group)
        self._start()
        self.addCleanup(self._clean)
        self._import()

    def run(self, *words: str, check: bool = True) -> str:
        """What a command of the runtime prints."""
        done = subprocess.run(
            [self.name, *words],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding='utf-8',
            timeout=_TIMEOUT,
            check=False,
        )
        if check and done.returncode:
            raise RuntimeError(f'{self.name} {words}: {done.stderr}')
        return done.stdout.strip()

    def start(
        self, container: str, *words: str, options: tuple[str, ...] = ()
    ) -> None:
        """Start a container that has the programs of this machine."""
        self.run(
            'run', '--detach', '--name', container, '--network', 'host',
            '--volume', '/usr:/usr:ro', *self.options, *options,
            _IMAGE, *words,
        )  # fmt: skip

    def serve(self, container: str, *options: str) -> int:
        """Start a container with a server: the port of that."""
        port = _free_port()
        self.start(
            container, _PYTHON, '-c', _SERVER, str(port),
            # As the first process of its namespace it heeds no TERM.
            options=('--stop-signal', 'KILL', *options),
        )  # fmt: skip
        _wait(port)
        return port

    def pid(self, container: str) -> int:
        """Its main process."""
        said = self.run('inspect', '--format', '{{.State.Pid}}', container)
        return int(said)

    def systemctl(self, text: str) -> None:
        """What ``systemctl`` of the host is, a script."""
        path = self.top / 'bin' / 'systemctl'
        path.write_text(f'#!/bin/sh\n{text}')
        path.chmod(0o700)

    def _environment(self) -> dict[str, str]:
        (self.top / 'storage.conf').write_text(_STORAGE.format(top=self.top))
        (self.top / 'engine.conf').write_text(_ENGINE.format(top=self.top))
        return {
            'CONTAINERS_STORAGE_CONF': f'{self.top}/storage.conf',
            'CONTAINERS_CONF': f'{self.top}/engine.conf',
        }

    def _start(self) -> None:
        """podman has no daemon."""

    def _import(self) -> None:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode='w') as tar:
            for name in ('usr', 'bin', 'lib', 'lib64'):
                info = tarfile.TarInfo(name)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                if name != 'usr':
                    info.type, info.linkname = tarfile.SYMTYPE, f'usr/{name}'
                tar.addfile(info)
        path = self.top / 'image.tar'
        path.write_bytes(archive.getvalue())
        self.run('import', str(path), _IMAGE)

    def _clean(self) -> None:
        for container in self.run('ps', '--all', '--quiet').split():
            self.run('unpause', container, check=False)
            # Else what heeds no TERM gets 10 s for it.
            self.run('kill', container, check=False)
            self.run('rm', '--force', container, check=False)


class Docker(Podman):
    """A docker with a daemon of its own."""

    name = 'docker'
    options = ('--cgroup-parent',)

    def _environment(self) -> dict[str, str]:
        return {'DOCKER_HOST': f'unix://{self.top}/socket'}

    def _start(self) -> None:
        with (self.top / 'log').open('wb') as log:
            daemon = subprocess.Popen(
                [
                    'dockerd', '--host', f'unix://{self.top}/socket',
                    '--data-root', f'{self.top}/graph',
                    '--exec-root', f'{self.top}/run',
                    '--pidfile', f'{self.top}/pid',
                    '--storage-driver', 'vfs',
                    '--bridge', 'none', '--iptables=false',
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )  # fmt: skip
        self.addCleanup(daemon.wait, _TIMEOUT)
        self.addCleanup(daemon.terminate)
        end = time.monotonic() + _TIMEOUT
        while daemon.poll() is None and time.monotonic() < end:
            about = ('version', '--format', '{{.Server.Version}}')
            if self.run(*about, check=False):
                return
            time.sleep(0.2)
        raise RuntimeError((self.top / 'log').read_text()[-500:])


def groups(pid: int) -> list[pathlib.Path]:
    """The control groups of a process."""
    found = []
    for line in pathlib.Path(f'/proc/{pid}/cgroup').read_text().splitlines():
        _, names, group = line.split(':', 2)
        name = names.removeprefix('name=') or 'unified'
        for top in (f'/sys/fs/cgroup/{name}', '/sys/fs/cgroup'):
            if (path := pathlib.Path(top + group)).is_dir():
                found.append(path)
                break
    return found


def usable(runtime: str) -> str:
    """Why it cannot be used here; empty if it can."""
    if os.getuid():
        return 'containers with a control group need root'
    wanted = {'podman': 'podman', 'docker': 'dockerd'}[runtime]
    for command in (wanted, 'runc', _PYTHON):
        if shutil.which(command) is None:
            return f'{command} is not installed'
    return ''


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    end = time.monotonic() + _TIMEOUT
    while time.monotonic() < end:
        with socket.socket() as connection:
            if not connection.connect_ex(('127.0.0.1', port)):
                return
        time.sleep(0.05)
    raise RuntimeError(f'nothing listens at {port}')


def _remove_groups(group: str) -> None:
    """The control groups that the runtime leaves, once they are empty."""
    for path in pathlib.Path('/sys/fs/cgroup').glob(f'*{group}'):
        for below in (*path.glob('*/'), path):
            _remove(below)


def _remove(group: pathlib.Path) -> None:
    for _ in range(100):
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
