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
"""Switching plants on and off in the services of a running sandbox.

A unit that shall carry plants has a drop-in, which puts the loader on its
path and names the plants' files. A unit without plants has none, and a host
without plants has no file of ours: nothing of the image is ever changed.
"""

import collections.abc
import posixpath
import time

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import namespace
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import plants as plants_module
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox.hosts import machine as machine_module
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.plants import carriers
from extreme_tempest_plugin.sandbox.plants import Plant
from extreme_tempest_plugin.sandbox.plants.carriers import Planted
from extreme_tempest_plugin.sandbox.plants.drop_ins import put
from extreme_tempest_plugin.sandbox.plants.drop_ins import Unit
from extreme_tempest_plugin.sandbox.progress import Progress
from extreme_tempest_plugin.sandbox.topology import Topology

#: Seconds until what was restarted must answer.
READY_TIMEOUT = 300
_LOADER = templates.GUEST / 'plants.py'


class Planter:
    """Changes the plants of one running sandbox.

    :param layout: its names
    :param shape: its topology
    :param password: of its administrator
    :param progress: is told what is done
    """

    def __init__(
        self,
        layout: Layout,
        shape: Topology,
        password: str,
        progress: Progress,
    ) -> None:
        self.layout = layout
        self.shape = shape
        self.password = password
        self.progress = progress
        self.machines = machine_module.machines(layout, shape)

    def on(self, plants: collections.abc.Sequence[Plant]) -> None:
        """Let the plants' units carry them, beside those that they carry.

        :raises errors.UsageError: the sandbox has no such service, or a host
            is off; nothing was changed
        :raises errors.SandboxError: a service does not start with them
        """
        plants_module.check(self.shape, plants)
        units = [
            unit.beside(plants)
            for unit in self._units()
            if any(unit.name in plant.units for plant in plants)
        ]
        shown = ', '.join(plant.id for plant in plants)
        texts = {plant.file_name: plant.text for plant in plants}
        self._change(f'Planting {shown}', units, texts)

    def off(
        self,
        ids: collections.abc.Collection[str],
        known: collections.abc.Mapping[str, Plant],
    ) -> None:
        """Let no unit carry these plants any more.

        :param known: plants that may be named though nothing carries them
        :raises errors.UsageError: there is no plant of that id, or a host
            that has it is off; nothing was changed
        :raises errors.SandboxError: a service does not start without them
        """
        rows = self.look()
        planted = {row.plant for row in rows}
        plants_module.choose(known, set(ids) - planted)
        having = {(row.host, row.unit) for row in rows if row.plant in ids}
        units = [
            unit.without(ids)
            for unit in self._units()
            if (unit.machine.host.name, unit.name) in having
        ]
        self._change(f'Removing {", ".join(ids)}', units, {})

    def look(self) -> tuple[Planted, ...]:
        """What the units should carry, and what their processes carry."""
        return carriers.look(self.layout, self.machines)

    def _units(self) -> collections.abc.Iterator[Unit]:
        """All units that could carry a plant, with those that they should."""
        for machine in self.machines:
            now = carriers.wanted(self.layout, machine.host.name)
            for service in services.on(self.shape, machine.host.role):
                for unit in service.units:
                    files = now.get(unit.name, ())
                    yield Unit(machine, unit.name, unit.port, files)

    def _change(
        self,
        what: str,
        units: collections.abc.Sequence[Unit],
        texts: collections.abc.Mapping[str, str],
    ) -> None:
        rows = self.look()
        stale = [unit for unit in units if not unit.is_so(rows)]
        machines = [
            machine
            for machine in self.machines
            if any(unit.machine is machine for unit in stale)
        ]
        for machine in machines:
            if machine.power('status') != 'on':
                raise errors.UsageError(
                    f'{machine.host.name} is off: switch it on first'
                )
        if not stale:
            return
        self.progress.step(what)
        for machine in machines:
            here = [unit for unit in stale if unit.machine is machine]
            self._write(machine, here, texts)
        for unit in stale:
            self.progress.detail(f'restarting {unit.shown}')
            unit.restart()
        self._wait(stale)

    def _write(
        self,
        machine: Machine,
        units: collections.abc.Iterable[Unit],
        texts: collections.abc.Mapping[str, str],
    ) -> None:
        """Bring the files of a host to what its units shall carry."""
        host = machine.host.name
        before = carriers.wanted(self.layout, host)
        after = {**before, **{unit.name: unit.files for unit in units}}
        used = {name for names in after.values() for name in names}
        if used:
            files = {
                'sitecustomize.py': _LOADER.read_text('utf-8'),
                **{name: texts[name] for name in used & set(texts)},
            }
            for name, text in files.items():
                put(machine, f'{carriers.DIRECTORY}/{name}', text)
        for unit in units:
            if unit.files:
                put(machine, unit.drop_in, unit.text)
            elif unit.name in before:
                machine.run(['rm', '-f', unit.drop_in])
                directory = posixpath.dirname(unit.drop_in)
                machine.run(['rmdir', '--ignore-fail-on-non-empty', directory])
        unused = {n for names in before.values() for n in names} - used
        for name in unused:
            machine.run(['rm', '-f', f'{carriers.DIRECTORY}/{name}'])
        if not used:
            machine.run(['rm', '-rf', carriers.DIRECTORY])
        machine.run(['systemctl', 'daemon-reload'])

    def _wait(self, restarted: collections.abc.Sequence[Unit]) -> None:
        """Until the cloud is whole again.

        :raises errors.SandboxError: a unit failed or does not answer
        """

        def check() -> None:
            for unit in restarted:
                unit.check()

        health.wait(
            self.layout,
            self.shape,
            self.machines,
            self.password,
            timeout=READY_TIMEOUT,
            detail=self.progress.detail,
            check=check,
        )
        # Another controller may have answered for one that is not ready.
        end = time.monotonic() + READY_TIMEOUT
        tester = network.NAMESPACES / self.layout.tester
        for unit in restarted:
            while not namespace.call(tester, unit.listens):
                check()
                if time.monotonic() > end:
                    raise errors.SandboxError(f'{unit.shown} does not answer')
                time.sleep(0.5)
        check()
