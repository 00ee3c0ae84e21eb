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
"""What the commands that run a campaign share."""

import argparse
import contextlib
import pathlib
import sys

import rich.console

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import interruption
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin import progress
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.cloud import access
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import display
from extreme_tempest_plugin.cmd import metrics
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.reports import verdict_json
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import replay


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that each of them has."""
    base.add_cloud(parser)
    base.add_format(parser)
    parser.add_argument(
        '--metrics',
        default='',
        metavar='[HOST:]PORT',
        help='answer Prometheus there while it lasts',
    )
    parser.add_argument(
        '--otel',
        default='',
        metavar='URL',
        help='send to this collector of OpenTelemetry while it lasts, '
        'http://HOST:4318 for one',
    )


def conduct(
    args: argparse.Namespace,
    plan: model.Plan,
    source: pathlib.Path | None = None,
    again: replay.Replay | None = None,
) -> int:
    """Run a plan, print the verdict and return its exit code.

    :param source: file that the plan was made of, for messages.
    :param again: operations to issue instead of choosing any.
    :raises UsageError: for a plan that cannot be run, or no cloud.
    """
    with interruption.heeded():
        return say(args, perform(args, plan, source, again))


def perform(
    args: argparse.Namespace,
    plan: model.Plan,
    source: pathlib.Path | None = None,
    again: replay.Replay | None = None,
    until: campaign.Until = lambda: '',
) -> campaign.Result:
    """Run a plan, with its progress on the terminal.

    :param until: see ``campaign.run``; the others as for ``conduct``.
    """
    settings = base.read_settings(args.os_cloud)
    with loader.located(source) if source else contextlib.nullcontext():
        plan = preparation.prepare(plan, settings)
    breaking.heal_dead_runs(settings.destructive, plan.faults)
    with (
        metrics.served(args.metrics, args.otel) as count,
        display.live(quiet=args.format == 'json') as show,
        access.grant(
            settings,
            'extreme',
            plan.storm is not None and actions.need_admin(plan.storm),
        ) as granted,
    ):

        def see(shown: progress.Progress) -> None:
            count(shown)
            show(shown)

        return campaign.run(plan, settings, granted, see, again, until)


def say(args: argparse.Namespace, result: campaign.Result) -> int:
    """Print a verdict; returns its exit code."""
    if args.format == 'json':
        sys.stdout.write(verdict_json.encode(result.verdict))
    else:
        text.show(result.verdict, result.directory, rich.console.Console())
    return verdict.exit_code(result.verdict)
