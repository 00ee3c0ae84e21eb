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
"""The own layer of a host: what lies on top of the shared root."""

import os
import pathlib
import pwd

from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox import templates

# What the build wrote there is of no interest to the user of a sandbox.
_EMPTIED = ('var/log', 'tmp', 'var/tmp')


class Layer:
    """A layer before its host is started, and after it was stopped.

    :param upper: its directory
    :param tree: the root file system below it
    """

    def __init__(self, upper: pathlib.Path, tree: pathlib.Path) -> None:
        self.upper = upper
        self.tree = tree

    def write(self, site: templates.Site, public_key: str) -> None:
        """Write the configuration of a host.

        :param public_key: that the hosts accept, for root and stack
        """
        self.upper.mkdir(parents=True)
        for file in templates.host_files(site):
            self._write(file)
        for name in ('root', 'home/stack'):
            path = f'/{name}/.ssh/authorized_keys'
            self._write(templates.File(path, public_key, 0o600))
        # The commands that initialise a service log, too.
        for directory in _log_directories(site):
            (self.upper / directory).mkdir(parents=True, exist_ok=True)

    def _write(self, file: templates.File) -> None:
        path = self.upper / file.path.lstrip('/')
        self._make_parents(path.parent)
        path.write_text(file.text, 'utf-8')
        path.chmod(file.mode)
        owner = self._owner(file.path)
        if owner:
            os.chown(path, *owner)

    def _make_parents(self, directory: pathlib.Path) -> None:
        """New directories hide those of the root: be like them."""
        missing = [
            path
            for path in (directory, *directory.parents)
            if not path.exists()
        ]
        for path in reversed(missing):
            path.mkdir()
            below = self.tree / path.relative_to(self.upper)
            if below.exists():
                status = below.stat()
                path.chmod(status.st_mode & 0o7777)
                os.chown(path, status.st_uid, status.st_gid)
            elif path.name == '.ssh':
                path.chmod(0o700)
                owner = self._owner(f'/{path.relative_to(self.upper)}')
                if owner:
                    os.chown(path, *owner)

    def _owner(self, path: str) -> tuple[int, int] | None:
        """Files below a home belong to its user; others to root."""
        if not path.startswith('/home/stack/'):
            return None
        passwd = (self.tree / 'etc/passwd').read_text('utf-8')
        for line in passwd.splitlines():
            entry = pwd.struct_passwd(line.split(':'))
            if entry.pw_name == 'stack':
                return int(entry.pw_uid), int(entry.pw_gid)
        return None

    def keep(self, target: pathlib.Path) -> None:
        """Move it into the cache, without the traces of the build."""
        for name in _EMPTIED:
            _empty(self.upper / name)
        target.parent.mkdir(exist_ok=True)
        _move(self.upper, target)


def _log_directories(site: templates.Site) -> list[str]:
    return [
        f'var/log/{service.directory}'
        for service in services.on(site.topology, site.host.role)
        if service.directory
    ]


def _move(source: pathlib.Path, target: pathlib.Path) -> None:
    try:
        source.rename(target)
    except OSError:
        # The cache is on another file system than the state. Only cp keeps
        # overlayfs' marks: devices and trusted attributes.
        shell.run(['cp', '--archive', str(source), str(target)], timeout=120)


def _empty(directory: pathlib.Path) -> None:
    """Remove the files below a directory, keep the directories."""
    for current, _, names in os.walk(directory):
        for name in names:
            path = pathlib.Path(current, name)
            # A character device is overlayfs' mark of a removed file.
            if path.is_file() or path.is_symlink():
                path.unlink()
