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
"""What may stand in an os-faults configuration: keys and their types."""

from typing import Annotated
from typing import Literal

import msgspec

Port = Annotated[list[str | int], msgspec.Meta(min_length=2, max_length=3)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Driver(Part, frozen=True, forbid_unknown_fields=True):
    driver: str
    args: object = None


class Jump(Part, frozen=True, forbid_unknown_fields=True):
    host: str
    username: str = ''
    private_key_file: str = ''


class Auth(Part, frozen=True, forbid_unknown_fields=True):
    username: str = ''
    password: str = ''
    private_key_file: str = ''
    become_password: str = ''
    jump: Jump | None = None


class Node(Part, frozen=True, forbid_unknown_fields=True):
    ip: str
    mac: str = ''
    fqdn: str = ''
    libvirt_name: str = ''
    auth: Auth = Auth()


class Nodes(Part, frozen=True, forbid_unknown_fields=True):
    driver: Literal['node_list']
    args: list[Node]


class Service(Part, frozen=True, forbid_unknown_fields=True):
    driver: str
    args: dict[str, object]
    hosts: list[str] = []


class SystemService(Part, frozen=True, forbid_unknown_fields=True):
    service_name: str
    grep: str
    port: Port = msgspec.field(default_factory=lambda: ['udp', 0])


class ContainerArgs(Part, frozen=True, forbid_unknown_fields=True):
    container_name: str


class Container(Part, frozen=True, forbid_unknown_fields=True):
    """What is beside ``driver`` and ``args`` is ours."""

    driver: str
    args: ContainerArgs
    hosts: Annotated[list[str], msgspec.Meta(min_length=1)]
    runtime: Literal['docker', 'podman', ''] = ''
    unit: str = ''
    port: Port = msgspec.field(default_factory=lambda: ['udp', 0])


class Partition(Part, frozen=True, forbid_unknown_fields=True):
    """Ours: os-faults has none, and leaves alone what it does not know."""

    host: str
    peers: Annotated[list[str], msgspec.Meta(min_length=1)]
    direction: Literal['both', 'in', 'out'] = 'both'
    ports: list[Annotated[int, msgspec.Meta(ge=1, le=65535)]] = []
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None


class Link(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: loses packets, or delays them.

    ``loss`` in percent; a partition loses them all.
    """

    host: str
    peers: Annotated[list[str], msgspec.Meta(min_length=1)]
    loss: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    direction: Literal['both', 'in', 'out'] | None = None
    delay_ms: Annotated[int, msgspec.Meta(ge=20, le=2000)] | None = None
    jitter_ms: Annotated[int, msgspec.Meta(ge=0)] = 0
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 22


class Clock(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: at most the 30 days that certificates may stand."""

    host: str
    step_s: Annotated[int, msgspec.Meta(ge=-2592000, le=2592000)]


class Disk(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well."""

    host: str
    path: str
    leave_mb: Annotated[int, msgspec.Meta(ge=0)] = 0


class Ports(Part, frozen=True, forbid_unknown_fields=True):
    ports: Annotated[list[str], msgspec.Meta(min_length=1)]
    hosts: list[str] = []


class Switch(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: reached over SSH like a node.

    :param netmiko: what netmiko calls a switch without a shell; empty where
        it has one.
    :param no_timer: it is known that nobody but ``heal`` undoes it.
    :param verify: the host key of one without a shell: against the known
        hosts of this user, against those of a file, or not at all.
    """

    ip: str
    down: list[str]
    up: list[str]
    status: list[str]
    targets: Annotated[dict[str, Ports], msgspec.Meta(min_length=1)]
    says_down: str = 'down'
    says_up: str = 'up'
    auth: Auth = Auth()
    netmiko: str = ''
    no_timer: bool = False
    verify: bool | str = True


class Commands(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: by commands that the operator declares."""

    hosts: Annotated[list[str], msgspec.Meta(min_length=1)]
    inject: list[str]
    heal: list[str]
    status: list[str]
    says_broken: str
    hits: bool = True


class Foreign(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: broken by a driver that others bring."""

    driver: str
    hosts: Annotated[list[str], msgspec.Meta(min_length=1)]
    args: object = None


class Cluster(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: one host alone has no quorum to lose."""

    hosts: Annotated[list[str], msgspec.Meta(min_length=2)]
    services: list[str] = []
    kind: Literal['galera', 'rabbitmq', 'ovn'] | None = None


class Bmc(Part, frozen=True, forbid_unknown_fields=True):
    address: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f'Bmc({self.address!r})'


class Ipmi(Part, frozen=True, forbid_unknown_fields=True):
    mac_to_bmc: dict[str, Bmc] = {}
    fqdn_to_bmc: dict[str, Bmc] = {}


class RedfishBmc(Bmc, frozen=True, forbid_unknown_fields=True):
    """Ours: os-faults does not know Redfish.

    :param verify: its certificate: against the usual authorities, against
        those of a file, or not at all.
    :param system: which one of those that it serves; empty for the only one.
    """

    verify: bool | str = True
    system: str = ''

    @property
    def url(self) -> str:
        """Where it is asked."""
        found = '://' in self.address
        return self.address if found else f'https://{self.address}'


class Redfish(Part, frozen=True, forbid_unknown_fields=True):
    mac_to_bmc: dict[str, RedfishBmc] = {}
    fqdn_to_bmc: dict[str, RedfishBmc] = {}


class File(Part, frozen=True, forbid_unknown_fields=True):
    """Targets are read one by one, so that a message can name them."""

    cloud_management: Driver
    node_discover: Nodes
    services: dict[str, object] = {}
    partitions: dict[str, object] = {}
    links: dict[str, object] = {}
    clocks: dict[str, object] = {}
    disks: dict[str, object] = {}
    switches: dict[str, object] = {}
    commands: dict[str, object] = {}
    targets: dict[str, object] = {}
    clusters: dict[str, object] = {}
    containers: dict[str, object] = {}
    power_managements: Annotated[list[Driver], msgspec.Meta(min_length=1)] = (
        msgspec.field(default_factory=list)
    )
