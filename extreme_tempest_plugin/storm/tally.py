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
"""Count the operations in a part of a history while it is written."""

import collections.abc
import dataclasses
import pathlib

import msgspec

from extreme_tempest_plugin.history import events


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Operations up to now.

    :param started: the load process has begun.
    :param settled: that reached what they wanted.
    :param stuck: that did not.
    :param pending: acknowledged and not come to rest.
    """

    started: bool = False
    ok: int = 0
    fail: int = 0
    info: int = 0
    settled: int = 0
    stuck: int = 0

    @property
    def pending(self) -> int:
        """Acknowledged and not come to rest."""
        return self.ok - self.settled - self.stuck


#: Told of an event.
Hear = collections.abc.Callable[[events.AnyEvent], None]


class Tally:
    """Reads what was appended since the last time.

    :param path: the part; it need not be there yet.
    :param hear: told of each event.
    """

    def __init__(
        self, path: pathlib.Path, hear: Hear = lambda event: None
    ) -> None:
        self._path = path
        self._hear = hear
        self._offset = 0
        self._decoder = msgspec.json.Decoder(events.AnyEvent)
        self._progress = Progress()

    def read(self) -> Progress:
        """Numbers up to now."""
        try:
            with self._path.open('rb') as part:
                part.seek(self._offset)
                text = part.read()
        except OSError:
            return self._progress
        # The last line may be half written.
        whole = text[: text.rfind(b'\n') + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                event = self._decoder.decode(line)
            except msgspec.DecodeError:
                # The merge reports it; here it is only not counted.
                continue
            self._count(event)
            self._hear(event)
        return self._progress

    def _count(self, event: events.Event) -> None:
        match event:
            case events.Ok():
                seen = Progress(ok=1)
            case events.Fail():
                seen = Progress(fail=1)
            case events.Info():
                seen = Progress(info=1)
            case events.Settled(reached=True):
                seen = Progress(settled=1)
            case events.Settled():
                seen = Progress(stuck=1)
            case events.Note(what=events.Topic.STARTED):
                self._progress = dataclasses.replace(
                    self._progress, started=True
                )
                return
            case _:
                return
        both = add((self._progress, seen))
        self._progress = dataclasses.replace(
            both, started=self._progress.started
        )


def add(parts: collections.abc.Iterable[Progress]) -> Progress:
    """Numbers of all load processes together; begun when all have."""
    every = tuple(parts)
    return Progress(
        started=all(part.started for part in every),
        ok=sum(part.ok for part in every),
        fail=sum(part.fail for part in every),
        info=sum(part.info for part in every),
        settled=sum(part.settled for part in every),
        stuck=sum(part.stuck for part in every),
    )
