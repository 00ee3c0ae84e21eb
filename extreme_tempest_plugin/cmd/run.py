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

from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import conduct
from extreme_tempest_plugin.cmd import dry_run
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import ready


class Run(base.Command):
    """Run a plan against a cloud and print the verdict.

    Exit code: 0 pass, 1 fail, 3 unknown, 2 bad plan or usage.
    """

    example = 'tempest extreme run mixed'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'plan', help='a YAML file, or the name of a ready plan'
        )
        parser.add_argument(
            '--seed', type=int, help='instead of the seed of the plan'
        )
        parser.add_argument(
            '--duration',
            type=float,
            help='seconds, instead of the duration of the plan',
        )
        dry_run.add_option(parser)
        conduct.add_options(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        path = ready.find(args.plan)
        plan = loader.load(path)
        changes = {
            key: value
            for key in ('seed', 'duration')
            if (value := getattr(args, key)) is not None
        }
        plan = ready.changed(plan, **changes)
        if args.dry_run:
            return dry_run.tell(args, plan, path)
        return conduct.conduct(args, plan, path)
