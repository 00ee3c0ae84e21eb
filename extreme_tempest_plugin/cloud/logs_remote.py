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
"""Runs on the host whose logs are read; see logs.py. Reads and nothing else.

Sent to ``python3 -`` over SSH, so it is one file, has no imports of ours,
and keeps to Python 3.6. Argument: what is wanted, as JSON. Output: what was
found, as JSON.

    {"patterns": ["/var/log/nova/*.log", "/var/log/neutron"],
     "known": {"/var/log/nova/nova-api.log": [inode, offset]},
     "lines": 200, "bytes": 8388608, "baseline": false}

    {"known": {...}, "lines": [["/var/log/nova/nova-api.log", "..."], ...],
     "dropped": 0, "skipped_bytes": 0, "trouble": ["path: why"]}
"""

import glob
import io
import json
import os
import re
import sys

LEVEL = re.compile(rb'(?:^|\s)(?:ERROR|CRITICAL|TRACE)\s')
# oslo.log writes each line of a traceback with the level: "ERROR nova.api
#   File ...". The exception itself, its last line, is enough.
FRAME = re.compile(
    rb'\s(?:ERROR|CRITICAL|TRACE)\s\S+\s(?:\s|$|Traceback \(most recent)'
)
LINE_LIMIT = 4000


def paths(patterns: list) -> list:
    """The files that the patterns mean, each once."""
    found: set = set()
    for pattern in patterns:
        if os.path.isdir(pattern):
            pattern = os.path.join(pattern, '*.log')
        found.update(path for path in glob.glob(pattern))
    return sorted(path for path in found if os.path.isfile(path))


def parts(path: str, known: dict) -> list:
    """(file, offset) to read for a path, the rotated file first."""
    inode = os.stat(path).st_ino
    if path not in known:
        return [(path, 0)]
    old, offset = known[path]
    if old == inode:
        size = os.stat(path).st_size
        # Shorter than before: copied and truncated.
        return [(path, offset if offset <= size else 0)]
    directory = os.path.dirname(path)
    rotated = [
        entry.path for entry in os.scandir(directory) if entry.inode() == old
    ]
    return [(name, offset) for name in rotated] + [(path, 0)]


class Reading:
    """One pass over the files."""

    def __init__(self, wanted: dict) -> None:
        self.wanted = wanted
        self.known: dict = {}
        self.lines: dict = {}
        self.dropped = 0
        self.skipped_bytes = 0
        self.trouble: list = []

    def run(self) -> dict:
        """Read every file; trouble with one does not stop the others."""
        for path in paths(self.wanted['patterns']):
            try:
                self.one(path)
            except OSError as error:
                self.trouble.append(f'{path}: {error.strerror}')
        lines = self.shared()
        return {
            'known': self.known,
            'lines': lines,
            'dropped': self.dropped,
            'skipped_bytes': self.skipped_bytes,
            'trouble': self.trouble,
        }

    def one(self, path: str) -> None:
        """New lines of a path, and how far it was read."""
        if self.wanted['baseline']:
            with open(path, 'rb') as file:
                status = os.fstat(file.fileno())
            self.known[path] = [status.st_ino, status.st_size]
            return
        for name, offset in parts(path, self.wanted['known']):
            with open(name, 'rb') as file:
                end = self.new(path, file, offset)
                if name == path:
                    self.known[path] = [os.fstat(file.fileno()).st_ino, end]

    def new(self, path: str, file: io.BufferedReader, offset: int) -> int:
        """Lines from an offset on; returns the offset of what is left."""
        limit = self.wanted['bytes']
        size = os.fstat(file.fileno()).st_size
        if size - offset > limit:
            self.skipped_bytes += size - offset - limit
            offset = size - limit
        file.seek(offset)
        data = file.read(size - offset)
        # What has no end yet is being written: next time.
        whole = data[: data.rfind(b'\n') + 1]
        for line in whole.splitlines():
            if LEVEL.search(line) and not FRAME.search(line):
                self.found(path, line)
        return offset + len(whole)

    def found(self, path: str, line: bytes) -> None:
        """Keep a line, or count it."""
        lines = self.lines.setdefault(path, [])
        if len(lines) < self.wanted['lines']:
            lines.append(line[:LINE_LIMIT].decode('utf-8', 'replace'))
        else:
            self.dropped += 1

    def shared(self) -> list:
        """Lines of every file, so that one which floods leaves room."""
        limit = self.wanted['lines']
        if sum(len(lines) for lines in self.lines.values()) > limit:
            limit = max(1, limit // len(self.lines))
        kept = []
        for path, lines in sorted(self.lines.items()):
            kept += [[path, line] for line in lines[:limit]]
            self.dropped += len(lines[limit:])
        return kept


if __name__ == '__main__':
    json.dump(Reading(json.loads(sys.argv[1])).run(), sys.stdout)
