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
"""``tempest extreme mark``: say what is being done to the cloud."""

import argparse

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.reports import page


class Mark(base.Command):
    """Note in the history of each run on this machine what is done now.

    An outage is put down to the mark that covers it: from here until the
    next mark, or ``--end``.
    Exit code: 0 noted, 2 no such run or bad usage.
    """

    example = 'tempest extreme mark "upgrading nova"'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument('text', nargs='?', help='what is done from now on')
        group.add_argument(
            '--end', action='store_true', help='nothing more is done'
        )
        parser.add_argument(
            '--run',
            metavar='RUN',
            help='directory or identity of one run, instead of all that run',
        )
        return parser

    def act(self, args: argparse.Namespace) -> int:
        text = '' if args.end else page.clean(' '.join(args.text.split()))
        if not text and not args.end:
            raise errors.UsageError('say what is done; --end ends the last')
        runs = base.read_settings().runs_dir
        found = run_directory.running(runs)
        if args.run:
            found = [
                one
                for one in found
                if one == run_directory.find(runs, args.run)
            ]
        if not found:
            raise errors.UsageError(
                f'{args.run or runs}: no run of this machine is under way '
                'there: see [stress] runs_dir in tempest.conf'
            )
        for path in found:
            try:
                run_directory.mark(path, text)
            except OSError as error:
                raise errors.HarnessError(
                    f'{path}: the mark cannot be written: {error.strerror}'
                ) from None
            print(f'noted in {path}')
        return base.PASS
