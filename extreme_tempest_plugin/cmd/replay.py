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
"""``tempest extreme replay``: the operations of a history again."""

import argparse
import pathlib

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import check
from extreme_tempest_plugin.cmd import conduct
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.storm import replay


class Replay(base.Command):
    """Issue the operations of a history again, on the cloud that is there.

    The same users do the same in the same order, at the same times after the
    storm began. An operation waits for its resource to come to rest; one
    whose resource is not there this time is left out, and the new history
    says so. Monitors and faults of the plan are not repeated.
    Exit code: 0 pass, 1 fail, 3 unknown, 2 no history or bad usage.
    """

    example = 'tempest extreme replay extreme-runs/20261120-180000-mixed'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'history',
            type=pathlib.Path,
            help='history.jsonl of a run, or the directory of the run',
        )
        conduct.add_options(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        source = reader.Reader(check.history_of(args.history))
        if source.header is None:
            raise errors.HistoryError(
                f'{source.path}: a part of a history; name its history.jsonl'
            )
        again = replay.read(source.header, source)
        return conduct.conduct(args, again.plan, again=again)
