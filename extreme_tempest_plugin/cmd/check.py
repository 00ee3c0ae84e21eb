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
"""``tempest extreme check``: judge a history again, without a cloud."""

import argparse
import pathlib
import sys

import rich.console

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import known_issues
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.reports import verdict_json

#: Its name in the directory of a run.
HISTORY = 'history.jsonl'


class Check(base.Command):
    """Judge a history again and print the verdict; needs no cloud.

    Exit code: 0 pass, 1 fail, 3 unknown, 2 no history, bad plan or usage.
    """

    example = 'tempest extreme check extreme-runs/20261120-180000-demo'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'history',
            type=pathlib.Path,
            help='history.jsonl of a run, or the directory of the run',
        )
        parser.add_argument(
            '--plan',
            type=pathlib.Path,
            help='a YAML file to judge by, instead of the plan of the run',
        )
        parser.add_argument(
            '--known-issues',
            type=pathlib.Path,
            action='append',
            metavar='FILE',
            help='a YAML file of known issues to judge by, instead of the '
            'one that comes with the plugin; may be given several times, '
            'an empty one knows nothing. [stress] known_issues is not read',
        )
        base.add_format(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        path = history_of(args.history)
        plan = loader.load(args.plan) if args.plan else None
        known = known_issues.load(args.known_issues or [known_issues.SHIPPED])
        result = verdict.judge_file(reader.Reader(path), plan, known)
        if args.format == 'json':
            sys.stdout.write(verdict_json.encode(result))
        else:
            text.show(result, path.parent, rich.console.Console())
        return verdict.exit_code(result)


def history_of(path: pathlib.Path) -> pathlib.Path:
    """The history that is meant.

    :raises HistoryError: if the run died before it was written.
    """
    if not path.is_dir():
        return path
    history = path / HISTORY
    if not history.exists() and (path / 'parts').is_dir():
        raise errors.HistoryError(
            f'{path}: no {HISTORY}: the campaign died before it wrote it; '
            'what its processes saw is in parts/'
        )
    return history
