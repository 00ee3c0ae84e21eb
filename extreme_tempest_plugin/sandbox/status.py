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
"""What is known of a sandbox from outside."""

import dataclasses
import json
import pathlib

from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.plants.carriers import Planted
from extreme_tempest_plugin.sandbox.topology import Topology


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """What a finished ``up`` leaves for the commands that follow."""

    topology: str
    without: tuple[str, ...]
    password: str

    @classmethod
    def of(cls, shape: Topology, password: str) -> 'Record':
        return cls(shape.name, shape.without, password)

    @property
    def label(self) -> str:
        return topology.label(self.topology, self.without)

    @property
    def shape(self) -> Topology:
        return services.select(topology.named(self.topology), self.without)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def read(cls, path: pathlib.Path) -> 'Record | None':
        try:
            fields = json.loads(path.read_text('utf-8'))
            return cls(**{**fields, 'without': tuple(fields['without'])})
        except (OSError, ValueError, TypeError, KeyError):
            return None


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """The state of a sandbox.

    :param state: ``up``, ``degraded``, ``broken`` (left over from something
        that was killed) or ``down``
    :param missing: services that do not answer, and why
    :param plants: that units should carry or processes carry
    """

    name: str
    state: str
    topology: str = ''
    workspace: str = ''
    hosts: tuple[health.HostHealth, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    plants: tuple[Planted, ...] = ()
