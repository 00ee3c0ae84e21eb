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
import os
import pathlib
import sys

from cliff import show

from extreme_tempest_plugin.cmd import sandbox_base
from extreme_tempest_plugin.cmd import sandbox_display
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
from extreme_tempest_plugin.sandbox.workspace import Workspace


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(',') if name)


class Up(sandbox_base.Explained, show.ShowOne):
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
        sandbox_base.add_plants_dir(parser)
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[object, ...]]:
        layout = sandbox_base.layout_of(parsed_args)
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
        return sandbox_display.shown(status)


class Status(sandbox_base.Explained, show.ShowOne):
    """Show hosts, their power and units, and whether the APIs answer."""

    example = 'tempest extreme sandbox status -f json'

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], tuple[object, ...]]:
        layout = sandbox_base.layout_of(parsed_args)
        return sandbox_display.shown(
            Sandbox(layout, progress.Plain()).status()
        )


class Down(sandbox_base.Explained):
    """Remove a sandbox: processes, namespaces, mounts, cgroups, hosts.

    Its workspace, with the results of runs, stays.
    """

    example = 'tempest extreme sandbox down'

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        layout = sandbox_base.layout_of(parsed_args)
        with progress.shown() as told:
            there = Sandbox(layout, told).down()
        if not there:
            print(f'{layout.name} was not up', file=sys.stderr)


class Exec(sandbox_base.Explained):
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
        layout = sandbox_base.layout_of(parsed_args)
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
