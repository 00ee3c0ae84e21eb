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
"""Read a history, or the part of one that a process wrote."""

import collections.abc
import functools
import pathlib

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events

#: What decoding a damaged line raises; deep nesting is a RecursionError.
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: Bytes of a line that are read; no event is nearly as long, and a file that
#: is no history may be one line of any length.
_LONGEST = 2**24

#: Characters of an error that are shown; it may quote what was read.
_SHOWN = 200


class _Version(msgspec.Struct, frozen=True):
    """The part of a header that every version has."""

    history: int


class Reader:
    """Streams a history; the last line may be torn.

    :param path: a merged history with its header, or a part without one.
    :ivar header: the header, None for a part.
    :ivar torn: after iterating: number of the torn last line, 0 if whole.
    :raises HistoryError: if the file cannot be read, is no history, is of a
        newer version, or has a broken line before its end.
    """

    def __init__(self, path: pathlib.Path, part: bool = False) -> None:
        self.path = path
        self.torn = 0
        self.header: events.Header | None = None
        self._decoder = msgspec.json.Decoder(events.AnyEvent)
        if not part:
            self.header = self._read_header()

    def __iter__(self) -> collections.abc.Iterator[events.AnyEvent]:
        first = 1 if self.header is None else 2
        for number, line, last in self._lines():
            if number < first:
                continue
            try:
                yield self._decoder.decode(line)
            except _BROKEN as error:
                if last and not line.endswith(b'\n'):
                    self.torn = number
                    return
                raise errors.HistoryError(
                    f'{self.path}:{number}: {_why(line, error)}'
                ) from None

    def _lines(self) -> collections.abc.Iterator[tuple[int, bytes, bool]]:
        try:
            if self.path.exists() and not self.path.is_file():
                # To open a pipe would be to wait for who writes to it.
                raise errors.HistoryError(
                    f'{self.path}: cannot be read: it is no file'
                )
            with self.path.open('rb') as file:
                number, held = 0, b''
                read = functools.partial(file.readline, _LONGEST)
                for line in iter(read, b''):
                    if number:
                        yield number, held, False
                    number, held = number + 1, line
                if number:
                    yield number, held, True
        except OSError as error:
            raise errors.HistoryError(
                f'{self.path}: cannot be read: {error.strerror}'
            ) from None

    def _read_header(self) -> events.Header:
        for _, line, _ in self._lines():
            try:
                self._check_version(line)
                return msgspec.json.decode(line, type=events.Header)
            except _BROKEN:
                break
        raise errors.HistoryError(
            f'{self.path}:1: not a history: the first line is no header; '
            'name the history.jsonl of a run'
        )

    def _check_version(self, line: bytes) -> None:
        # First and alone: the header of a newer version may look different.
        version = msgspec.json.decode(line, type=_Version).history
        if version > events.VERSION:
            raise errors.HistoryError(
                f'{self.path}:1: history version {version} is '
                f'newer than {events.VERSION}: update this plugin'
            )


def _why(line: bytes, error: Exception) -> str:
    """What is wrong with a line, for people."""
    try:
        msgspec.json.decode(line, type=_Version)
    except _BROKEN:
        said = ' '.join(str(error).split())[:_SHOWN]
        return f'not an event of a history: {said}'
    return (
        'a second header: several histories in one file; check each of them '
        'alone'
    )
