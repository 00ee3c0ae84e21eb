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
"""Boots a topology for the first time and initialises it.

Databases are created, services enabled, the cloud is seeded and shut down.
What the hosts wrote is kept in the cache.
"""

import collections.abc
import functools
import json
import pathlib
import secrets
import shlex

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox import topology as topology_module
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.hosts import machine as machine_module
from extreme_tempest_plugin.sandbox.hosts import storage
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.image import cluster
from extreme_tempest_plugin.sandbox.image import database
from extreme_tempest_plugin.sandbox.image import lanes
from extreme_tempest_plugin.sandbox.image import sshkey
from extreme_tempest_plugin.sandbox.image.golden import Golden
from extreme_tempest_plugin.sandbox.image.golden import HOSTS
from extreme_tempest_plugin.sandbox.image.golden import Seed
from extreme_tempest_plugin.sandbox.image.golden import SSH_KEY
from extreme_tempest_plugin.sandbox.image.golden import STORAGE
from extreme_tempest_plugin.sandbox.image.layer import Layer
from extreme_tempest_plugin.sandbox.progress import Progress
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

# IPMI takes no password of more than 20 characters.
_PASSWORD_BYTES = 10
_BOOT_TIMEOUT = 180
_SETUP_TIMEOUT = 300
_READY_TIMEOUT = 300
_STOP_TIMEOUT = 120


class GoldenBuilder:
    """Boots a topology on a bare root and initialises it.

    :param layout: of the sandbox whose names are used meanwhile
    :param tree: the root file system
    """

    def __init__(
        self,
        layout: layout_module.Layout,
        shape: Topology,
        tree: pathlib.Path,
        progress: Progress,
    ) -> None:
        self.layout = layout
        self.shape = shape
        self.tree = tree
        self.progress = progress
        self.password = secrets.token_hex(_PASSWORD_BYTES)
        self.machines = machine_module.machines(layout, shape)
        self.first = self.machines[0]

    def fill(self, directory: pathlib.Path) -> dict[str, str]:
        """Fill a new entry of the cache.

        :raises errors.SandboxError: a step failed; tear down afterwards
        """
        self.progress.step('Preparing the hosts')
        public = sshkey.make(directory / SSH_KEY)
        for machine in self.machines:
            site = templates.Site(self.shape, machine.host, self.password)
            self._layer(machine).write(site, public)
        self._boot()
        self._set_up()
        self._enable()
        golden = Golden(self.password, self._seed())
        self._stop()
        self._keep(directory)
        return golden.to_values()

    def _layer(self, machine: Machine) -> Layer:
        upper = self.layout.host_dir(machine.host.name) / 'upper'
        return Layer(upper, self.tree)

    def _boot(self) -> None:
        self.progress.step('Starting the hosts for the first time')
        network.up(self.layout, self.shape)
        storage.up(self.layout, self.shape)
        for machine in self.machines:
            machine.start(self.shape, [self.tree])
        for machine in self.machines:
            machine.wait_for('on', _BOOT_TIMEOUT)
            machine.wait_for_boot(_BOOT_TIMEOUT)

    def _set_up(self) -> None:
        """Databases, then every service's own initialisation."""
        self.progress.step('Initialising databases')
        self._start_backends()
        keystone, *others = (
            service
            for service in services.on(self.shape, Role.CONTROLLER)
            if service.setup
        )
        # The processors are never idle so; each command mostly imports.
        setups = {
            other.name: functools.partial(self._run_in_turn, other.setup)
            for other in others
        }
        lanes.run(
            {
                'networks of the computes': lambda: self._start_units(
                    Role.COMPUTE, True
                ),
                'keystone': lambda: self._set_up_keystone(keystone),
                **setups,
            },
            # What runs inside the hosts ends with them.
            stop=Group(self.layout.cgroup).kill,
            ended=lambda name: self.progress.detail(f'{name} ready'),
        )
        cluster.share_out(self.shape, self._of(Role.CONTROLLER))

    def _start_backends(self) -> None:
        database.install(self.shape, self.first)
        self._start_units(Role.CONTROLLER, True)
        self.first.run(
            ['mariadb'],
            stdin=database.grants(self.shape, self.password),
            timeout=_SETUP_TIMEOUT,
        )

    def _start_units(self, role: Role, packaged: bool) -> None:
        """Enable and start Debian's units of a role, or ours."""
        names = [
            unit.name
            for service in services.on(self.shape, role)
            for unit in (service.packaged if packaged else service.units)
        ]
        for machine in self._of(role):
            self._systemctl(machine, names)

    def _of(self, role: Role) -> list[Machine]:
        return [m for m in self.machines if m.host.role is role]

    def _systemctl(
        self, machine: Machine, names: collections.abc.Sequence[str]
    ) -> None:
        machine.run(['systemctl', 'enable', *names], timeout=_SETUP_TIMEOUT)
        for name in names:
            try:
                machine.run(
                    ['systemctl', 'start', name], timeout=_SETUP_TIMEOUT
                )
            except errors.CommandFailed as error:
                raise errors.StepFailed(
                    f'{name} on {machine.host.name} does not start',
                    machine.journal(name),
                ) from error

    def _set_up_keystone(self, keystone: services.Service) -> None:
        self._run_in_turn(keystone.setup)
        url = f'http://{self.shape.api_address}:5000/v3'
        self.first.run(
            [
                *('keystone-manage', '--config-file'),
                *('/etc/keystone/keystone.conf', 'bootstrap'),
                *('--bootstrap-region-id', templates.REGION),
                *('--bootstrap-admin-url', url),
                *('--bootstrap-internal-url', url),
                *('--bootstrap-public-url', url),
            ],
            timeout=_SETUP_TIMEOUT,
            env={'OS_BOOTSTRAP_PASSWORD': self.password},
        )
        self._systemctl(self.first, [unit.name for unit in keystone.units])
        health.wait_for_token(
            self.layout, self.shape, self.password, timeout=_READY_TIMEOUT
        )
        self._guest_script('identity.py', json.dumps(self._catalogue(url)))

    def _catalogue(self, url: str) -> dict[str, object]:
        entries = [
            {
                'name': service.name,
                'type': service.endpoint.type,
                'url': f'http://{self.shape.api_address}:'
                f'{service.endpoint.port}{service.endpoint.path}',
            }
            for service in services.of(self.shape)
            if service.endpoint
        ]
        return {
            'url': url,
            'region': templates.REGION,
            'password': self.password,
            'services': entries,
            'roles': [
                role
                for service in services.of(self.shape)
                for role in service.roles
            ],
        }

    def _run_in_turn(self, lines: collections.abc.Iterable[str]) -> None:
        for line in lines:
            command = shlex.split(line)
            self.progress.detail(pathlib.Path(command[0]).name)
            self.first.run(command, timeout=_SETUP_TIMEOUT)

    def _guest_script(self, name: str, stdin: str) -> str:
        """Run one of our scripts on the first controller."""
        source = (templates.GUEST / name).read_text('utf-8')
        return self.first.run(
            ['/opt/openstack/bin/python', '-c', source],
            stdin=stdin,
            timeout=_SETUP_TIMEOUT,
            env={
                'OS_AUTH_URL': f'http://{self.shape.api_address}:5000/v3',
                'OS_USERNAME': 'admin',
                'OS_PASSWORD': self.password,
                'OS_PROJECT_NAME': 'admin',
                'OS_USER_DOMAIN_NAME': 'Default',
                'OS_PROJECT_DOMAIN_NAME': 'Default',
                'OS_REGION_NAME': templates.REGION,
            },
        )

    def _enable(self) -> None:
        self.progress.step('Starting OpenStack for the first time')
        for role in (Role.CONTROLLER, Role.COMPUTE):
            self._start_units(role, False)
        health.wait(
            self.layout,
            self.shape,
            self.machines,
            self.password,
            timeout=_READY_TIMEOUT,
            detail=self.progress.detail,
        )
        for service in services.of(self.shape):
            self._run_in_turn(service.finish)

    def _seed(self) -> Seed:
        self.progress.step('Creating flavors, images and networks')
        wanted = {
            'external_cidr': topology_module.EXTERNAL_CIDR,
            'external_gateway': topology_module.EXTERNAL_GATEWAY,
            'services': [s.name for s in services.of(self.shape)],
        }
        made = self._guest_script('seed.py', json.dumps(wanted))
        return Seed(**json.loads(made.splitlines()[-1]))

    def _stop(self) -> None:
        """Computes first: their chassis leave the database of OVN."""
        self.progress.step('Stopping the hosts cleanly')
        self._power_down(self._of(Role.COMPUTE))
        if self.shape.clustered:
            cluster.stop(self.shape, self._of(Role.CONTROLLER))
        else:
            self._power_down(self._of(Role.CONTROLLER))
        self._power_down(self._of(Role.SWITCH))

    def _power_down(self, machines: collections.abc.Sequence[Machine]) -> None:
        for machine in machines:
            machine.power('soft')
        for machine in machines:
            machine.wait_for('off', _STOP_TIMEOUT)

    def _keep(self, directory: pathlib.Path) -> None:
        self.progress.step('Keeping the initialised hosts')
        for machine in self.machines:
            machine.quit()
            layer = self._layer(machine)
            if self.shape.clustered and machine.host in self.shape.controllers:
                database.check_view(
                    machine.host.name,
                    layer.upper,
                    len(self.shape.controllers),
                )
            layer.keep(directory / HOSTS / machine.host.name)
        storage.keep(self.layout, directory / STORAGE)
