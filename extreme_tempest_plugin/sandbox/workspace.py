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
"""What a user of the sandbox needs: a Tempest workspace and its neighbours.

The files are written anew at every ``up``; runs and logs of earlier ones
stay.
"""

import collections.abc
import dataclasses
import importlib.util
import pathlib
import shutil

import yaml

from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.sandbox import breakable
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import templates
from extreme_tempest_plugin.sandbox.image.golden import Golden
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Host
from extreme_tempest_plugin.sandbox.topology import Topology

SSH_USER = 'stack'

_STESTR = """\
[DEFAULT]
test_path={discover}
top_dir={top}
group_regex=([^\\.]*\\.)*
"""

# Names that operators say instead of the name of the unit.
_ALIASES = {'rabbitmq-server': 'rabbitmq', 'mariadb': 'mysql'}


@dataclasses.dataclass(frozen=True, slots=True)
class Workspace:
    """Paths below a workspace."""

    root: pathlib.Path

    @property
    def config_dir(self) -> pathlib.Path:
        return self.root / 'etc'

    @property
    def tempest_conf(self) -> pathlib.Path:
        return self.config_dir / 'tempest.conf'

    @property
    def clouds_yaml(self) -> pathlib.Path:
        return self.root / 'clouds.yaml'

    @property
    def os_faults_yaml(self) -> pathlib.Path:
        return self.root / 'os-faults.yaml'

    @property
    def ssh_key(self) -> pathlib.Path:
        return self.root / 'ssh_key'

    def variables(self, name: str) -> dict[str, str]:
        """The environment of a command that uses the sandbox.

        :param name: of the sandbox, also of its cloud in clouds.yaml
        """
        return {
            'TEMPEST_CONFIG_DIR': str(self.config_dir),
            'TEMPEST_CONFIG': self.tempest_conf.name,
            'OS_CLIENT_CONFIG_FILE': str(self.clouds_yaml),
            'OS_CLOUD': name,
            'OS_FAULTS_CONFIG': str(self.os_faults_yaml),
        }


def write(
    layout: Layout,
    shape: Topology,
    golden: Golden,
    ssh_key: pathlib.Path,
) -> Workspace:
    """Write all files of the workspace.

    :param ssh_key: private key that the hosts accept
    """
    made = Workspace(layout.workspace)
    root = made.root
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ('etc', 'logs', 'runs', 'journal', 'tempest_lock'):
        (root / name).mkdir(exist_ok=True)
    made.ssh_key.unlink(missing_ok=True)
    made.ssh_key.touch(mode=0o600)
    shutil.copyfile(ssh_key, made.ssh_key)
    site = templates.Site(shape, shape.controllers[0], golden.password)
    files = {
        made.tempest_conf: tempest_conf(site, golden, root),
        made.clouds_yaml: clouds_yaml(site, layout.name),
        made.os_faults_yaml: os_faults_yaml(
            shape, made.ssh_key, golden.password
        ),
        root / '.stestr.conf': stestr_conf(),
    }
    for path, text in files.items():
        path.write_text(text, 'utf-8')
        path.chmod(0o600)
    return made


def tempest_conf(
    site: templates.Site, golden: Golden, root: pathlib.Path
) -> str:
    """The text of tempest.conf."""
    return templates.render(
        'tempest.conf.j2',
        site=site,
        seed=golden.seed,
        workspace=root,
        available={service.name for service in services.of(site.topology)},
        log_files=log_files(site.topology),
        # Nobody else's: all of it may be broken.
        targets=(
            *(name for name, _ in _fault_services(site.topology)),
            *breakable.targets(site.topology),
        ),
    )


def log_files(shape: Topology) -> list[str]:
    """Patterns of the log files of all services, as on any host."""
    directories = {s.directory for s in services.of(shape) if s.directory}
    return [f'/var/log/{name}/*.log' for name in sorted(directories)]


def clouds_yaml(site: templates.Site, name: str) -> str:
    """The text of clouds.yaml with one cloud, the administrator's."""
    cloud = {
        'auth': {
            'auth_url': site.keystone_url,
            'username': 'admin',
            'password': site.password,
            'project_name': 'admin',
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
        },
        'region_name': site.region,
        'identity_api_version': 3,
    }
    return yaml.safe_dump({'clouds': {name: cloud}}, sort_keys=False)


def os_faults_yaml(
    shape: Topology, ssh_key: pathlib.Path, password: str
) -> str:
    """The text of the os-faults configuration.

    Nodes, services, power, and what is ours: partitions, links, switch,
    commands, clusters.

    :param password: of the BMCs
    """
    nodes = [
        {
            'ip': host.address,
            'fqdn': host.name,
            'mac': host.mac,
            'auth': {
                'username': SSH_USER,
                'private_key_file': str(ssh_key),
            },
        }
        for host in shape.nodes
    ]
    bmcs = {
        host.mac: {
            'address': host.bmc_address,
            'username': bmc.USER,
            'password': password,
        }
        for host in shape.nodes
    }
    return yaml.safe_dump(
        {
            'cloud_management': {'driver': 'universal'},
            'node_discover': {'driver': 'node_list', 'args': nodes},
            'services': dict(_fault_services(shape)),
            'power_managements': [
                {'driver': 'ipmi', 'args': {'mac_to_bmc': bmcs}}
            ],
            # os-faults leaves alone what it does not know.
            'partitions': breakable.partitions(shape),
            'links': breakable.links(shape),
            'disks': breakable.disks(shape),
            'switches': breakable.switches(shape, SSH_USER, ssh_key),
            'commands': breakable.commands(shape),
            'clusters': breakable.clusters(shape),
        },
        sort_keys=False,
    )


def _fault_services(
    shape: Topology,
) -> collections.abc.Iterator[tuple[str, dict[str, object]]]:
    for service in services.of(shape):
        hosts = shape.by_role(service.role)
        for unit in service.with_processes:
            entry = _fault_service(unit, hosts)
            yield _ALIASES.get(unit.name, unit.name), entry


def _fault_service(
    unit: Packaged | Unit,
    hosts: collections.abc.Iterable[Host],
) -> dict[str, object]:
    # The service is looked for by an absolute path: a bare name would find
    # an editor that shows its log as well. Named hosts, because a stopped
    # service cannot be discovered.
    arguments: dict[str, object] = {
        'service_name': unit.name,
        'grep': unit.pattern,
    }
    if unit.port:
        arguments['port'] = ['tcp', unit.port]
    return {
        'driver': 'system_service',
        'args': arguments,
        'hosts': [host.address for host in hosts],
    }


def stestr_conf() -> str:
    """The text of .stestr.conf, as ``tempest init`` writes it."""
    found = importlib.util.find_spec('tempest')
    locations = found.submodule_search_locations if found else None
    package = pathlib.Path(next(iter(locations or ['tempest'])))
    return _STESTR.format(
        discover=package / 'test_discover', top=package.parent
    )
