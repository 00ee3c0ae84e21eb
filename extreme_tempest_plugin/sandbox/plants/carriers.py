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
"""Which living processes carry a plant, and which units should.

Not from memory of what was done: the loader keeps the file of a plant mapped
in each process that has run its code, and /proc shows the mappings.
"""

import collections
import collections.abc
import dataclasses
import pathlib
import re

from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.layout import Layout

#: On a host: the loader and the plants of its services.
DIRECTORY = '/var/lib/extreme-plants'
#: Of a unit that shall carry plants.
DROP_IN = 'plants.conf'
UNITS = '/etc/systemd/system'

_MAPPED = re.compile(
    rf'^\S+ +\S+ +\S+ +\S+ +\S+ +\S*{DIRECTORY}/(\S+\.json)', re.MULTILINE
)
_NAMED = re.compile(rf'{DIRECTORY}/([^\s:]+\.json)')
_UNIT = re.compile(r'/([^/\n]+)\.service(?:/|$)', re.MULTILINE)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Planted:
    """A plant in a unit.

    :param file_name: of the plant on the host
    :param wanted: whether the next start of the unit loads it
    :param processes: of the unit, that carry it now: their ids on the host
    """

    plant: str
    host: str
    unit: str
    file_name: str
    wanted: bool
    processes: tuple[int, ...]

    @property
    def state(self) -> str:
        """For people."""
        count = len(self.processes)
        if not count:
            return 'wanted, but carried by no living process'
        text = '1 process' if count == 1 else f'{count} processes'
        return text if self.wanted else f'{text}, until it is restarted'


def wanted(layout: Layout, host: str) -> dict[str, tuple[str, ...]]:
    """The plants' files that units of a host load at their next start.

    The host may be off.
    """
    return files_of(layout.host_dir(host) / 'upper')


def files_of(layer: pathlib.Path) -> dict[str, tuple[str, ...]]:
    """The same, from the own layer of a host."""
    directory = layer / UNITS.lstrip('/')
    found = {}
    for path in directory.glob(f'*.service.d/{DROP_IN}'):
        unit = path.parent.name.removesuffix('.service.d')
        found[unit] = tuple(_NAMED.findall(path.read_text('utf-8')))
    return found


def carried(machine: Machine) -> dict[tuple[str, str], tuple[int, ...]]:
    """Processes that carry a plant, by unit and the plant's file."""
    found = collections.defaultdict(list)
    for pid in sorted(machine.group.processes()):
        directory = pathlib.Path('/proc', str(pid))
        try:
            names = mapped((directory / 'maps').read_text('utf-8', 'replace'))
            if not names:
                continue
            unit = _unit((directory / 'cgroup').read_text('utf-8'))
            own = _own_id((directory / 'status').read_text('utf-8'))
        except OSError:
            # It has ended.
            continue
        for name in names:
            found[unit, name].append(own)
    return {key: tuple(pids) for key, pids in found.items()}


def mapped(maps: str) -> frozenset[str]:
    """Names of plants' files.

    :param maps: text in the format of /proc/PID/maps
    """
    return frozenset(_MAPPED.findall(maps))


def _unit(cgroup: str) -> str:
    """The innermost unit of a process, from /proc/PID/cgroup."""
    found = _UNIT.findall(cgroup)
    return found[-1] if found else 'no unit'


def _own_id(status: str) -> int:
    """What the host itself calls the process, from /proc/PID/status."""
    for line in status.splitlines():
        if line.startswith('NSpid:'):
            return int(line.split()[-1])
    return 0


def look(
    layout: Layout, machines: collections.abc.Iterable[Machine]
) -> tuple[Planted, ...]:
    """Every plant that a unit should carry or that a process carries."""
    rows = []
    for machine in machines:
        host = machine.host.name
        alive = carried(machine)
        should = {
            (unit, name)
            for unit, names in wanted(layout, host).items()
            for name in names
        }
        for unit, name in should | set(alive):
            rows.append(
                Planted(
                    plants.id_of(name),
                    host,
                    unit,
                    name,
                    (unit, name) in should,
                    alive.get((unit, name), ()),
                )
            )
    return tuple(sorted(rows))
