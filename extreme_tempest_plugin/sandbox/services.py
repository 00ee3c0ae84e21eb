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
"""Which services run in the sandbox: one entry each, data only.

A new service is one entry in SERVICES and its templates. From this table
come the configuration files, the systemd units, the databases, the catalogue
and the os-faults configuration.
"""

import dataclasses

from extreme_tempest_plugin.sandbox.topology import Role

VENV = '/opt/openstack'
_BIN = f'{VENV}/bin'


@dataclasses.dataclass(frozen=True, slots=True)
class Config:
    """A configuration file.

    :param template: below data/templates
    :param path: on the host
    """

    template: str
    path: str
    mode: int = 0o644


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit that we write.

    :param command: of a daemon; empty for an API that uwsgi serves
    :param wsgi: the WSGI application, as module:object
    :param port: that it listens on, 0 for none
    :param processes: uwsgi workers
    :param environment: NAME=value
    :param after: units that must be up before it
    """

    name: str
    command: str = ''
    wsgi: str = ''
    port: int = 0
    processes: int = 1
    environment: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def exec_start(self) -> str:
        return self.command or f'{_BIN}/uwsgi --ini /etc/uwsgi/{self.name}.ini'

    @property
    def pattern(self) -> str:
        """Finds its processes, and no others, in a process list."""
        if self.wsgi:
            return f'/etc/uwsgi/{self.name}.ini'
        return self.command.split()[0]


@dataclasses.dataclass(frozen=True, slots=True)
class Packaged:
    """A unit that comes with a Debian package.

    :param pattern: an absolute path that finds its processes; empty where
        no process is its own
    """

    name: str
    pattern: str = ''
    port: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """An entry of the catalogue.

    :param type: of the service, e.g. ``compute``
    :param path: behind the port
    """

    type: str
    port: int
    path: str = ''


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """A service: its files, units and databases on the hosts of one role.

    :param name: also its user in keystone, if it has an endpoint
    :param directory: its own below /var/log and /var/lib; empty where the
        package cares for it
    :param setup: commands that initialise it, run once, in this order
    :param finish: commands that want the whole cloud to run, run once
    """

    name: str
    role: Role
    configs: tuple[Config, ...] = ()
    units: tuple[Unit, ...] = ()
    packaged: tuple[Packaged, ...] = ()
    endpoint: Endpoint | None = None
    databases: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    directory: str = ''

    @property
    def all_units(self) -> 'tuple[Packaged | Unit, ...]':
        """Debian's units, then ours."""
        return (*self.packaged, *self.units)


_BACKENDS = (
    'mariadb.service',
    'rabbitmq-server.service',
    'memcached.service',
)
_NEUTRON_FILES = (
    '--config-file /etc/neutron/neutron.conf '
    '--config-file /etc/neutron/ml2.ini'
)
_NOVA_MANAGE = f'{_BIN}/nova-manage --config-file /etc/nova/nova.conf'
_KEYSTONE_MANAGE = (
    f'{_BIN}/keystone-manage --config-file /etc/keystone/keystone.conf'
)


def _nova_daemon(name: str, after: tuple[str, ...]) -> Unit:
    return Unit(
        name,
        command=f'{_BIN}/{name} --config-file /etc/nova/nova.conf '
        f'--log-file /var/log/nova/{name}.log',
        after=after,
    )


def _neutron_daemon(name: str, program: str) -> Unit:
    return Unit(
        name,
        command=f'{_BIN}/{program} {_NEUTRON_FILES} '
        f'--log-file /var/log/neutron/{name}.log',
        after=(*_BACKENDS, 'ovn-central.service'),
    )


SERVICES: tuple[Service, ...] = (
    Service(
        'mariadb',
        Role.CONTROLLER,
        configs=(
            Config(
                'mariadb.cnf.j2', '/etc/mysql/mariadb.conf.d/99-sandbox.cnf'
            ),
        ),
        packaged=(Packaged('mariadb', '/usr/sbin/mariadbd', 3306),),
    ),
    Service(
        'rabbitmq',
        Role.CONTROLLER,
        configs=(
            Config('rabbitmq.conf.j2', '/etc/rabbitmq/rabbitmq.conf'),
            Config('rabbitmq-env.conf.j2', '/etc/rabbitmq/rabbitmq-env.conf'),
            Config('enabled_plugins.j2', '/etc/rabbitmq/enabled_plugins'),
        ),
        # The Erlang machine that has this home; the path of its program has a
        # version in it.
        packaged=(Packaged('rabbitmq-server', '/var/lib/rabbitmq', 5672),),
    ),
    Service(
        'memcached',
        Role.CONTROLLER,
        configs=(Config('memcached.conf.j2', '/etc/memcached.conf'),),
        packaged=(Packaged('memcached', '/usr/bin/memcached', 11211),),
    ),
    Service(
        'ovn-central',
        Role.CONTROLLER,
        configs=(Config('ovn-central.j2', '/etc/default/ovn-central'),),
        packaged=(Packaged('ovn-central'),),
    ),
    Service(
        'keystone',
        Role.CONTROLLER,
        configs=(Config('keystone.conf.j2', '/etc/keystone/keystone.conf'),),
        units=(
            Unit(
                'keystone',
                wsgi='keystone.wsgi.api:application',
                port=5000,
                processes=2,
                environment=(
                    'OS_KEYSTONE_CONFIG_DIR=/etc/keystone',
                    'OS_KEYSTONE_CONFIG_FILES=keystone.conf',
                ),
                after=_BACKENDS,
            ),
        ),
        databases=('keystone',),
        setup=(
            f'{_KEYSTONE_MANAGE} db_sync',
            f'{_KEYSTONE_MANAGE} fernet_setup --keystone-user root '
            '--keystone-group root',
            f'{_KEYSTONE_MANAGE} credential_setup --keystone-user root '
            '--keystone-group root',
        ),
        directory='keystone',
    ),
    Service(
        'glance',
        Role.CONTROLLER,
        configs=(Config('glance-api.conf.j2', '/etc/glance/glance-api.conf'),),
        units=(
            Unit(
                'glance-api',
                wsgi='glance.wsgi.api:application',
                port=9292,
                environment=('OS_GLANCE_CONFIG_DIR=/etc/glance',),
                after=_BACKENDS,
            ),
        ),
        endpoint=Endpoint('image', 9292),
        databases=('glance',),
        setup=(
            f'{_BIN}/glance-manage --config-file /etc/glance/glance-api.conf '
            'db_sync',
            f'{_BIN}/glance-manage --config-file /etc/glance/glance-api.conf '
            f'db_load_metadefs {VENV}/etc/glance/metadefs',
        ),
        directory='glance',
    ),
    Service(
        'placement',
        Role.CONTROLLER,
        configs=(
            Config('placement.conf.j2', '/etc/placement/placement.conf'),
        ),
        units=(
            Unit(
                'placement',
                wsgi='placement.wsgi.api:application',
                port=8778,
                environment=('OS_PLACEMENT_CONFIG_DIR=/etc/placement',),
                after=_BACKENDS,
            ),
        ),
        endpoint=Endpoint('placement', 8778),
        databases=('placement',),
        setup=(
            f'{_BIN}/placement-manage --config-file '
            '/etc/placement/placement.conf db sync',
        ),
        directory='placement',
    ),
    Service(
        'nova',
        Role.CONTROLLER,
        configs=(Config('nova.conf.j2', '/etc/nova/nova.conf'),),
        units=(
            Unit(
                'nova-api',
                wsgi='nova.wsgi.osapi_compute:application',
                port=8774,
                processes=2,
                # Nova takes the first of these files for its paste
                # configuration.
                environment=(
                    'OS_NOVA_CONFIG_DIR=/etc/nova',
                    f'"OS_NOVA_CONFIG_FILES={VENV}/etc/nova/api-paste.ini'
                    ';nova.conf"',
                ),
                after=_BACKENDS,
            ),
            _nova_daemon('nova-conductor', _BACKENDS),
            _nova_daemon('nova-scheduler', _BACKENDS),
        ),
        endpoint=Endpoint('compute', 8774, '/v2.1'),
        databases=('nova_api', 'nova', 'nova_cell0'),
        setup=(
            f'{_NOVA_MANAGE} api_db sync',
            f'{_NOVA_MANAGE} cell_v2 map_cell0',
            f'{_NOVA_MANAGE} db sync',
            f'{_NOVA_MANAGE} cell_v2 create_cell --name=cell1',
        ),
        # A server on a host that no cell knows yet ends in ERROR.
        finish=(f'{_NOVA_MANAGE} cell_v2 discover_hosts --strict',),
        directory='nova',
    ),
    Service(
        'neutron',
        Role.CONTROLLER,
        configs=(
            Config('neutron.conf.j2', '/etc/neutron/neutron.conf'),
            Config('ml2.ini.j2', '/etc/neutron/ml2.ini'),
        ),
        units=(
            Unit(
                'neutron-api',
                wsgi='neutron.wsgi.api:application',
                port=9696,
                environment=(
                    'OS_NEUTRON_CONFIG_DIR=/etc/neutron',
                    '"OS_NEUTRON_CONFIG_FILES=neutron.conf;ml2.ini"',
                ),
                after=(*_BACKENDS, 'ovn-central.service'),
            ),
            _neutron_daemon('neutron-periodic', 'neutron-periodic-workers'),
            _neutron_daemon(
                'neutron-ovn-maintenance', 'neutron-ovn-maintenance-worker'
            ),
        ),
        endpoint=Endpoint('network', 9696),
        databases=('neutron',),
        setup=(f'{_BIN}/neutron-db-manage {_NEUTRON_FILES} upgrade heads',),
        directory='neutron',
    ),
    Service(
        'ovn-host',
        Role.COMPUTE,
        configs=(
            Config('chassis-up.j2', '/usr/local/sbin/chassis-up', 0o755),
            Config(
                'chassis.service.j2', '/etc/systemd/system/chassis.service'
            ),
        ),
        packaged=(
            Packaged('openvswitch-switch'),
            Packaged('chassis'),
            Packaged('ovn-host'),
        ),
    ),
    Service(
        'nova-compute',
        Role.COMPUTE,
        configs=(Config('nova.conf.j2', '/etc/nova/nova.conf'),),
        units=(_nova_daemon('nova-compute', ('chassis.service',)),),
        directory='nova',
    ),
)


def on(role: Role) -> tuple[Service, ...]:
    """The services that run on hosts of a role, in order of start."""
    return tuple(service for service in SERVICES if service.role is role)


def unit_names(role: Role) -> tuple[str, ...]:
    """All units of a role: Debian's first, then ours."""
    return tuple(
        unit.name for service in on(role) for unit in service.all_units
    )
