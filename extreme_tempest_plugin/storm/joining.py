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
"""Load processes on other machines, over the connection of Locust's workers.

A guest shows that it has the key, is told its share of the storm, and sends
home what it writes. Share and lines are encrypted with the key (Fernet);
Locust's own messages (statistics, numbers of users, heartbeats) are not.
"""

import collections.abc
import logging
import pathlib
import typing

import msgspec
from cryptography import fernet

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.storm import spec as storm_spec

LOG = logging.getLogger(__name__)

#: Names of messages.
_JOIN = 'extreme-join'
_SHARE = 'extreme-share'
_LINES = 'extreme-lines'
_STOP = 'extreme-stop'


class _Lines(msgspec.Struct, frozen=True, kw_only=True):
    """What a guest has written since the last time.

    :param last: nothing follows.
    """

    part: bytes
    ledger: bytes
    last: bool = False


class Host:
    """The side of the master.

    :param told: shares of the guests, and the key.
    :param runner: Locust's master.
    """

    def __init__(
        self, told: storm_spec.MasterSpec, runner: typing.Any
    ) -> None:
        self._seal = fernet.Fernet(told.key)
        self._runner = runner
        self._free = list(told.guests)
        self._guests: dict[str, storm_spec.WorkerSpec] = {}
        self._done: set[str] = set()
        runner.register_message(_JOIN, self._join)
        runner.register_message(_LINES, self._lines)

    @property
    def waiting(self) -> bool:
        """Whether a guest has not sent home its last line."""
        return len(self._done) < len(self._guests)

    @property
    def lost(self) -> bool:
        """Whether a guest is gone that has not sent home its last line."""
        there = {
            client.id
            for client in self._runner.clients.all
            if client.state != 'missing'
        }
        return any(
            guest not in there and guest not in self._done
            for guest in self._guests
        )

    def stop(self) -> None:
        """Tell the guests to fire no more."""
        for guest in self._guests:
            self._runner.send_message(_STOP, None, client_id=guest)

    def _join(self, environment: object, msg: typing.Any) -> None:
        if self._open(msg) != msg.node_id.encode():
            LOG.error('a worker without the right key is not let in')
            return
        if msg.node_id in self._guests or not self._free:
            return
        share = self._guests[msg.node_id] = self._free.pop(0)
        sealed = self._seal.encrypt(msgspec.json.encode(share))
        self._runner.send_message(_SHARE, sealed, client_id=msg.node_id)

    def _lines(self, environment: object, msg: typing.Any) -> None:
        share = self._guests.get(msg.node_id)
        text = self._open(msg)
        if share is None or text is None:
            return
        lines = msgspec.msgpack.decode(text, type=_Lines)
        # First what is owed: a history without it would be of less use.
        _append(share.ledger, lines.ledger)
        _append(share.part, lines.part)
        if lines.last:
            self._done.add(msg.node_id)

    def _open(self, msg: typing.Any) -> bytes | None:
        try:
            return self._seal.decrypt(msg.data)
        except (fernet.InvalidToken, TypeError):
            return None


class Guest:
    """The side of a worker on another machine.

    :param told: the key.
    :param runner: Locust's worker.
    :param directory: for what it writes.
    :param begin: called with its share.
    :param stop: called when it is to fire no more.
    """

    def __init__(
        self,
        told: storm_spec.GuestSpec,
        runner: typing.Any,
        directory: pathlib.Path,
        begin: collections.abc.Callable[[storm_spec.WorkerSpec], None],
        stop: collections.abc.Callable[[], None],
    ) -> None:
        self._seal = fernet.Fernet(told.key)
        self._runner = runner
        self._part = directory / 'part.jsonl'
        self._ledger = directory / 'ledger.jsonl'
        self._sent = {self._part: 0, self._ledger: 0}
        self._begin = begin
        runner.register_message(_SHARE, self._take)
        runner.register_message(_STOP, lambda environment, msg: stop())
        self._send(_JOIN, runner.client_id.encode())

    def send_home(self, last: bool = False) -> None:
        """Send what was written since the last time."""
        ledger, part = self._new(self._ledger), self._new(self._part)
        if ledger or part or last:
            lines = _Lines(part=part, ledger=ledger, last=last)
            self._send(_LINES, msgspec.msgpack.encode(lines))

    def _take(self, environment: object, msg: typing.Any) -> None:
        share = msgspec.json.decode(
            self._seal.decrypt(msg.data), type=storm_spec.WorkerSpec
        )
        self._begin(
            msgspec.structs.replace(
                share, part=str(self._part), ledger=str(self._ledger)
            )
        )

    def _new(self, path: pathlib.Path) -> bytes:
        try:
            with path.open('rb') as file:
                file.seek(self._sent[path])
                text = file.read()
        except FileNotFoundError:
            return b''
        self._sent[path] += len(text)
        return text

    def _send(self, kind: str, data: bytes) -> None:
        self._runner.send_message(kind, self._seal.encrypt(data))


def _append(path: str, text: bytes) -> None:
    with pathlib.Path(path).open('ab') as file:
        file.write(text)


def read_key(path: pathlib.Path) -> str:
    """The key of both sides.

    :raises UsageError: if there is none in the file.
    """
    try:
        key = path.read_text(encoding='ascii').strip()
        fernet.Fernet(key)
    except (OSError, ValueError) as error:
        raise errors.UsageError(
            f'{path}: no key of workers: {error}; make one with: '
            'python3 -c "from cryptography import fernet; '
            'print(fernet.Fernet.generate_key().decode())"'
        ) from None
    return key
