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
"""``tempest extreme clean``: delete what a dead run left."""

import argparse

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import rescue
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cmd import base


class Clean(base.Command):
    """Delete what a run created and still owes, and nothing else.

    For a run that was killed, or could not delete everything. What it
    created is in the ledgers in its directory. The credentials of a run that
    had dynamic ones are gone: then those of the administrator in tempest.conf
    are used.
    Exit code: 0 nothing is left, 1 something is, 2 bad usage.
    """

    example = 'tempest extreme clean --run extreme-runs/20261120-180000-demo'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--run',
            required=True,
            help='identity of the run, or its directory',
        )
        parser.add_argument(
            '--timeout',
            type=float,
            default=cleanup.TIMEOUT,
            metavar='SECONDS',
            help='for which it tries to delete the resources of each kind '
            '(default: %(default)g)',
        )
        base.add_cloud(parser)
        return parser

    def act(self, args: argparse.Namespace) -> int:
        # Also for nan, with which it would try for ever.
        if not args.timeout >= 0:
            raise errors.UsageError('--timeout: seconds, 0 or more')
        settings = base.read_settings(args.os_cloud)
        directory = run_directory.find(settings.runs_dir, args.run)
        left = rescue.clean(directory, settings, print, args.timeout)
        for one in left:
            print(f'still there: {one.resource} ({one.name}): {one.why}')
        if not left:
            print(f'{directory}: nothing is left')
        return base.FAIL if left else base.PASS
