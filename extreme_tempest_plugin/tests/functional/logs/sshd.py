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
"""A real sshd on loopback with keys and configuration of its own."""

import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import fixtures

from extreme_tempest_plugin.cloud import ssh

#: sshd is not in the PATH of every user.
_PATH = f'{os.environ.get("PATH", os.defpath)}:/usr/sbin:/usr/local/sbin'

#: Seconds that it may take to begin and to end, on a busy machine.
_PATIENCE = 30.0


def binary() -> str | None:
    """Path of sshd, None where openssh-server is not installed."""
    return shutil.which('sshd', path=_PATH)


class Sshd(fixtures.Fixture):
    """Runs sshd; ``host`` says how it is reached.

    :param force: command that runs whatever was asked for.
    :param prefix: command that runs sshd.
    """

    host: ssh.Host
    directory: pathlib.Path

    def __init__(self, force: str = '', prefix: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.force = force
        self.prefix = prefix

    def _setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix='extreme-sshd-')
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        for name in ('host_key', 'key', 'other_key'):
            subprocess.run(
                ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', name],
                cwd=self.directory,
                check=True,
            )
        shutil.copy(
            self.directory / 'key.pub', self.directory / 'authorized_keys'
        )
        port = _free_port()
        config = self.directory / 'sshd_config'
        config.write_text(self._config(port))
        if os.getuid() == 0:
            # What its unit does: sshd wants it where it is root.
            os.makedirs('/run/sshd', mode=0o755, exist_ok=True)
        self.addCleanup(self.stop)
        self.host = ssh.Host(
            address='127.0.0.1',
            user=getpass.getuser(),
            key_file=str(self.directory / 'key'),
            port=port,
        )
        self.start()

    def start(self) -> None:
        """Run sshd, and wait until it listens."""
        with (self.directory / 'log').open('ab') as log:
            self.process = subprocess.Popen(
                [
                    *self.prefix,
                    *(str(binary()), '-D', '-e'),
                    *('-f', str(self.directory / 'sshd_config')),
                ],
                stdin=subprocess.DEVNULL,
                stderr=log,
            )
        self._wait()

    def stop(self) -> None:
        """End it; a second time does nothing."""
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
            # Under a prefix sshd dies a moment after that.
            self._wait(listens=False)

    def _config(self, port: int) -> str:
        return (
            f'Port {port}\n'
            'ListenAddress 127.0.0.1\n'
            f'HostKey {self.directory}/host_key\n'
            f'AuthorizedKeysFile {self.directory}/authorized_keys\n'
            'PasswordAuthentication no\n'
            'PermitRootLogin prohibit-password\n'
            # The directory lies in one that all may write.
            'StrictModes no\n'
            'UsePAM no\n'
            'PidFile none\n'
        ) + (f'ForceCommand {self.force}\n' if self.force else '')

    def _wait(self, listens: bool = True) -> None:
        """Until it listens, or nobody does any more."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            # Not what an earlier one left.
            if listens and self.process.poll() is not None:
                break
            with socket.socket() as connection:
                refused = connection.connect_ex(('127.0.0.1', self.host.port))
            if listens is not bool(refused):
                return
            time.sleep(0.05)
        log = (self.directory / 'log').read_text()
        state = 'does not listen' if listens else 'still listens'
        raise RuntimeError(f'sshd {state}: {log}')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
