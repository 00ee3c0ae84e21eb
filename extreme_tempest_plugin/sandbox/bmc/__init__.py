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
"""The BMCs of a sandbox: one process, reachable whatever the hosts do.

They live in a namespace of their own, which is plugged into the management
network: the port of a host and the power of a host do not touch its BMC.
"""

import contextlib
import dataclasses
import json
import socket
import subprocess
import sys

from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.layout import Layout

USER = 'admin'
PORT = 623

# Get Channel Authentication Capabilities: what can be asked without a session.
_QUESTION = bytes.fromhex('0600ff07 00000000000000000009 2018c88100388e04b5')
_MODULE = 'extreme_tempest_plugin.sandbox.bmc.ipmi'


@dataclasses.dataclass(frozen=True, slots=True)
class Specification:
    """What the process must know.

    :param addresses: of the BMCs, by host
    :param password: of the user USER, at most 20 characters
    :param port: UDP
    """

    name: str
    run_root: str
    addresses: dict[str, str]
    password: str
    port: int = PORT

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'Specification':
        return cls(**json.loads(text))


def start(layout: Layout, shape: topology.Topology, password: str) -> None:
    """Start the process that serves the BMCs of all hosts."""
    spec = Specification(
        name=layout.name,
        run_root=str(layout.run_root),
        addresses={host.name: host.bmc_address for host in shape.nodes},
        password=password,
    )
    group = Group(f'{layout.cgroup}/bmc')
    group.create()
    with open(layout.bmc_log, 'ab') as log:
        process = subprocess.Popen(
            [
                *group.enter_prefix(),
                *('nsenter', f'--net={network.NAMESPACES / layout.bmc}'),
                *('--', sys.executable, '-m', _MODULE),
            ],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd='/',
            start_new_session=True,
        )
    # Not among the arguments, which everybody can read. If it has ended
    # already, management.wait() says so.
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as stdin:
        stdin.write(spec.to_json().encode('utf-8'))


def asked(address: str, timeout: float) -> str:
    """Ask a BMC whether it is there. Returns why not, or nothing.

    :param timeout: seconds
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(timeout)
        try:
            asking.connect((address, PORT))
            asking.send(_QUESTION)
            asking.recv(512)
        except OSError as error:
            return str(error)
    return ''
