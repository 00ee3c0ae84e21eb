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
"""Append events to one file.

One file per process, so no lock is shared between processes. A line is
written by one ``write`` to a descriptor opened with O_APPEND: after
``kill -9`` at most the last line is torn.
"""

import os
import pathlib
import threading
import types

import msgspec

from extreme_tempest_plugin.history import events


class Writer:
    """Appends events to a part of a history; safe between threads.

    :param path: file to append to; made, readable by its owner alone, if it
        is not there.
    :raises OSError: if it cannot be written; the caller decides what that
        means for the run.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self._encoder = msgspec.json.Encoder()
        self._lock = threading.Lock()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def header(self, header: events.Header) -> None:
        """Write the first line of a complete history."""
        self.append(header)

    def append(self, event: events.Event | events.Header) -> None:
        """Write one event."""
        data = self._encoder.encode(event) + b'\n'
        with self._lock:
            written = os.write(self._fd, data)
            # A short write (a full disk that got room again) is continued,
            # so that two lines are never mixed.
            while written < len(data):
                written += os.write(self._fd, data[written:])

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> 'Writer':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.close()
