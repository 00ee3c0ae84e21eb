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
"""What undoes a fault is on disk before the fault is injected.

One JSON file for each fault, in ``[destructive] state_dir``/faults. A file
appears whole (written beside, synchronised, renamed) and goes only when the
heal is proven, so whatever lies there may still be broken.
"""

import collections.abc
import contextlib
import errno
import fcntl
import os
import pathlib

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.faults import configuration

_UNFINISHED = '.new'


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault that may be active, and all that healing it needs.

    :param fault: its identity within the run, ``fault-1``.
    :param run: which run, for people.
    :param kind: ``service.restart``.
    :param recovery: seconds that the plan gives the target.
    :param utc_ns: when it was written, for the order of the heals.
    """

    fault: str
    run: str
    kind: str
    target: configuration.Target
    recovery: float
    owner: liveness.Owner
    utc_ns: int


class Held(msgspec.Struct, frozen=True):
    """A file of the journal.

    :param entry: None where the file cannot be read.
    :param trouble: why not.
    """

    path: pathlib.Path
    entry: Entry | None = None
    trouble: str = ''


class UnreadableError(errors.UsageError):
    """The journal is there and may not be read: it is somebody else's."""


class Journal:
    """The faults that were injected and are not yet proven healed.

    :param state_dir: ``[destructive] state_dir``, absolute or below ``~``:
        it must be found again from every other directory.
    :raises UsageError: if it is neither.
    """

    def __init__(self, state_dir: pathlib.Path) -> None:
        # Leaves the ~ of a user who is not known, which pathlib raises for.
        path = os.path.expanduser(state_dir)
        if not os.path.isabs(path):
            raise errors.UsageError(
                f'[destructive] state_dir {path!r} is relative: faults that '
                'are left would not be found from another directory; give an '
                'absolute path, or one that begins with ~/'
            )
        self.directory = pathlib.Path(path, 'faults')

    def prepare(self) -> None:
        """Make the directory, and prove that it can be written.

        :raises UsageError: if it cannot.
        """
        with self._explained():
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._write('probe' + _UNFINISHED, b'{}').unlink()

    def check(self) -> None:
        """As :meth:`prepare`, as far as can be seen without making anything.

        :raises UsageError: if it cannot be written.
        """
        there = self.directory
        while not there.exists() and there != there.parent:
            there = there.parent
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            with self._explained():
                raise PermissionError(errno.EACCES, 'cannot be written')

    def add(self, entry: Entry) -> pathlib.Path:
        """Write an entry; once this returns it survives a loss of power.

        :returns: its file, for :meth:`remove`.
        :raises RefusedError: if a fault of another run, or one of the same
            target, is there.
        :raises UsageError: if it cannot be written.
        """
        with self._explained(), self._locked():
            refuse_active(self.held(), entry.owner, entry.target.name)
            name = f'{entry.utc_ns:020d}-{entry.fault}.json'
            data = msgspec.json.format(msgspec.json.encode(entry))
            unfinished = self._write(name + _UNFINISHED, data)
            path = self.directory / name
            unfinished.rename(path)
            self._sync_directory()
        return path

    def remove(self, path: pathlib.Path) -> None:
        """Forget a fault whose heal is proven; a second time does nothing.

        :raises UsageError: if it cannot be removed.
        """
        with self._explained():
            path.unlink(missing_ok=True)
            self._sync_directory()

    def held(self) -> tuple[Held, ...]:
        """What is there, oldest first.

        :raises UnreadableError: if the directory is there and cannot be read.
        """
        return tuple(_read(path) for path in self._files('.json'))

    def unfinished(self) -> tuple[pathlib.Path, ...]:
        """Entries that never became whole: nothing was injected for them.

        :raises UnreadableError: as :meth:`held`.
        """
        return self._files('.json' + _UNFINISHED)

    def _files(self, end: str) -> tuple[pathlib.Path, ...]:
        with self._explained(UnreadableError):
            try:
                # A glob takes what it may not read for empty.
                names = os.listdir(self.directory)
            except FileNotFoundError:
                return ()
        return tuple(
            self.directory / name
            for name in sorted(names)
            if name.endswith(end)
        )

    def _write(self, name: str, data: bytes) -> pathlib.Path:
        path = self.directory / name
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        with os.fdopen(descriptor, 'wb') as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        return path

    def _sync_directory(self) -> None:
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _locked(self) -> collections.abc.Iterator[None]:
        """No other process adds while we look whether we may."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(
            self.directory / 'lock', os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _explained(
        self, kind: type[errors.UsageError] = errors.UsageError
    ) -> collections.abc.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise kind(
                f'{self.directory}: the journal of faults cannot be used: '
                f'{error.strerror}; set [destructive] state_dir to a '
                'directory of yours'
            ) from None


def refuse_active(
    held: collections.abc.Iterable[Held],
    owner: liveness.Owner | None = None,
    target: str = '',
) -> None:
    """Refuse to break anything beside a fault that is not ours.

    :param owner: this process: other faults of its own are its plan's. None
        where no fault at all may be there.
    :param target: refused as well where it is already broken by us.
    :raises RefusedError: naming the fault and what to do.
    """
    for file in held:
        entry = file.entry
        if entry is None:
            raise errors.RefusedError(
                f'{file.path}: {file.trouble}: a fault may be active; run '
                '`tempest extreme heal`'
            )
        if entry.owner == owner and entry.target.name != target:
            continue
        raise errors.RefusedError(
            f'{entry.fault} of run {entry.run} ({entry.kind} of '
            f'{entry.target.name}) is active'
            + (
                f', its process {entry.owner.pid} is alive: wait for its end'
                if liveness.alive(entry.owner)
                and entry.owner.pid != os.getpid()
                else ': run `tempest extreme heal`'
            )
        )


def _read(path: pathlib.Path) -> Held:
    try:
        return Held(path, msgspec.json.decode(path.read_bytes(), type=Entry))
    except FileNotFoundError as error:
        return Held(path, trouble=str(error.strerror))
    except OSError as error:
        return Held(path, trouble=f'cannot be read: {error.strerror}')
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Held(path, trouble=f'is torn or of another version: {error}')
