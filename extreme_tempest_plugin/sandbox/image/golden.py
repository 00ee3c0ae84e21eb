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
"""What is known of the initialised hosts of a topology: their golden layers.

They are the second kind of entry in the cache: ``up`` puts fresh layers on
top of them.
"""

import collections.abc
import dataclasses
import json

from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox.image import digests
from extreme_tempest_plugin.sandbox.topology import Topology

#: Names in an entry: a directory with a layer for each host, the storage
#: outside of them, a private key.
HOSTS = 'hosts'
STORAGE = 'storage'
SSH_KEY = 'ssh_key'

#: Raise it when the code that fills the layers changes what is in them.
REVISION = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Seed:
    """What the build made and found in the cloud, for tempest.conf.

    :param network_extensions: aliases, separated by commas
    """

    flavor: str
    flavor_alt: str
    image: str
    image_alt: str
    public_network: str
    private_network: str
    network_extensions: str


@dataclasses.dataclass(frozen=True, slots=True)
class Golden:
    """What one must know to use the layers."""

    password: str
    seed: Seed

    def to_values(self) -> dict[str, str]:
        return {
            'password': self.password,
            'seed': json.dumps(dataclasses.asdict(self.seed)),
        }

    @classmethod
    def from_values(
        cls, values: collections.abc.Mapping[str, str]
    ) -> 'Golden':
        return cls(values['password'], Seed(**json.loads(values['seed'])))


def key(root_key: str, shape: Topology) -> str:
    """Of the layers: changes with whatever they are made of."""
    files = [
        repr(templates.host_files(templates.Site(shape, host, '')))
        for host in shape.hosts
    ]
    # How a service is found in a process list, e.g., is not in the layers.
    steps = [
        (
            service.name,
            service.databases,
            service.setup,
            service.finish,
            service.endpoint,
            service.copied,
            service.roles,
            service.shared,
            [unit.name for unit in service.all_units],
        )
        for service in services.of(shape)
    ]
    return digests.digest(
        f'revision {REVISION} root {root_key} {shape!r}',
        *files,
        repr(steps),
        templates.GUEST / 'identity.py',
        templates.GUEST / 'seed.py',
    )
