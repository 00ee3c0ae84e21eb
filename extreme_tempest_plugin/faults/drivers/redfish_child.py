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
"""The process that talks to a BMC by Redfish, DMTF DSP0266 and DSP0268.

A process of its own because a timeout of sushy begins anew with every byte
that a BMC sends.
"""

import os
import sys
import time

import msgspec
import sushy
from sushy import auth
from sushy.resources.system import system as system_

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import child

_BUTTONS = {
    catalogue.Verb.POWEROFF: sushy.ResetType.FORCE_OFF,
    catalogue.Verb.POWERON: sushy.ResetType.ON,
    catalogue.Verb.RESET: sushy.ResetType.FORCE_RESTART,
    catalogue.Verb.SHUTDOWN: sushy.ResetType.GRACEFUL_SHUTDOWN,
}
# What they lead to. A reset leads to what was there before.
_EFFECTS = {
    catalogue.Verb.POWEROFF: sushy.PowerState.OFF,
    catalogue.Verb.POWERON: sushy.PowerState.ON,
    catalogue.Verb.SHUTDOWN: sushy.PowerState.OFF,
}
#: Seconds between two looks whether it has come.
_PERIOD = 0.5
_SAYS = {
    sushy.PowerState.ON: 'on',
    sushy.PowerState.OFF: 'off',
    sushy.PowerState.POWERING_ON: 'powering on',
    sushy.PowerState.POWERING_OFF: 'powering off',
}


class Request(msgspec.Struct, frozen=True):
    """What a BMC is asked for.

    :param verb: which button is pressed; None for the power state.
    """

    bmc: schema.RedfishBmc
    verb: catalogue.Verb | None = None


def talk(request: Request) -> str:
    """One session with a BMC, and its end: a BMC has few of them.

    :returns: the power state, at the end.
    """
    bmc = request.bmc
    session = auth.SessionOrBasicAuth(bmc.username, bmc.password)
    with session:
        root = sushy.Sushy(
            bmc.url,
            auth=session,
            verify=_trusted(bmc.verify),
            # One try: a second one might press the button twice.
            server_side_retries=1,
        )
        system = root.get_system(_path(root, bmc.system))
        if request.verb is not None:
            _press(system, request.verb)
        if system.power_state not in _SAYS:
            raise ValueError(f'{system.path} does not say how its power is')
        return _SAYS[system.power_state]


def _trusted(verify: bool | str) -> bool | str:
    return os.path.expanduser(verify) if isinstance(verify, str) else verify


def _path(root: sushy.Sushy, name: str) -> str | None:
    """Of a system; None for the only one, where no name is given."""
    if not name:
        return None
    return f'{root.get_system_collection().path.rstrip("/")}/{name}'


def _press(system: system_.System, verb: catalogue.Verb) -> None:
    """Press the button and wait for its effect, as os-faults does by IPMI.

    Nothing is pressed where the effect is there already: some BMCs refuse to
    switch on what is on.
    """
    effect = _EFFECTS.get(verb)
    if effect is None:
        system.reset_system(_BUTTONS[verb])
        return
    if system.power_state is not effect:
        system.reset_system(_BUTTONS[verb])
    # Whoever asked ends it when the time is over.
    while system.power_state is not effect:
        time.sleep(_PERIOD)
        system.refresh(force=True)


if __name__ == '__main__':
    sys.exit(child.serve(Request, talk))
