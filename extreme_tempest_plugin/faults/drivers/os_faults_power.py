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
"""The power of a host through os-faults, in the child process.

Its own driver cannot talk to a BMC twice in one process, keeps what went
wrong to itself, and leaves its sessions open; facts of 0.3.0.
"""

from typing import Any

import os_faults
from os_faults import registry
from os_faults.drivers.power import ipmi

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import schema


class _Recording(ipmi.IPMIDriver):
    """Keeps why a button was not pressed."""

    troubles: list[str] = []

    def _find_bmc_by_host(self, host: Any) -> dict[str, Any]:
        found = super()._find_bmc_by_host(host)
        # With text, pyghmi never finds its own session again, and the second
        # session with a BMC waits for ever.
        return {
            **found,
            'username': found['username'].encode(),
            'password': found['password'].encode(),
        }

    def _run_set_power_cmd(
        self, host: Any, *args: Any, **options: Any
    ) -> None:
        try:
            super()._run_set_power_cmd(host, *args, **options)
        except Exception as error:
            self.troubles.append(str(error) or type(error).__name__)
            raise
        finally:
            _Command.end()


class _Command(ipmi.ipmi_command.Command):
    """Can be ended: a BMC has few sessions, and forgets them late."""

    _made: list['_Command'] = []

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._made.append(self)

    @classmethod
    def end(cls) -> None:
        """End the session of each."""
        while cls._made:
            cls._made.pop().ipmi_session.logout()


def press(
    verb: catalogue.Verb, node: dict[str, Any], fqdn: str, bmc: schema.Bmc
) -> str:
    """Press the button and wait for its effect, as os-faults does.

    :param node: as os-faults has it, with address and how it is reached.
    :returns: what went wrong, empty if nothing.
    """
    registry.get_drivers()[_Recording.NAME] = _Recording
    ipmi.ipmi_command.Command = _Command
    cloud = os_faults.connect(cloud_configuration(node, fqdn, bmc))
    try:
        getattr(cloud.get_nodes(), verb.value)()
    except Exception as error:
        return '; '.join(_Recording.troubles) or str(error)
    return ''


def cloud_configuration(
    node: dict[str, Any], fqdn: str, bmc: schema.Bmc
) -> dict[str, Any]:
    """What os-faults is given: one host and its BMC."""
    account = {
        'address': bmc.address,
        'username': bmc.username,
        'password': bmc.password,
    }
    return {
        'cloud_management': {'driver': 'universal'},
        'node_discover': {
            'driver': 'node_list',
            'args': [{**node, 'fqdn': fqdn}],
        },
        'power_managements': [
            {'driver': 'ipmi', 'args': {'fqdn_to_bmc': {fqdn: account}}}
        ],
    }
