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
"""Up, down and status: the order of things."""

import collections.abc
import contextlib
import dataclasses
import pathlib

from extreme_tempest_plugin import interruption
from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import guards
from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import plants as plants_module
from extreme_tempest_plugin.sandbox import preflight
from extreme_tempest_plugin.sandbox import teardown
from extreme_tempest_plugin.sandbox import workspace as workspace_module
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.health import cluster as cluster_health
from extreme_tempest_plugin.sandbox.health import management
from extreme_tempest_plugin.sandbox.hosts import machine as machine_module
from extreme_tempest_plugin.sandbox.hosts import storage
from extreme_tempest_plugin.sandbox.image import build
from extreme_tempest_plugin.sandbox.image import golden as golden_module
from extreme_tempest_plugin.sandbox.image.golden import Golden
from extreme_tempest_plugin.sandbox.image.initialise import GoldenBuilder
from extreme_tempest_plugin.sandbox.image.store import Store
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.plants import carriers
from extreme_tempest_plugin.sandbox.plants import Plant
from extreme_tempest_plugin.sandbox.plants.planting import Planter
from extreme_tempest_plugin.sandbox.progress import Progress
from extreme_tempest_plugin.sandbox.status import Record
from extreme_tempest_plugin.sandbox.status import Status
from extreme_tempest_plugin.sandbox.topology import Topology

#: Seconds until a started cloud must answer; a loaded machine takes longer.
READY_TIMEOUT = 300
#: The step with which a start from the cache begins.
FIRST_STEP = 'Building the network'
_POWER_TIMEOUT = 120
_MANAGEMENT_TIMEOUT = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Images:
    """What the hosts are started from."""

    tree: pathlib.Path
    golden_dir: pathlib.Path
    golden: Golden

    def lower(self, host: str) -> tuple[pathlib.Path, ...]:
        return (self.golden_dir / golden_module.HOSTS / host, self.tree)


class Sandbox:
    """One sandbox, running or not.

    :param layout: its names
    :param progress: is told what is done
    """

    def __init__(self, layout: Layout, progress: Progress) -> None:
        self.layout = layout
        self.progress = progress

    # -- up ----------------------------------------------------------------

    def up(
        self,
        shape: Topology,
        cache: pathlib.Path,
        memory_mib: int | None = None,
        plants: collections.abc.Sequence[Plant] = (),
    ) -> Status:
        """Start it; if it runs already, only look whether it is healthy.

        :param cache: directory of the built images
        :param memory_mib: limit for all hosts together
        :param plants: known bugs to bring back
        :raises errors.UsageError: this machine cannot hold it; nothing was
            changed
        :raises errors.SandboxError: a step failed; nothing is left running
        """
        preflight.check_root()
        plants_module.check(shape, plants)
        with guards.exclusive(self.layout):
            record = Record.read(self.layout.record)
            if record:
                return self._already_up(record, shape, plants)
            facts = preflight.gather([cache, self.layout.state_root], shape)
            preflight.check(facts, shape, memory_mib)
            if machine_module.present(self.layout):
                self.progress.step('Removing what an earlier run left')
                teardown.tear_down(self.layout)
            with self._all_or_nothing():
                images = self._images(Store(cache), shape)
                self._start(shape, images, memory_mib)
                record = Record.of(shape, images.golden.password)
                self._planter(record).on(plants)
            return self._look(record)

    def _already_up(
        self,
        record: Record,
        shape: Topology,
        plants: collections.abc.Sequence[Plant],
    ) -> Status:
        if record.label != shape.label:
            raise errors.UsageError(
                f'{self.layout.name} is up as {record.label}, not as '
                f'{shape.label}: take it down first or choose another name'
            )
        self.progress.step(f'{self.layout.name} is up already: looking at it')
        status = self._look(record)
        if status.missing:
            name, why = status.missing[0]
            raise errors.SandboxError(
                f'{self.layout.name} is up but not healthy: {name}: {why}'
            )
        if plants:
            self._planter(record).on(plants)
            status = self._look(record)
        return status

    def _images(self, store: Store, shape: Topology) -> Images:
        """The root and the golden layers, built if they are not there."""
        root_key = build.key()
        golden_key = golden_module.key(root_key, shape)
        kind = f'golden-{shape.name}'
        with store.locked(self.progress):
            if not store.look_up('root', root_key):
                self.progress.step('Building the image (some minutes, once)')
                group = Group(f'{self.layout.cgroup}/build')
                store.build(
                    'root',
                    root_key,
                    lambda path: build.fill(path, group, self.progress),
                )
            tree = store.path('root', root_key) / build.TREE
            manifest = store.look_up(kind, golden_key)
            if not manifest:
                manifest = store.build(
                    kind,
                    golden_key,
                    lambda path: self._build_golden(shape, tree, path),
                )
        golden = Golden.from_values(manifest.values)
        return Images(tree, store.path(kind, golden_key), golden)

    def _build_golden(
        self, shape: Topology, tree: pathlib.Path, directory: pathlib.Path
    ) -> dict[str, str]:
        self._make_directories()
        builder = GoldenBuilder(self.layout, shape, tree, self.progress)
        values = builder.fill(directory)
        teardown.tear_down(self.layout)
        return values

    def _start(
        self, shape: Topology, images: Images, memory_mib: int | None
    ) -> None:
        self.progress.step(FIRST_STEP)
        self._make_directories()
        if memory_mib:
            Group(self.layout.cgroup).limit_memory(memory_mib)
        network.up(self.layout, shape)
        bmc.start(self.layout, shape, images.golden.password)
        kept = images.golden_dir / golden_module.STORAGE
        storage.up(self.layout, shape, kept)
        self.progress.step('Starting the hosts')
        machines = machine_module.machines(self.layout, shape)
        for machine in machines:
            machine.start(shape, images.lower(machine.host.name))
        for machine in machines:
            machine.wait_for('on', _POWER_TIMEOUT)
        self.progress.step('Starting OpenStack')
        health.wait(
            self.layout,
            shape,
            machines,
            images.golden.password,
            timeout=READY_TIMEOUT,
            detail=self.progress.detail,
        )
        management.wait(self.layout, shape, _MANAGEMENT_TIMEOUT)
        self.progress.step('Writing the workspace')
        workspace_module.write(
            self.layout,
            shape,
            images.golden,
            images.golden_dir / golden_module.SSH_KEY,
        )
        record = Record.of(shape, images.golden.password)
        self.layout.record.touch(mode=0o600)
        self.layout.record.write_text(record.to_json(), 'utf-8')

    def _make_directories(self) -> None:
        self.layout.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.layout.hosts_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        Group(self.layout.cgroup).create()
        Group(f'{self.layout.cgroup}/power').create()

    # -- down --------------------------------------------------------------

    def down(self) -> bool:
        """Remove everything but the workspace. Returns whether it was there.

        Works from names alone, so also after a killed ``up``.
        """
        preflight.check_root()
        there = machine_module.present(self.layout)
        with guards.exclusive(self.layout):
            if there:
                self.progress.step(f'Removing {self.layout.name}')
            teardown.tear_down(self.layout)
        return there

    # -- status ------------------------------------------------------------

    def status(self) -> Status:
        """Look at it, change nothing."""
        preflight.check_root()
        record = Record.read(self.layout.record)
        if record:
            return self._look(record)
        there = machine_module.present(self.layout)
        return Status(self.layout.name, 'broken' if there else 'down')

    def _look(self, record: Record) -> Status:
        shape = record.shape
        machines = machine_module.machines(self.layout, shape)
        missing = health.missing_apis(
            self.layout, shape, record.password, timeout=5
        )
        missing.update(health.missing_chassis(machines))
        missing.update(management.missing(self.layout, shape))
        missing.update(
            cluster_health.missing_members(
                self.layout, shape, machines, record.password, timeout=5
            )
        )
        return Status(
            self.layout.name,
            'degraded' if missing else 'up',
            shape.name,
            str(self.layout.workspace),
            tuple(health.host_health(shape, machine) for machine in machines),
            tuple(sorted(missing.items())),
            carriers.look(self.layout, machines),
        )

    # -- plants ------------------------------------------------------------

    @contextlib.contextmanager
    def planter(self) -> collections.abc.Iterator[Planter]:
        """What switches plants on and off; nobody else can meanwhile.

        :raises errors.UsageError: it is not up
        """
        preflight.check_root()
        with guards.exclusive(self.layout):
            record = Record.read(self.layout.record)
            if not record:
                raise errors.UsageError(
                    f'{self.layout.name} is not up: tempest extreme sandbox up'
                )
            yield self._planter(record)

    def _planter(self, record: Record) -> Planter:
        return Planter(
            self.layout, record.shape, record.password, self.progress
        )

    # -- guards ------------------------------------------------------------

    @contextlib.contextmanager
    def _all_or_nothing(self) -> collections.abc.Iterator[None]:
        """Whatever ends the block early, nothing stays half-started."""
        with interruption.heeded():
            try:
                yield
            except BaseException:
                self.progress.step('Removing what was started')
                teardown.tear_down(self.layout)
                raise
