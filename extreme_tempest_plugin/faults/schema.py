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

import pathlib
import re
from typing import Annotated
from typing import Literal
from typing import TypeVar

import msgspec
import yaml

from extreme_tempest_plugin import errors

_T = TypeVar('_T')

_AT = re.compile(r' - at `\$\.?(?P<path>[^`]*)`$')


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
    port: Annotated[
        list[str | int], msgspec.Meta(min_length=2, max_length=3)
    ] = msgspec.field(default_factory=lambda: ['udp', 0])


class Partition(Part, frozen=True, forbid_unknown_fields=True):
    """Ours: os-faults has none, and leaves alone what it does not know."""

    host: str
    peers: Annotated[list[str], msgspec.Meta(min_length=1)]
    direction: Literal['both', 'in', 'out'] = 'both'
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 22


class Disk(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well."""

    host: str
    path: str
    leave_mb: Annotated[int, msgspec.Meta(ge=0)] = 0


class Ports(Part, frozen=True, forbid_unknown_fields=True):
    ports: Annotated[list[str], msgspec.Meta(min_length=1)]
    hosts: list[str] = []


class Switch(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: reached over SSH like a node."""

    ip: str
    down: list[str]
    up: list[str]
    status: list[str]
    targets: Annotated[dict[str, Ports], msgspec.Meta(min_length=1)]
    says_down: str = 'down'
    says_up: str = 'up'
    auth: Auth = Auth()


class Cluster(Part, frozen=True, forbid_unknown_fields=True):
    """Ours as well: one host alone has no quorum to lose."""

    hosts: Annotated[list[str], msgspec.Meta(min_length=2)]
    services: list[str] = []


class Bmc(Part, frozen=True, forbid_unknown_fields=True):
    address: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f'Bmc({self.address!r})'


class Ipmi(Part, frozen=True, forbid_unknown_fields=True):
    mac_to_bmc: dict[str, Bmc] = {}
    fqdn_to_bmc: dict[str, Bmc] = {}


class File(Part, frozen=True, forbid_unknown_fields=True):
    """Targets are read one by one, so that a message can name them."""

    cloud_management: Driver
    node_discover: Nodes
    services: dict[str, object] = {}
    partitions: dict[str, object] = {}
    disks: dict[str, object] = {}
    switches: dict[str, object] = {}
    clusters: dict[str, object] = {}
    containers: dict[str, object] = {}
    power_managements: Annotated[list[Driver], msgspec.Meta(min_length=1)] = (
        msgspec.field(default_factory=list)
    )


class Checking:
    """A file that is being checked; knows its path for messages."""

    def __init__(self, path: str) -> None:
        self.path = path

    def check(
        self, key: str, value: str, allowed: re.Pattern[str], what: str
    ) -> None:
        """Refuse a value that must not get near a shell.

        :raises UsageError: if it is none that is allowed.
        """
        if not allowed.match(value):
            raise self.wrong(
                key,
                f'{value!r} is refused as {what}: it must match '
                f'{allowed.pattern}',
            )

    def convert(self, data: object, kind: type[_T], key: str) -> _T:
        """The data as that type.

        :param key: where the data stands, for the message.
        :raises UsageError: naming the key that is wrong.
        """
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            message = str(error)
            found = _AT.search(message)
            if found:
                message = message[: found.start()]
                key = '.'.join(part for part in (key, found['path']) if part)
            raise self.wrong(key or 'the file', message) from None

    def wrong(self, key: str, reason: str) -> errors.UsageError:
        """To be raised."""
        return errors.UsageError(f'{self.path}: {key}: {reason}')


def load(path: str) -> object:
    """What a file holds, YAML or JSON, unchecked.

    :raises UsageError: if it cannot be read.
    """
    try:
        text = pathlib.Path(path).expanduser().read_text(encoding='utf-8')
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise errors.UsageError(
            f'{path}: cannot be read: {error.strerror}; see '
            '[destructive] os_faults_config'
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        line = str(error).replace('\n', ' ')
        raise errors.UsageError(
            f'{path}: neither YAML nor JSON: {line}'
        ) from None
