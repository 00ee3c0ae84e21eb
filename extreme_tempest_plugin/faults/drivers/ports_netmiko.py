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
"""Ports of a switch without a shell, through netmiko."""

import collections.abc

from extreme_tempest_plugin.faults import commands as commands_
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults.drivers import child
from extreme_tempest_plugin.faults.drivers import remote

Commands = collections.abc.Iterable[commands_.Command]


def configure(
    target: configuration.Target, commands: Commands, timeout: float
) -> None:
    """Give lines to the configuration mode; one command a time.

    :raises RemoteError: if one was refused, or the switch did not end.
    :raises UsageError: if its password is nowhere any more, or netmiko is
        not installed.
    """
    _talk(target, timeout, configure=tuple(commands))


def show(
    target: configuration.Target, commands: Commands, timeout: float
) -> list[str]:
    """The lines that commands print.

    :raises RemoteError: if the switch did not answer.
    :raises UsageError: as :func:`configure`.
    """
    lines = tuple(line for command in commands for line in command)
    return _talk(target, timeout, show=lines).splitlines()


def _talk(
    target: configuration.Target, timeout: float, **wanted: object
) -> str:
    (host,) = target.hosts
    assert isinstance(target.part, netmiko_switches.NetmikoPorts)
    switch = netmiko_switches.credentials(target.part)
    request = {
        'host': host,
        'device_type': target.part.device_type,
        'account': switch.auth,
        'verify': switch.verify,
        'seconds': timeout,
        **wanted,
    }
    secrets = (switch.auth.password, switch.auth.become_password)
    try:
        return child.ask(
            'netmiko_child', request, timeout, secrets, needs='netmiko'
        )
    except child.ChildError as error:
        raise remote.RemoteError(f'{host.address}: netmiko: {error}') from None
