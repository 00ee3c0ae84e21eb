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
"""A sandbox that a benchmark runs campaigns on, and the rows that it keeps."""

import pathlib
import subprocess
import sys

import msgspec

from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import workspace

TEMPEST = pathlib.Path(sys.executable).with_name('tempest')

#: Seconds that one command may take, with all that is around it.
MOST = 1800


class Cloud:
    """A sandbox, by its commands."""

    def __init__(self, name):
        self._name = name
        self.runs = (
            workspace.Workspace(layout.Layout(name).workspace).root / 'runs'
        )

    def sandbox(self, verb, *words, check=True):
        """A command of the sandbox, ``plant on`` for one.

        :raises SystemExit: if it failed and may not.
        """
        done = subprocess.run(
            [
                *(str(TEMPEST), 'extreme', 'sandbox', *verb.split()),
                *('--name', self._name, *words),
            ],
            capture_output=True,
            text=True,
            timeout=MOST,
        )
        if check and done.returncode:
            raise SystemExit(f'sandbox {verb}: {done.stderr[-2000:]}')
        return done

    def tempest(self, *words):
        """A command of Tempest against it, whatever its exit code is."""
        return self.run(TEMPEST, *words)

    def run(self, program, *words):
        """Any command in its place, whatever its exit code is."""
        return self.sandbox('exec', '--', str(program), *words, check=False)

    def last_run(self):
        """The directory of the last campaign, None before the first."""
        return max(self.runs.glob('*/'), default=None)


class Rows:
    """Rows of a table in a file, so that it goes on if it was broken off.

    :param kind: of a row.
    """

    def __init__(self, path, kind):
        self._path = path
        self.rows = []
        if path.exists():
            lines = path.read_bytes().splitlines()
            self.rows = [msgspec.json.decode(one, type=kind) for one in lines]

    def add(self, row):
        """Keep one."""
        self.rows.append(row)
        with self._path.open('ab') as file:
            file.write(msgspec.json.encode(row) + b'\n')
