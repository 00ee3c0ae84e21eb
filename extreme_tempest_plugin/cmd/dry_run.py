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
"""``--dry-run``: what a campaign would break, after all refusals."""

import argparse
import contextlib
import dataclasses
import pathlib
import sys

import msgspec

from extreme_tempest_plugin import preparation
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.faults import rehearsal
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is printed with ``-f json``.

    :param clusters: that the os-faults configuration declares.
    """

    plan: str
    duration: float
    clusters: tuple[str, ...]
    faults: tuple[rehearsal.Step, ...]


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option that asks for it."""
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='print what would be broken, on which hosts, when and what '
        'undoes it, after everything that can be refused without asking the '
        'cloud; nothing is touched',
    )


def tell(
    args: argparse.Namespace,
    plan: model.Plan,
    source: pathlib.Path | None = None,
) -> int:
    """Print what the faults of a plan would do.

    Looks at the targets over SSH and at the BMCs, and changes nothing, here
    or there; the cloud is not asked.

    :param source: file that the plan was made of, for messages.
    :raises UsageError: for a plan that cannot be run, or that the guard
        refuses.
    """
    settings = base.read_settings(args.os_cloud)
    with loader.located(source) if source else contextlib.nullcontext():
        plan = preparation.prepare(plan, settings)
    wanted = settings.destructive
    targets = guard.check(plan.faults, wanted, plan.bounds, rehearsal=True)
    clusters = (
        reading.read(wanted.os_faults_config).clusters if plan.faults else ()
    )
    told = Told(
        plan=plan.name,
        duration=plan.duration,
        clusters=tuple(cluster.name for cluster in clusters),
        faults=rehearsal.steps(plan.faults, targets, clusters),
    )
    if args.format == 'json':
        text = msgspec.json.format(msgspec.json.encode(told)).decode()
    else:
        text = '\n\n'.join(_blocks(told))
    sys.stdout.write(f'{text}\n')
    return base.PASS


def _blocks(told: Told) -> list[str]:
    if not told.faults:
        return [f'{told.plan}: {told.duration:g} s, nothing would be broken']
    return [
        f'{told.plan}: {told.duration:g} s; clusters: '
        + (', '.join(told.clusters) or 'none declared'),
        *map(_block, told.faults),
        'nothing was touched',
    ]


def _block(step: rehearsal.Step) -> str:
    rows = [
        ('does', step.does),
        *(('command', command) for command in step.commands),
        ('on', ', '.join(step.hosts)),
        ('by', step.by),
        ('proof', step.proof),
        ('undone by', f'{step.undone_by}, {_when(step.heal_at)}'),
        (
            'or else',
            f'a timer on the target, {step.dead_man:g} s after the injection'
            if step.dead_man
            else '`tempest extreme heal`',
        ),
        (
            'whole',
            'after that' if step.whole_by is None else _when(step.whole_by),
        ),
        ('takes away', ', '.join(step.hits) or 'no host as a whole'),
        *(('quorum', line) for line in step.quorum),
    ]
    head = f'at {step.at:g} s: {step.fault} of {step.target}'
    return '\n'.join([head, *(f'  {name:<11}{text}' for name, text in rows)])


def _when(moment: float | None) -> str:
    if moment is None:
        return 'when the storm is over'
    return f'at {moment:g} s'
