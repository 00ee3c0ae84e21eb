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
"""``tempest extreme run``: one campaign."""

import argparse
import pathlib
import signal
import sys
import types

import msgspec
import rich.console

from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import display
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.reports import verdict_json


class Run(base.Command):
    """Run a plan against the cloud of tempest.conf and print the verdict.

    Exit code: 0 pass, 1 fail, 3 unknown, 2 bad plan or usage.
    """

    example = 'tempest extreme run etc/plans/demo.yaml'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('plan', type=pathlib.Path, help='a YAML file')
        parser.add_argument(
            '--seed', type=int, help='instead of the seed of the plan'
        )
        base.add_format(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        plan = loader.load(args.plan)
        if args.seed is not None:
            plan = msgspec.structs.replace(plan, seed=args.seed)
        settings = base.read_settings()
        plan = preparation.prepare(plan, settings)
        # An operator's kill ends a campaign as Ctrl-C does: it heals first.
        signal.signal(signal.SIGTERM, _interrupt)
        with (
            display.live(quiet=args.format == 'json') as show,
            credentials.from_tempest('extreme') as user,
        ):
            result = campaign.run(plan, settings, user, show)
        if args.format == 'json':
            sys.stdout.write(verdict_json.encode(result.verdict))
        else:
            text.show(result.verdict, result.directory, rich.console.Console())
        return verdict.exit_code(result.verdict)


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt
