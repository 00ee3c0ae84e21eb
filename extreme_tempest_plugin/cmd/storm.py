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
"""``tempest extreme storm``: a storm alone."""

import argparse
import pathlib

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import conduct
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.plan import ready


class Storm(base.Command):
    """Run a storm of some actions, or that of a plan, and nothing else.

    What the plan watches or breaks besides is left out.

    Ctrl-C ends it in good order: what is pending is settled, what was made
    is deleted, and the statistics are printed.
    Exit code: 0 pass, 1 fail, 3 unknown, 2 bad plan or usage.
    """

    example = (
        'tempest extreme storm server.create=3 server.delete=1 --users 8 '
        '--duration 60'
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'what',
            nargs='+',
            metavar='ACTION[=WEIGHT] | PLAN',
            help='actions with their weights (1 without one), or a plan: a '
            'YAML file or the name of a ready one',
        )
        parser.add_argument('--users', type=int, help='virtual users')
        parser.add_argument(
            '--duration', type=float, help='seconds; 60 without a plan'
        )
        parser.add_argument('--seed', type=int, help='of all choices')
        parser.add_argument(
            '--stop-on-finding',
            action='store_true',
            help='end with the first operation that cannot be right',
        )
        conduct.add_options(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        path = _plan_file(args.what)
        return conduct.conduct(args, _asked(args, path), path)


def _asked(args: argparse.Namespace, path: pathlib.Path | None) -> model.Plan:
    """The storm that is meant, of that file if there is one.

    :raises UsageError: if there is none, or an option is wrong.
    """
    plan = loader.load(path) if path else _plan(args.what)
    if plan.storm is None:
        raise errors.UsageError(f'{path}: it has no storm')
    storm = {'stop_on_finding': True} if args.stop_on_finding else {}
    if args.users is not None:
        storm['users'] = args.users
    return ready.changed(
        plan.of_storm(),
        storm={**msgspec.to_builtins(plan.storm), **storm},
        **{
            key: value
            for key in ('seed', 'duration')
            if (value := getattr(args, key)) is not None
        },
    )


def _plan_file(what: list[str]) -> pathlib.Path | None:
    """The file of the plan that is meant, None if actions are meant."""
    (first, *others) = what
    if others or ('.' in first and not pathlib.Path(first).exists()):
        return None
    return ready.find(first)


def _plan(what: list[str]) -> model.Plan:
    """A plan of some actions.

    :raises UsageError: for a weight that is none, or an action twice.
    """
    weights: dict[str, float] = {}
    for each in what:
        name, sign, weight = each.partition('=')
        if name in weights:
            raise errors.UsageError(f'{name}: stands there twice')
        try:
            weights[name] = float(weight) if sign else 1.0
        except ValueError:
            raise errors.UsageError(
                f'{each}: {weight!r} is no weight'
            ) from None
    bare = model.Plan(
        name='storm', duration=60.0, storm=model.Storm(actions={'any': 1.0})
    )
    return ready.changed(bare, storm={'actions': weights})
