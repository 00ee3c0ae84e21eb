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
"""Whether an operator reaches the hosts: by SSH, and their BMCs by IPMI."""

import contextlib
import socket
import time

from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import namespace
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.topology import Topology

_BMC = 'BMC of'
_ANSWER_S = 2.0
_INTERVAL_S = 0.2


def missing(layout: Layout, shape: Topology) -> dict[str, str]:
    """What does not answer on the management network, and why."""

    def ask() -> dict[str, str]:
        answers = {
            f'SSH on {host.name}': _ssh(host.address) for host in shape.hosts
        }
        for host in shape.nodes:
            answer = bmc.asked(host.bmc_address, _ANSWER_S)
            answers[f'{_BMC} {host.name}'] = answer
        return {name: why for name, why in answers.items() if why}

    try:
        return namespace.call(network.NAMESPACES / layout.tester, ask)
    except OSError as error:
        return {'management network': str(error)}


def _ssh(address: str) -> str:
    try:
        with socket.create_connection((address, 22), _ANSWER_S) as connection:
            greeting = connection.recv(64)
    except OSError as error:
        return str(error)
    return '' if greeting.startswith(b'SSH-') else 'no greeting'


def wait(layout: Layout, shape: Topology, timeout: float) -> None:
    """Wait until everything answers.

    :param timeout: seconds
    :raises errors.StepFailed: something does not
    """
    end = time.monotonic() + timeout
    while found := missing(layout, shape):
        if time.monotonic() > end:
            name, why = next(iter(found.items()))
            log = ''
            if name.startswith(_BMC):
                with contextlib.suppress(OSError):
                    log = shell.tail(layout.bmc_log.read_text('utf-8'))
            raise errors.StepFailed(
                f'{name} does not answer after {timeout:.0f} s: {why}', log
            )
        time.sleep(_INTERVAL_S)
