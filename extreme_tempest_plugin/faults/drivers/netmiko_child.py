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
"""The process that talks to the command line of a switch, by netmiko.

A process of its own because netmiko has many timeouts and none for all.
"""

import os
import sys

import msgspec
import netmiko

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import child

# What a switch says of a line that it does not take; others are for the
# evidence.
_REFUSED = (
    r'^\s*%?\s*(?:Error|Invalid|Incomplete|Ambiguous|Unknown|Unrecognized|'
    r'syntax error)\b.*'
)


class Request(msgspec.Struct, frozen=True):
    """What a switch is told and asked.

    :param device_type: of the switch, as netmiko calls it: ``cisco_ios``.
    :param account: with the password.
    :param verify: its host key: against the known hosts of this user, against
        those of a file, or not at all.
    :param configure: lists of lines for the configuration mode.
    :param show: lines whose output is wanted.
    :param seconds: that one line may take.
    """

    host: ssh.Host
    device_type: str
    account: schema.Auth
    verify: bool | str
    seconds: float
    configure: tuple[tuple[str, ...], ...] = ()
    show: tuple[str, ...] = ()


def talk(request: Request) -> str:
    """One session with a switch.

    Nothing is saved: a switch that is started again has its ports up.

    :returns: what the lines of ``show`` printed.
    """
    host, account, verify = request.host, request.account, request.verify
    known = os.path.expanduser(verify) if isinstance(verify, str) else ''
    with netmiko.ConnectHandler(
        device_type=request.device_type,
        host=host.address,
        port=host.port,
        username=host.user,
        password=account.password,
        secret=account.become_password,
        use_keys=bool(host.key_file),
        key_file=host.key_file or None,
        ssh_strict=verify is not False,
        system_host_keys=verify is True,
        alt_host_keys=bool(known),
        alt_key_file=known,
        read_timeout_override=request.seconds,
    ) as switch:
        if account.become_password:
            switch.enable()
        _configure(switch, request.configure)
        said = [str(switch.send_command(line)) for line in request.show]
    return '\n'.join(said)


def _configure(
    switch: netmiko.BaseConnection, commands: tuple[tuple[str, ...], ...]
) -> None:
    """Give all of them; one that is refused keeps no other port down."""
    refused = []
    for lines in commands:
        try:
            switch.send_config_set(list(lines), error_pattern=_REFUSED)
        except netmiko.ConfigInvalidException as error:
            refused.append(str(error))
    if refused:
        raise netmiko.ConfigInvalidException('; '.join(refused))


if __name__ == '__main__':
    sys.exit(child.serve(Request, talk))
