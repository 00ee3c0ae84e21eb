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
"""Removes what nobody needs any more from the cache."""

import collections.abc
import pathlib
import shutil

#: Entries of a kind that are kept: several branches and selections are in
#: use by turns.
KEPT = 4
#: Begins the name of an entry that was replaced; its own name follows.
REPLACED = 'replaced-'


def layers_in_use(
    proc: pathlib.Path = pathlib.Path('/proc'),
) -> frozenset[str]:
    """Directories below the overlays of all mount namespaces.

    :param proc: where the processes are
    """
    found: set[str] = set()
    for path in proc.glob('[0-9]*/mountinfo'):
        try:
            text = path.read_text('utf-8', 'replace')
        except OSError:
            continue
        for line in text.splitlines():
            for option in line.rpartition(' ')[2].split(','):
                name, _, value = option.partition('=')
                if name == 'lowerdir':
                    found.update(value.split(':'))
    return frozenset(found)


def prune(
    root: pathlib.Path, kind: str, in_use: collections.abc.Iterable[str]
) -> None:
    """Remove entries that were replaced, and the longest unused of a kind.

    :param root: of the cache
    :param kind: ``root`` or ``golden-<topology>``
    :param in_use: see layers_in_use(); an entry with one of them stays
    """
    entries = [
        path for path in root.iterdir() if path.name.rpartition('-')[0] == kind
    ]
    entries.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in (*entries[KEPT:], *root.glob(f'{REPLACED}*')):
        name = path.name.removeprefix(REPLACED).partition('.')[0]
        below = f'{root / name}/'
        if not any(layer.startswith(below) for layer in in_use):
            shutil.rmtree(path, ignore_errors=True)
