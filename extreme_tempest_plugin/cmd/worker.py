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
"""``tempest extreme worker``: fire for a storm of another machine."""

import argparse
import pathlib
import shutil
import sys
import tempfile

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.storm import children
from extreme_tempest_plugin.storm import joining

#: Seconds for settling; the master says how many, this is what Locust needs.
STOP_TIMEOUT = 600.0


class Worker(base.Command):
    """Fire for a storm that is run on another machine, once.

    It waits for the master, takes its share of the users, and sends home what
    it writes. Exit code: 0 if it did all that it was told, 3 if not.
    """

    example = 'tempest extreme worker --master 192.0.2.1:5557 --key-file key'

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--master',
            required=True,
            metavar='HOST[:PORT]',
            help='where the storm is run; port 5557 without one',
        )
        parser.add_argument(
            '--key-file',
            required=True,
            type=pathlib.Path,
            help='a copy of [stress] worker_key_file there',
        )
        return parser

    def act(self, args: argparse.Namespace) -> int:
        host, _, port = args.master.partition(':')
        if port and not port.isdigit():
            raise errors.UsageError(f'--master {args.master}: no port')
        key = joining.read_key(args.key_file)
        directory = pathlib.Path(tempfile.mkdtemp(prefix='extreme-worker-'))
        try:
            processes = children.Children(
                directory / 'locust.log', directory, STOP_TIMEOUT
            )
            child = processes.join(key, host, int(port or 5557))
            try:
                status = child.process.wait()
            except BaseException:
                child.process.kill()
                raise
            if status:
                print(processes.log_tail(), file=sys.stderr)
                # What it made is in its ledger, and may not be at home.
                print(f'kept: {directory}', file=sys.stderr)
                return 3
            shutil.rmtree(directory, ignore_errors=True)
            return 0
        except OSError as error:
            raise errors.UsageError(f'{directory}: {error}') from error
