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
"""The hosts of a topology, initialised once and stopped cleanly.

Databases are created, services enabled, the cloud is seeded and shut down.
What the hosts wrote (their golden layers) is the second kind of entry in the
cache: ``up`` puts fresh layers on top of them.
"""

import collections.abc
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import pwd
import secrets
import shlex
import shutil

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import machine as machine_module
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox import topology as topology_module
from extreme_tempest_plugin.sandbox.image import store
from extreme_tempest_plugin.sandbox.machine import Machine
from extreme_tempest_plugin.sandbox.progress import Progress
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

HOSTS = 'hosts'
SSH_KEY = 'ssh_key'

#: Raise it when code below changes what ends up in the layers.
REVISION = 1

_BOOT_TIMEOUT = 60
_SETUP_TIMEOUT = 300
_READY_TIMEOUT = 300
_STOP_TIMEOUT = 120

# What the build wrote there is of no interest to the user of a sandbox.
_EMPTIED = ('var/log', 'tmp', 'var/tmp')
_DIRECTORIES = (
    'var/lib/nova',
    'var/lib/neutron',
    'var/lib/glance/images',
    'var/lib/glance/staging',
    'var/lib/glance/tasks',
)


@dataclasses.dataclass(frozen=True, slots=True)
class Seed:
    """What the build made in the cloud: ids for tempest.conf."""

    flavor: str
    flavor_alt: str
    image: str
    image_alt: str
    public_network: str
    private_network: str


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
    data = templates.DATA
    return store.digest(
        f'revision {REVISION} root {root_key} {shape!r}',
        repr(services.SERVICES),
        *(
            item
            for item in sorted(
                (data / 'templates').iterdir(), key=lambda item: item.name
            )
            # Rendered at every up, on this machine.
            if item.name != 'tempest.conf.j2'
        ),
        templates.GUEST / 'identity.py',
        templates.GUEST / 'seed.py',
    )


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
        self.password = secrets.token_hex(12)
        self.machines = machine_module.machines(layout, shape)
        self.first = self.machines[0]

    def fill(self, directory: pathlib.Path) -> dict[str, str]:
        """Fill a new entry of the cache.

        :raises errors.SandboxError: a step failed; tear down afterwards
        """
        self._make_key(directory)
        public = (directory / f'{SSH_KEY}.pub').read_text('ascii')
        for machine in self.machines:
            self._prepare(machine, public)
        self._boot()
        self._set_up()
        self._enable()
        golden = Golden(self.password, self._seed())
        self._stop()
        self._keep(directory)
        return golden.to_values()

    def _make_key(self, directory: pathlib.Path) -> None:
        """A key of this image; ssh-keygen comes from the image as well."""
        self.progress.step('Preparing the hosts')
        temporary = self.tree / 'tmp' / SSH_KEY
        shell.run(
            [
                *('chroot', str(self.tree), 'ssh-keygen', '-q'),
                *('-t', 'ed25519', '-N', '', '-C', 'extreme-sandbox'),
                *('-f', f'/tmp/{SSH_KEY}'),
            ]
        )
        for suffix in ('', '.pub'):
            source = temporary.with_name(SSH_KEY + suffix)
            shutil.move(source, directory / source.name)

    def _prepare(self, machine: Machine, public_key: str) -> None:
        """Write the configuration of a host into its layer."""
        upper = self.layout.host_dir(machine.host.name) / 'upper'
        upper.mkdir(parents=True)
        site = templates.Site(self.shape, machine.host, self.password)
        for file in templates.host_files(site):
            self._write(upper, file)
        for name in ('root', 'home/stack'):
            path = f'/{name}/.ssh/authorized_keys'
            self._write(upper, templates.File(path, public_key, 0o600))
        for project in ('nova', 'neutron'):
            paste = self.tree / f'opt/openstack/etc/{project}/api-paste.ini'
            text = paste.read_text('utf-8')
            path = f'/etc/{project}/api-paste.ini'
            self._write(upper, templates.File(path, text))
        for directory in (*_DIRECTORIES, *_log_directories(machine)):
            (upper / directory).mkdir(parents=True, exist_ok=True)

    def _write(self, upper: pathlib.Path, file: templates.File) -> None:
        path = upper / file.path.lstrip('/')
        self._make_parents(upper, path.parent)
        path.write_text(file.text, 'utf-8')
        path.chmod(file.mode)
        owner = self._owner(file.path)
        if owner:
            os.chown(path, *owner)

    def _make_parents(
        self, upper: pathlib.Path, directory: pathlib.Path
    ) -> None:
        """New directories hide those of the root: be like them."""
        missing = [
            path
            for path in (directory, *directory.parents)
            if not path.exists()
        ]
        for path in reversed(missing):
            path.mkdir()
            below = self.tree / path.relative_to(upper)
            if below.exists():
                status = below.stat()
                path.chmod(status.st_mode & 0o7777)
                os.chown(path, status.st_uid, status.st_gid)
            elif path.name == '.ssh':
                path.chmod(0o700)
                owner = self._owner(f'/{path.relative_to(upper)}')
                if owner:
                    os.chown(path, *owner)

    def _owner(self, path: str) -> tuple[int, int] | None:
        """Files below a home belong to its user; others to root."""
        if not path.startswith('/home/stack/'):
            return None
        passwd = (self.tree / 'etc/passwd').read_text('utf-8')
        for line in passwd.splitlines():
            entry = pwd.struct_passwd(line.split(':'))
            if entry.pw_name == 'stack':
                return int(entry.pw_uid), int(entry.pw_gid)
        return None

    def _boot(self) -> None:
        self.progress.step('Starting the hosts for the first time')
        network.up(self.layout, self.shape)
        for machine in self.machines:
            machine.start(self.shape, [self.tree])
        for machine in self.machines:
            machine.wait_for('on', _BOOT_TIMEOUT)
            machine.wait_for_boot(_BOOT_TIMEOUT)

    def _set_up(self) -> None:
        """Databases, then every service's own initialisation."""
        self.progress.step('Initialising databases')
        self._start_backends()
        with concurrent.futures.ThreadPoolExecutor(3) as executor:
            pending = [executor.submit(self._start_units, Role.COMPUTE, True)]
            keystone, *others = (
                service
                for service in services.on(Role.CONTROLLER)
                if service.setup
            )
            pending += [executor.submit(self._set_up_keystone, keystone)]
            commands = [line for other in others for line in other.setup]
            pending += [executor.submit(self._run_in_turn, commands)]
            for future in concurrent.futures.as_completed(pending):
                future.result()

    def _start_backends(self) -> None:
        run = self.first.run
        run(
            [
                *('mariadb-install-db', '--user=mysql', '--skip-test-db'),
                '--auth-root-authentication-method=socket',
            ],
            timeout=_SETUP_TIMEOUT,
        )
        self._start_units(Role.CONTROLLER, True)
        run(['mariadb'], stdin=self._grants(), timeout=_SETUP_TIMEOUT)

    def _grants(self) -> str:
        statements = [
            f"CREATE USER openstack@'%' IDENTIFIED BY '{self.password}';"
        ]
        for service in services.SERVICES:
            for name in service.databases:
                statements += [
                    f'CREATE DATABASE {name} CHARACTER SET utf8mb4;',
                    f"GRANT ALL ON {name}.* TO openstack@'%';",
                ]
        return '\n'.join(statements)

    def _start_units(self, role: Role, packaged: bool) -> None:
        """Enable and start Debian's units of a role, or ours."""
        names = [
            unit.name
            for service in services.on(role)
            for unit in (service.packaged if packaged else service.units)
        ]
        for machine in self.machines:
            if machine.host.role is role:
                self._systemctl(machine, names)

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
        self._guest_script('identity.py', json.dumps(self._catalogue(url)))

    def _catalogue(self, url: str) -> dict[str, object]:
        entries = [
            {
                'name': service.name,
                'type': service.endpoint.type,
                'url': f'http://{self.shape.api_address}:'
                f'{service.endpoint.port}{service.endpoint.path}',
            }
            for service in services.SERVICES
            if service.endpoint
        ]
        return {
            'url': url,
            'region': templates.REGION,
            'password': self.password,
            'services': entries,
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
        for service in services.SERVICES:
            self._run_in_turn(service.finish)

    def _seed(self) -> Seed:
        self.progress.step('Creating flavors, images and networks')
        wanted = {
            'external_cidr': topology_module.EXTERNAL_CIDR,
            'external_gateway': topology_module.EXTERNAL_GATEWAY,
        }
        made = self._guest_script('seed.py', json.dumps(wanted))
        return Seed(**json.loads(made.splitlines()[-1]))

    def _stop(self) -> None:
        """Computes first: their chassis leave the database of OVN."""
        self.progress.step('Stopping the hosts cleanly')
        for role in (Role.COMPUTE, Role.CONTROLLER):
            stopping = [m for m in self.machines if m.host.role is role]
            for machine in stopping:
                machine.power('soft')
            for machine in stopping:
                machine.wait_for('off', _STOP_TIMEOUT)

    def _keep(self, directory: pathlib.Path) -> None:
        self.progress.step('Keeping the initialised hosts')
        for machine in self.machines:
            machine.quit()
            upper = self.layout.host_dir(machine.host.name) / 'upper'
            for name in _EMPTIED:
                _empty(upper / name)
            target = directory / HOSTS / machine.host.name
            target.parent.mkdir(exist_ok=True)
            _move(upper, target)


def _log_directories(machine: Machine) -> list[str]:
    return [
        f'var/log/{service.log_dir}'
        for service in services.on(machine.host.role)
        if service.log_dir
    ]


def _move(source: pathlib.Path, target: pathlib.Path) -> None:
    try:
        source.rename(target)
    except OSError:
        # The cache is on another file system than the state. Only cp keeps
        # overlayfs' marks: devices and trusted attributes.
        shell.run(['cp', '--archive', str(source), str(target)], timeout=120)


def _empty(directory: pathlib.Path) -> None:
    """Remove the files below a directory, keep the directories."""
    for current, _, names in os.walk(directory):
        for name in names:
            path = pathlib.Path(current, name)
            # A character device is overlayfs' mark of a removed file.
            if path.is_file() or path.is_symlink():
                path.unlink()
