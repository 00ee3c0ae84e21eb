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
"""What this run created and still owes a deletion.

One file per storm process, appended to before each create is sent, so that
a process that dies leaves no resource that nobody knows of. A create whose
answer was lost is found by its name, which is unique in the world.
"""

import collections.abc
import fcntl
import os
import pathlib
import typing

import msgspec

from extreme_tempest_plugin import errors


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line.

    :param what: ``owed`` before the create, ``made`` with the id after it,
        ``gone`` when the resource was seen to be no more.
    :param id: id in the service, where it is known.
    """

    what: typing.Literal['owed', 'made', 'gone']
    kind: str
    name: str
    id: str = ''


class Debt(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that may exist.

    :param name: under which it was created; unique.
    :param id: empty while nobody knows it.
    """

    kind: str
    name: str
    id: str = ''

    @property
    def resource(self) -> str:
        """As the history names it; by name where no id is known."""
        return f'{self.kind}/{self.id or self.name}'


class Ledger:
    """Appends to one file.

    :raises OSError: if it cannot be written; nothing may be created then.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        # Until this process ends, however it does: see ``in_use``.
        fcntl.flock(self._fd, fcntl.LOCK_SH)

    def owe(self, kind: str, name: str) -> None:
        """A create is about to be sent."""
        self._write(Entry(what='owed', kind=kind, name=name))

    def made(self, kind: str, name: str, id_: str) -> None:
        """A create was acknowledged."""
        self._write(Entry(what='made', kind=kind, name=name, id=id_))

    def gone(self, kind: str, name: str) -> None:
        """The resource was seen to be no more."""
        self._write(Entry(what='gone', kind=kind, name=name))

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def _write(self, entry: Entry) -> None:
        data = msgspec.json.encode(entry) + b'\n'
        while data:
            data = data[os.write(self._fd, data) :]


def in_use(path: pathlib.Path) -> bool:
    """Whether a process is still writing it."""
    with path.open('rb') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def read(paths: collections.abc.Iterable[pathlib.Path]) -> tuple[Debt, ...]:
    """What is still owed, in the order in which it was created.

    A torn last line is a create that was never sent, or an id that is found
    by its name; either way it is not needed.

    :raises HarnessError: if a ledger cannot be read: then nobody knows what
        is owed.
    """
    debts: dict[tuple[str, str], Debt] = {}
    for path in paths:
        for entry in _entries(path):
            key = (entry.kind, entry.name)
            if entry.what == 'gone':
                debts.pop(key, None)
            elif entry.what == 'owed' or key in debts:
                debts[key] = Debt(
                    kind=entry.kind, name=entry.name, id=entry.id
                )
    return tuple(debts.values())


def made(
    paths: collections.abc.Iterable[pathlib.Path], kind: str
) -> dict[str, str]:
    """All that was created of a kind, whether it is still owed or not.

    :returns: id to the name under which it was created.
    :raises HarnessError: if a ledger cannot be read.
    """
    return {
        entry.id: entry.name
        for path in paths
        for entry in _entries(path)
        if entry.kind == kind and entry.what == 'made'
    }


def _entries(path: pathlib.Path) -> collections.abc.Iterator[Entry]:
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        # The process died before it created anything.
        return
    except OSError as error:
        raise errors.HarnessError(
            f'{path}: the ledger cannot be read: {error.strerror}; look for '
            'servers and keypairs whose names begin with xt-'
        ) from error
    for number, text in enumerate(lines, start=1):
        try:
            yield msgspec.json.decode(text, type=Entry)
        except msgspec.DecodeError as error:
            if number == len(lines) and not text.endswith(b'\n'):
                return
            raise errors.HarnessError(
                f'{path}:{number}: not a line of a ledger: {error}'
            ) from None
