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
"""``tempest extreme sandbox up | status | down | exec``."""

import argparse
import collections.abc
import itertools
import os
import pathlib
import sys

from cliff import columns
from cliff import command
from cliff import show

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox import preflight
from extreme_tempest_plugin.sandbox import progress
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.lifecycle import Sandbox
from extreme_tempest_plugin.sandbox.status import Record
from extreme_tempest_plugin.sandbox.status import Status as SandboxStatus
from extreme_tempest_plugin.sandbox.workspace import Workspace

_INTERRUPTED = 130


class Explained(command.Command):
    """A command whose errors are one clear message and an exit code."""

    #: Shown below the options.
    example = ''
    #: Said after Ctrl-C.
    interrupted = 'nothing is left running'

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            return super().run(parsed_args)
        except errors.SandboxError as error:
            print(f'error: {error}', file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            print(f'interrupted; {self.interrupted}', file=sys.stderr)
            return _INTERRUPTED

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = f'example: {self.example}'
        parser.add_argument(
            '--name',
            default='extreme',
            help='Name of the sandbox (default: %(default)s).',
        )
        parser.add_argument(
            '--state-dir',
            type=pathlib.Path,
            default=layout_module.STATE_ROOT,
            metavar='DIR',
            help='Directory for hosts and workspaces (default: %(default)s).',
        )
        return parser


def layout_of(arguments: argparse.Namespace) -> layout_module.Layout:
    return layout_module.make(arguments.name, arguments.state_dir)


def add_plants_dir(parser: argparse.ArgumentParser) -> None:
    """The option of each command that takes plants."""
    parser.add_argument(
        '--plants-dir',
        type=pathlib.Path,
        action='append',
        default=[],
        metavar='DIR',
        help='Directory with plants of your own, may be given several times.',
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(',') if name)


class _Hosts(columns.FormattableColumn[object]):
    """One line a host for people, objects for machines."""

    def __init__(self, status: SandboxStatus) -> None:
        super().__init__(status)
        self._status = status

    def human_readable(self) -> str:
        return '\n'.join(
            f'{host.name}: power {host.power}, {len(host.active)} units '
            f'active, failed: {", ".join(host.failed) or "none"}'
            for host in self._status.hosts
        )

    def machine_readable(self) -> list[dict[str, object]]:
        return [
            {
                'name': host.name,
                'power': host.power,
                'active': list(host.active),
                'failed': list(host.failed),
            }
            for host in self._status.hosts
        ]


class _Missing(columns.FormattableColumn[object]):
    """What does not answer."""

    def __init__(self, status: SandboxStatus) -> None:
        super().__init__(status)
        self._status = status

    def human_readable(self) -> str:
        lines = [f'{name}: {why}' for name, why in self._status.missing]
        return '\n'.join(lines) or 'nothing'

    def machine_readable(self) -> dict[str, str]:
        return dict(self._status.missing)


class _Plants(columns.FormattableColumn[object]):
    """Which living processes carry a known bug."""

    def __init__(self, status: SandboxStatus) -> None:
        super().__init__(status)
        self._status = status

    def human_readable(self) -> str:
        lines = []
        for name, rows in itertools.groupby(
            self._status.plants, key=lambda row: row.plant
        ):
            where = ', '.join(
                f'{row.host} {row.unit} ({row.state})' for row in rows
            )
            lines.append(f'{name}: {where}')
        return '\n'.join(lines) or 'none'

    def machine_readable(self) -> list[dict[str, object]]:
        return [
            {
                'plant': row.plant,
                'host': row.host,
                'unit': row.unit,
                'wanted': row.wanted,
                'processes': list(row.processes),
            }
            for row in self._status.plants
        ]


def _shown(
    status: SandboxStatus,
) -> tuple[tuple[str, ...], tuple[object, ...]]:
    names = (
        *('name', 'state', 'topology', 'workspace', 'hosts', 'missing'),
        'plants',
    )
    values = (
        status.name,
        status.state,
        status.topology,
        status.workspace,
        _Hosts(status),
        _Missing(status),
        _Plants(status),
    )
    return names, values


class Up(Explained, show.ShowOne):
    """Start a real small OpenStack on this machine.

    The first time it is built, which takes some minutes. Afterwards it is
    started from the cache. Needs root and Debian 12 or newer.
    """

    example = 'tempest extreme sandbox up'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--topology',
            default='single',
            help='Which hosts: '
            f'{", ".join(sorted(topology.TOPOLOGIES))} '
            '(default: %(default)s).',
        )
        parser.add_argument(
            '--without',
            type=_names,
            default=(),
            metavar='SERVICE[,SERVICE]',
            help='Services to leave out, which saves time and memory.',
        )
        parser.add_argument(
            '--cache-dir',
            type=pathlib.Path,
            default=layout_module.CACHE_ROOT,
            metavar='DIR',
            help='Directory for built images (default: %(default)s).',
        )
        parser.add_argument(
            '--memory',
            type=int,
            metavar='MIB',
            help='Limit for the memory of all hosts together.',
        )
        parser.add_argument(
            '--plant',
            action='append',
            default=[],
            metavar='ID',
            help='A known bug to bring back, may be given several times; '
            'see: tempest extreme sandbox plant list.',
        )
        add_plants_dir(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[object, ...]]:
        layout = layout_of(parsed_args)
        shape = services.select(
            topology.named(parsed_args.topology), parsed_args.without
        )
        cache = layout_module.usable_path(parsed_args.cache_dir)
        known = plants.known(parsed_args.plants_dir)
        chosen = plants.choose(known, parsed_args.plant)
        with progress.shown() as told:
            status = Sandbox(layout, told).up(
                shape, cache, parsed_args.memory, chosen
            )
        return _shown(status)


class Status(Explained, show.ShowOne):
    """Show hosts, their power and units, and whether the APIs answer."""

    example = 'tempest extreme sandbox status -f json'

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[object, ...]]:
        layout = layout_of(parsed_args)
        return _shown(Sandbox(layout, progress.Plain()).status())


class Down(Explained):
    """Remove a sandbox: processes, namespaces, mounts, cgroups, hosts.

    Its workspace, with the results of runs, stays.
    """

    example = 'tempest extreme sandbox down'

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        layout = layout_of(parsed_args)
        with progress.shown() as told:
            there = Sandbox(layout, told).down()
        if not there:
            print(f'{layout.name} was not up', file=sys.stderr)


class Exec(Explained):
    """Run a command against a sandbox, from its tester's place in the network.

    The command finds the sandbox through TEMPEST_CONFIG_DIR,
    OS_CLIENT_CONFIG_FILE, OS_CLOUD and OS_FAULTS_CONFIG. It runs in the
    Tempest workspace of the sandbox unless --chdir says otherwise.
    """

    example = 'tempest extreme sandbox exec -- tempest run --regex extreme'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--chdir',
            type=pathlib.Path,
            metavar='DIR',
            help='Directory to run in (default: the workspace).',
        )
        parser.add_argument(
            'argv',
            nargs=argparse.REMAINDER,
            metavar='-- COMMAND',
            help='The command and its arguments.',
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        argv = list(parsed_args.argv)
        if argv[:1] == ['--']:
            del argv[0]
        if not argv:
            raise errors.UsageError('say which command to run, after --')
        preflight.check_root()
        layout = layout_of(parsed_args)
        if not Record.read(layout.record):
            raise errors.UsageError(
                f'{layout.name} is not up: tempest extreme sandbox up'
            )
        _become(layout, argv, parsed_args.chdir)


def _become(
    layout: layout_module.Layout,
    argv: collections.abc.Sequence[str],
    directory: pathlib.Path | None,
) -> None:
    """Become the command: its exit code and its signals are then its own."""
    # ``down`` finds and ends it there: it would keep the namespace alive.
    group = Group(f'{layout.cgroup}/exec')
    group.create()
    group.allow_real_time()
    group.enter()
    made = Workspace(layout.workspace)
    environment = {**os.environ, **made.variables(layout.name)}
    os.chdir(directory or layout.workspace)
    sys.stdout.flush()
    # Not ``ip netns exec``: it mounts a new /sys, without cgroups.
    enter = ['nsenter', f'--net={network.NAMESPACES / layout.tester}', '--']
    try:
        os.execvpe(enter[0], [*enter, *argv], environment)
    except OSError as error:
        raise errors.SandboxError(f'nsenter: {error}') from error
