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
"""``tempest extreme fault``: one fault alone."""

import argparse

from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import conduct
from extreme_tempest_plugin.cmd import dry_run
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.plan import ready

#: Seconds for which the APIs are watched at least, before it and after it.
BEFORE = 10.0
AFTER = 20.0


class Fault(base.Command):
    """Break one thing, watch every API, heal it, and print the verdict.

    It is refused unless [destructive] allows it and lists the target. Ctrl-C
    heals at once. Exit code: 0 pass, 1 fail, 3 unknown, 2 bad usage or
    refused.
    """

    example = 'tempest extreme fault service.terminate rabbitmq --hold 30'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument('kind', help='of fault, service.restart for one')
        parser.add_argument(
            'target', help='its name in the os-faults configuration'
        )
        parser.add_argument(
            '--host',
            default='',
            help='one of the hosts of a service; else all',
        )
        parser.add_argument(
            '--hold',
            type=float,
            default=0.0,
            metavar='SECONDS',
            help='until it is healed; 0 without it: once it is proven',
        )
        parser.add_argument(
            '--recovery',
            type=float,
            default=120.0,
            metavar='SECONDS',
            help='from the injection until the target must be whole; 120 '
            'without it',
        )
        parser.add_argument(
            '--longest-outage',
            type=float,
            metavar='SECONDS',
            help='that an API may have; as long as the recovery without it',
        )
        parser.add_argument(
            '--most-hosts',
            type=int,
            default=1,
            metavar='N',
            help='that may be hit as a whole; 1 without it',
        )
        parser.add_argument(
            '--beyond-quorum',
            action='store_true',
            help='a cluster may be left without a majority',
        )
        dry_run.add_option(parser)
        conduct.add_options(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        plan = _plan(args)
        if args.dry_run:
            return dry_run.tell(args, plan)
        return conduct.conduct(args, plan)


def _plan(args: argparse.Namespace) -> model.Plan:
    """The plan that the options mean.

    :raises UsageError: for a value that it may not have.
    """
    fault = {
        'fault': args.kind,
        'target': args.target,
        'host': args.host,
        'at': BEFORE,
        'hold': args.hold,
        'recovery': args.recovery,
    }
    most = args.longest_outage
    most = args.recovery if most is None else most
    return ready.changed(
        model.Plan(name='fault', duration=BEFORE, uptime=model.Uptime()),
        duration=BEFORE + args.hold + AFTER,
        faults=[fault],
        most_hosts=args.most_hosts,
        beyond_quorum=args.beyond_quorum,
        slo={'longest_outage': {model.DEFAULT: most}},
    )
