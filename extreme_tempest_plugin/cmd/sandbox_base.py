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
"""What the commands of the sandbox have in common."""

import argparse
import pathlib
import sys

from cliff import command

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout as layout_module

_INTERRUPTED = 130


class Explained(command.Command):
    """A command whose errors are one clear message and an exit code."""

    #: Shown below the options.
    example = ''
    #: Said after Ctrl-C.
    interrupted = 'nothing is left running'

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            return super().run(parsed_args)
        except errors.SandboxError as error:
            print(f'error: {error}', file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:
            print(f'interrupted; {self.interrupted}', file=sys.stderr)
            return _INTERRUPTED

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = f'example: {self.example}'
        parser.add_argument(
            '--name',
            default='extreme',
            help='Name of the sandbox (default: %(default)s).',
        )
        parser.add_argument(
            '--state-dir',
            type=pathlib.Path,
            default=layout_module.STATE_ROOT,
            metavar='DIR',
            help='Directory for hosts and workspaces (default: %(default)s).',
        )
        return parser


def layout_of(arguments: argparse.Namespace) -> layout_module.Layout:
    return layout_module.make(arguments.name, arguments.state_dir)


def add_plants_dir(parser: argparse.ArgumentParser) -> None:
    """The option of each command that takes plants."""
    parser.add_argument(
        '--plants-dir',
        type=pathlib.Path,
        action='append',
        default=[],
        metavar='DIR',
        help='Directory with plants of your own, may be given several times.',
    )
