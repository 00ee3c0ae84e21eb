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
"""A unit on a host, and the drop-in that lets it carry plants."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox.api import ApiError
from extreme_tempest_plugin.sandbox.api import Cloud
from extreme_tempest_plugin.sandbox.guest import plants as loader
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.plants import carriers
from extreme_tempest_plugin.sandbox.plants import id_of
from extreme_tempest_plugin.sandbox.plants import Plant
from extreme_tempest_plugin.sandbox.plants.carriers import Planted

# A unit may take as long to start, and is stopped before.
_RESTART_TIMEOUT = 330

_DROP_IN = """\
[Service]
Environment=PYTHONPATH={directory}
Environment={variable}={paths}
RestartPreventExitStatus={refused}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """A unit on a host.

    :param port: that it listens on, 0 for none
    :param files: of the plants that it shall load
    """

    machine: Machine
    name: str
    port: int
    files: tuple[str, ...]

    def beside(self, plants: collections.abc.Iterable[Plant]) -> 'Unit':
        """With those of these plants that are for it, beside its own."""
        files = {id_of(name): name for name in self.files}
        for plant in plants:
            if self.name in plant.units:
                files[plant.id] = plant.file_name
        return dataclasses.replace(self, files=tuple(sorted(files.values())))

    def without(self, ids: collections.abc.Container[str]) -> 'Unit':
        """Without the plants of these ids."""
        files = tuple(name for name in self.files if id_of(name) not in ids)
        return dataclasses.replace(self, files=files)

    @property
    def drop_in(self) -> str:
        directory = f'{carriers.UNITS}/{self.name}.service.d'
        return f'{directory}/{carriers.DROP_IN}'

    @property
    def text(self) -> str:
        """Of its drop-in."""
        paths = (f'{carriers.DIRECTORY}/{name}' for name in self.files)
        return _DROP_IN.format(
            directory=carriers.DIRECTORY,
            variable=loader.VARIABLE,
            paths=':'.join(paths),
            refused=loader.REFUSED,
        )

    @property
    def shown(self) -> str:
        return f'{self.name} on {self.machine.host.name}'

    def is_so(self, rows: collections.abc.Iterable[Planted]) -> bool:
        """Whether it shall and does carry exactly its plants."""
        here = [
            row
            for row in rows
            if (row.host, row.unit) == (self.machine.host.name, self.name)
        ]
        return {row.file_name for row in here} == set(self.files) and all(
            row.wanted and row.processes for row in here
        )

    def restart(self) -> None:
        """:raises errors.SandboxError: it does not start"""
        try:
            self.machine.run(
                ['systemctl', 'restart', self.name], timeout=_RESTART_TIMEOUT
            )
        except errors.CommandFailed:
            raise self._failure() from None

    def check(self) -> None:
        """:raises errors.SandboxError: it has failed"""
        state = self.machine.run(
            ['systemctl', 'show', '-P', 'ActiveState', self.name]
        )
        if state.strip() == 'failed':
            raise self._failure()

    def listens(self) -> bool:
        """Whether it answers on its own host, if it has a port."""
        if not self.port:
            return True
        try:
            Cloud(self.machine.host.address, '').get(self.port, '/')
        except ApiError as error:
            return error.status > 0
        return True

    def _failure(self) -> errors.SandboxError:
        """What the loader said, else the end of the journal."""
        journal = self.machine.journal(self.name, 50)
        for line in reversed(journal.splitlines()):
            _, _, said = line.partition(loader.MARK)
            # An older line may be of a plant that is not wanted any more.
            if said.partition(':')[0] in map(id_of, self.files):
                return errors.SandboxError(
                    f'{self.shown} does not start with plant {said}; it '
                    'would without'
                )
        return errors.StepFailed(
            f'{self.shown} does not start', shell.tail(journal)
        )


def put(machine: Machine, path: str, text: str) -> None:
    """Write a file on a host."""
    machine.run(
        ['install', '-D', '--mode=0644', '/dev/stdin', path], stdin=text
    )
