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
"""An initial file system for a kernel, with files of this machine; cpio(5).

Format newc, which the kernel unpacks into its root, see
Documentation/driver-api/early-userspace/buffer-format.rst of Linux.
"""

import collections.abc
import os
import pathlib
import re
import stat
import subprocess

_MERGED = ('bin', 'sbin', 'lib', 'lib64')
_LIBRARY = re.compile(r'^\s+(?:\S+ => )?(/\S+) \(', re.MULTILINE)
_ELF = b'\x7fELF'


class Initramfs:
    """What will be the root file system."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes]] = {}
        for name in _MERGED:
            self.link(name, f'usr/{name}')

    def write(self, path: pathlib.Path) -> None:
        """Write it; the order is that of making, directories first."""
        with path.open('wb') as file:
            for number, (name, (mode, data)) in enumerate(
                (*self._entries.items(), ('TRAILER!!!', (0, b''))), start=1
            ):
                encoded = name.encode() + b'\0'
                numbers = (
                    *(number, mode, 0, 0, 1, 0, len(data)),
                    *(0, 0, 0, 0, len(encoded), 0),
                )
                head = b'070701' + b''.join(b'%08x' % one for one in numbers)
                for part in (head + encoded, data):
                    file.write(part + bytes(-len(part) % 4))

    def file(self, path: str, data: bytes | str, mode: int = 0o644) -> None:
        """Make a file of that content."""
        content = data.encode() if isinstance(data, str) else data
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path: str, to: str) -> None:
        """Make a symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, to.encode())

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Make a directory, and those above it."""
        self._add(path, stat.S_IFDIR | mode, b'')

    def copy(self, paths: collections.abc.Iterable[str]) -> None:
        """Copy files, and the libraries that their programs need."""
        wanted = [path for path in paths if os.path.isfile(path)]
        programs = [path for path in wanted if _begins(path, _ELF)]
        said = subprocess.run(
            ['ldd', *programs], capture_output=True, encoding='utf-8'
        ).stdout
        for path in (*wanted, *_LIBRARY.findall(said)):
            source = pathlib.Path(path)
            mode = stat.S_IMODE(source.stat().st_mode)
            self.file(path, source.read_bytes(), mode)

    def _add(self, path: str, mode: int, data: bytes) -> None:
        name = path.strip('/')
        first, _, rest = name.partition('/')
        if rest and first in _MERGED:
            name = f'usr/{name}'
        above = os.path.dirname(name)
        if above and above not in self._entries:
            self.directory(above)
        self._entries.setdefault(name, (mode, data))


def of_packages(*names: str) -> list[str]:
    """Programs and what else they need, of Debian packages installed here."""
    said = subprocess.run(
        ['dpkg-query', '-L', *names],
        check=True,
        capture_output=True,
        encoding='utf-8',
    ).stdout
    return [
        line
        for line in said.splitlines()
        if re.match(r'(/usr)?/(s?bin|lib(64)?)/', line)
    ]


def _begins(path: str, magic: bytes) -> bool:
    with open(path, 'rb') as file:
        return file.read(len(magic)) == magic
