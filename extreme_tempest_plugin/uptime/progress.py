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
"""How a service does, for a terminal: read from the end of a growing part."""

import dataclasses
import pathlib

import msgspec

from extreme_tempest_plugin.history import events

#: A sample older than this many intervals says nothing about now.
_STALE_INTERVALS = 5
_STALE_NS = 2_000_000_000
_CHUNK = 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """Counts so far.

    :param samples: answered or failed.
    :param up: None if no sample says anything about now.
    :param error: class of the last sample's error.
    """

    samples: int = 0
    failed: int = 0
    missed: int = 0
    up: bool | None = None
    error: str = ''


class Tail:
    """Counts the samples of a part as it grows.

    :param path: of the part; it need not be there yet.
    :param interval_ns: between two samples.
    """

    def __init__(self, path: pathlib.Path, interval_ns: int) -> None:
        self._path = path
        self._stale_ns = max(_STALE_INTERVALS * interval_ns, _STALE_NS)
        self._decoder = msgspec.json.Decoder(events.AnyEvent)
        self._offset = 0
        self._samples = self._failed = self._missed = 0
        self._last: events.Sample | None = None

    def read(self, now: int) -> Progress:
        """What the part holds by now.

        :param now: CLOCK_MONOTONIC, ns.
        """
        try:
            with self._path.open('rb') as part:
                part.seek(self._offset)
                while lines := part.readlines(_CHUNK):
                    for line in lines:
                        if line.endswith(b'\n'):
                            self._offset += len(line)
                            self._take(line)
        except OSError:
            # Whoever judges the run will meet it, and say so.
            pass
        return self._progress(now)

    def _take(self, line: bytes) -> None:
        try:
            event = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        if isinstance(event, events.Missed):
            self._missed += 1
        elif isinstance(event, events.Sample):
            self._samples += 1
            self._failed += bool(event.error)
            if self._last is None or event.sent > self._last.sent:
                self._last = event

    def _progress(self, now: int) -> Progress:
        last, up, error = self._last, None, ''
        if last is not None and now - last.done <= self._stale_ns:
            up, error = not last.error, last.error
        return Progress(self._samples, self._failed, self._missed, up, error)
