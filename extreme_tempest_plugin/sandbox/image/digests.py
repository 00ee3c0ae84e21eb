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
"""Digests of what an image is made of, and of what it consists of."""

import hashlib
import importlib.resources.abc
import os
import pathlib


def digest(
    *parts: importlib.resources.abc.Traversable | pathlib.Path | str,
) -> str:
    """A key made of texts and of the files below directories."""
    summed = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            summed.update(f'text {len(part)}\n{part}'.encode())
        else:
            _add(summed, part, part.name)
    return summed.hexdigest()[:16]


def _add(
    summed: 'hashlib._Hash',
    item: importlib.resources.abc.Traversable,
    name: str,
) -> None:
    if item.is_dir():
        for child in sorted(item.iterdir(), key=lambda child: child.name):
            if child.name != '__pycache__':
                _add(summed, child, f'{name}/{child.name}')
        return
    content = item.read_bytes()
    summed.update(f'file {name} {len(content)}\n'.encode())
    summed.update(content)


def inventory(directory: pathlib.Path, ignored: str = '') -> str:
    """A digest of names, types, sizes and times of all files of an entry.

    The contents are not read: that would take longer than to start a cloud.
    Files that were added, lost, truncated or written to are seen; what a
    failing disk changes by itself is not.

    :param ignored: a file at the top that does not count
    """
    summed = hashlib.sha256()
    pending = [str(directory)]
    while pending:
        current = pending.pop()
        with os.scandir(current) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = os.path.relpath(entry.path, directory)
                if path == ignored:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                    summed.update(os.fsencode(f'd {path}\n'))
                else:
                    found = entry.stat(follow_symlinks=False)
                    fact = f'f {path} {found.st_size} {found.st_mtime_ns}\n'
                    summed.update(os.fsencode(fact))
    return summed.hexdigest()
