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
"""Configuration files, from the templates in data/templates."""

import collections.abc
import dataclasses
import importlib.resources

import jinja2

from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox.topology import Host
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

DATA = importlib.resources.files('extreme_tempest_plugin.sandbox') / 'data'
GUEST = importlib.resources.files('extreme_tempest_plugin.sandbox') / 'guest'

REGION = 'RegionOne'


@dataclasses.dataclass(frozen=True, slots=True)
class Site:
    """What the templates of one host may use.

    :param password: of every account of this sandbox
    """

    topology: Topology
    host: Host
    password: str
    region: str = REGION

    @property
    def is_controller(self) -> bool:
        return self.host.role is Role.CONTROLLER

    @property
    def keystone_url(self) -> str:
        return f'http://{self.topology.api_address}:5000/v3'

    @property
    def transport_url(self) -> str:
        nodes = ','.join(
            f'openstack:{self.password}@{host.address}:5672'
            for host in self.topology.controllers
        )
        return f'rabbit://{nodes}/'

    @property
    def memcached_servers(self) -> str:
        return self._controllers('', 11211)

    @property
    def ovn_northbound(self) -> str:
        return self._controllers('tcp:', 6641)

    @property
    def ovn_southbound(self) -> str:
        return self._controllers('tcp:', 6642)

    def database_url(self, name: str) -> str:
        return (
            f'mysql+pymysql://openstack:{self.password}'
            f'@{self.topology.api_address}/{name}?charset=utf8mb4'
        )

    def _controllers(self, prefix: str, port: int) -> str:
        return ','.join(
            f'{prefix}{host.address}:{port}'
            for host in self.topology.controllers
        )


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file to write on a host.

    :param path: absolute, on the host
    """

    path: str
    text: str
    mode: int = 0o644


def _load(name: str) -> str:
    return (DATA / 'templates' / name).read_text('utf-8')


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_load),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(name: str, **values: object) -> str:
    """One template, rendered.

    :param name: of the template, below data/templates
    :param values: what it uses; a missing one is an error
    :raises jinja2.UndefinedError: the template uses what it was not given
    """
    return _environment().get_template(name).render(**values)


def host_files(site: Site) -> tuple[File, ...]:
    """Every file that makes a bare host one of this site."""
    files = [
        File('/etc/hostname', f'{site.host.name}\n'),
        File('/etc/hosts', render('hosts.j2', site=site)),
        File('/root/openrc', render('openrc.j2', site=site), 0o600),
    ]
    for service in services.on(site.topology, site.host.role):
        files += _service_files(site, service)
    return tuple(files)


def _service_files(
    site: Site, service: services.Service
) -> collections.abc.Iterator[File]:
    for config in service.configs:
        text = render(
            config.template, site=site, apis=services.apis(site.topology)
        )
        yield File(config.path, text, config.mode)
    for program in service.programs:
        text = (GUEST / program.source).read_text('utf-8')
        yield File(program.path, text, 0o755)
    for unit in service.units:
        if unit.wsgi:
            text = render('uwsgi.ini.j2', site=site, unit=unit)
            yield File(f'/etc/uwsgi/{unit.name}.ini', text)
        text = render(
            'unit.service.j2',
            site=site,
            unit=unit,
            directory=service.directory,
        )
        yield File(f'/etc/systemd/system/{unit.name}.service', text)
