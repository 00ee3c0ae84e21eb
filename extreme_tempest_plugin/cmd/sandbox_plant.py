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
"""``tempest extreme sandbox plant list | on | off``."""

import argparse
import collections.abc

from cliff import columns
from cliff import lister

from extreme_tempest_plugin.cmd import sandbox_base
from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox import progress
from extreme_tempest_plugin.sandbox.lifecycle import Sandbox
from extreme_tempest_plugin.sandbox.plants import Plant
from extreme_tempest_plugin.sandbox.plants.carriers import Planted
from extreme_tempest_plugin.sandbox.plants.planting import Planter

_Table = tuple[tuple[str, ...], collections.abc.Iterable[tuple[object, ...]]]


class _Plants(sandbox_base.Explained, lister.Lister):
    """A command that shows plants."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        sandbox_base.add_plants_dir(parser)
        return parser


class List(_Plants):
    """Show the known bugs that can be brought back. Needs no sandbox."""

    example = 'tempest extreme sandbox plant list --plants-dir my-plants'

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        known = plants.known(parsed_args.plants_dir)
        names = ('plant', 'title', 'reference', 'units', 'file')
        return names, [
            (
                plant.id,
                plant.title,
                plant.reference,
                ' '.join(plant.units),
                str(plant.path),
            )
            for _, plant in sorted(known.items())
        ]


class _Switch(_Plants):
    """Changes what the services of a running sandbox carry."""

    interrupted = 'the same command finishes what it began'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('plant', nargs='+', metavar='ID')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        known = plants.known(parsed_args.plants_dir)
        layout = sandbox_base.layout_of(parsed_args)
        with (
            progress.shown() as told,
            Sandbox(layout, told).planter() as planter,
        ):
            self.switch(planter, known, parsed_args.plant)
            rows = planter.look()
        names = ('plant', 'host', 'unit', 'wanted', 'processes')
        return names, [
            (row.plant, row.host, row.unit, row.wanted, _Processes(row))
            for row in rows
        ]

    def switch(
        self,
        planter: Planter,
        known: collections.abc.Mapping[str, Plant],
        ids: collections.abc.Sequence[str],
    ) -> None:
        raise NotImplementedError


class On(_Switch):
    """Bring known bugs back in a running sandbox.

    Restarts the units that the plants name, and no others, and waits until
    the cloud answers again. Shows which processes carry a plant then.
    """

    example = 'tempest extreme sandbox plant on b05 b24'

    def switch(
        self,
        planter: Planter,
        known: collections.abc.Mapping[str, Plant],
        ids: collections.abc.Sequence[str],
    ) -> None:
        planter.on(plants.choose(known, ids))


class Off(_Switch):
    """Take known bugs out of a running sandbox again.

    A plant of a directory of your own is found by its id alone. Shows which
    processes carry a plant then: none, unless there are other plants.
    """

    example = 'tempest extreme sandbox plant off b05 b24'

    def switch(
        self,
        planter: Planter,
        known: collections.abc.Mapping[str, Plant],
        ids: collections.abc.Sequence[str],
    ) -> None:
        planter.off(ids, known)


class _Processes(columns.FormattableColumn[object]):
    """Their number for people, their ids for machines."""

    def __init__(self, row: Planted) -> None:
        super().__init__(row)
        self._row = row

    def human_readable(self) -> str:
        return self._row.state

    def machine_readable(self) -> list[int]:
        return list(self._row.processes)
