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
"""What the commands share: exit codes and the configuration."""

import argparse
import dataclasses
import os
import sys
import traceback

from cliff import command
from oslo_config import cfg
from tempest import config

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import access
from extreme_tempest_plugin.reports import page

#: Exit codes of every command.
PASS, FAIL, USAGE, UNKNOWN = 0, 1, 2, 3


class Command(command.Command):
    """A cliff command whose errors are one line.

    A subclass writes ``act``, which returns the exit code.
    """

    #: Shown below the options.
    example = ''

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        if self.example:
            parser.epilog = f'example: {self.example}'
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        try:
            return self.act(parsed_args)
        except errors.UsageError as error:
            return self._say(error, USAGE)
        except errors.ExtremeError as error:
            return self._say(error, UNKNOWN)
        except KeyboardInterrupt:
            print(f'{self.cmd_name}: interrupted', file=sys.stderr)
            return UNKNOWN
        except Exception:
            # A bug of ours. Tempest would swallow it and exit with 1, which
            # means a verdict here.
            traceback.print_exc()
            return UNKNOWN

    def act(self, args: argparse.Namespace) -> int:
        raise NotImplementedError

    def _say(self, error: errors.ExtremeError, status: int) -> int:
        # What a file or a cloud says may have line ends in it, or worse.
        line = page.clean(' '.join(str(error).split()))
        print(f'{self.cmd_name}: {line}', file=sys.stderr)
        return status


def add_format(parser: argparse.ArgumentParser) -> None:
    """The option of each command that prints a verdict."""
    parser.add_argument(
        '-f',
        '--format',
        choices=('text', 'json'),
        default='text',
        help='how the verdict is printed',
    )


def add_cloud(parser: argparse.ArgumentParser) -> None:
    """The option of each command that speaks to a cloud."""
    parser.add_argument(
        '--os-cloud',
        metavar='NAME',
        help='a cloud of clouds.yaml, instead of the credentials of '
        'tempest.conf; where tempest.conf names no cloud, OS_CLOUD is heeded, '
        'and OS_AUTH_URL with its like',
    )


def read_settings(os_cloud: str | None = None) -> settings.Settings:
    """Settings of the tempest.conf that is in force.

    :param os_cloud: of the option ``--os-cloud``.
    :raises UsageError: if tempest.conf has a value that it may not have, or
        the cloud is not in clouds.yaml.
    """
    try:
        found = settings.from_conf(config.CONF)
    except cfg.Error as error:
        raise errors.UsageError(' '.join(str(error).split())) from None
    name = os_cloud or found.os_cloud
    if not name and not found.cloud.auth_url:
        # openstacksdk has the OS_* variables as a cloud of that name.
        variables = 'envvars' if os.environ.get('OS_AUTH_URL') else ''
        name = os.environ.get('OS_CLOUD', variables)
    return access.place(dataclasses.replace(found, os_cloud=name))
