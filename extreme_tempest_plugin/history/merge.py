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
"""Merge the parts that the processes of a run wrote into one history."""

import collections.abc
import pathlib

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.history import writer

#: ns by which the times of a part may go back. Its threads write after they
#: have looked at the clock, and a disk that stalls may hold one up.
MOST_BACK = 10_000_000_000


def merge(
    header: events.Header,
    parts: collections.abc.Sequence[pathlib.Path],
    path: pathlib.Path,
) -> None:
    """Write all events of ``parts`` in order of time, numbered from 1.

    A part that is torn or broken gives what is readable of it and a note, so
    that no checker takes its silence for good news. So does one whose times
    go back, for in order of time its events are mixed up.

    :param header: first line of the result.
    :param parts: the files that processes wrote.
    :param path: the history to write; it appears whole or not at all.
    :raises HistoryError: if there is no part at all.
    :raises OSError: if the result cannot be written.
    """
    if not parts:
        raise errors.HistoryError(f'{path}: no part to merge')
    merged: list[events.AnyEvent] = []
    for part in sorted(parts):
        merged.extend(_read(part, header.t))
    # The sort is stable: events of one part and one instant keep their order.
    merged.sort(key=lambda event: event.t)
    unfinished = path.with_name(path.name + '.part')
    unfinished.unlink(missing_ok=True)
    with writer.Writer(unfinished) as out:
        out.header(header)
        for number, event in enumerate(merged, start=1):
            out.append(msgspec.structs.replace(event, n=number))
    unfinished.rename(path)


def _read(
    part: pathlib.Path, start: int
) -> collections.abc.Iterator[events.AnyEvent]:
    source = reader.Reader(part, part=True)
    last, back = start, ''
    # A process says first of all that it began.
    trouble = 'empty: its process wrote nothing'
    try:
        for line, event in enumerate(source, start=1):
            trouble = ''
            if event.t < last - MOST_BACK and not back:
                back = (
                    f'at line {line} its times go back by '
                    f'{(last - event.t) / 1e9:.0f} s: its clock jumped, or '
                    'it is of another run'
                )
            last = max(last, event.t)
            yield event
    except errors.HistoryError as error:
        trouble = str(error)
    if source.torn:
        trouble = f'line {source.torn} is torn: the writer was killed'
    for what, text in (
        (events.Topic.UNMEASURED, back),
        (events.Topic.TORN, trouble),
    ):
        if text:
            yield events.Note(
                t=last,
                actor='campaign',
                what=what,
                about=part.name,
                text=text,
            )
