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
"""Neutron and OVN: network."""

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Role

_NEUTRON_FILES = (
    '--config-file /etc/neutron/neutron.conf '
    '--config-file /etc/neutron/ml2.ini'
)


def _neutron_daemon(name: str, program: str) -> Unit:
    return Unit(
        name,
        command=f'{BIN}/{program} {_NEUTRON_FILES} '
        f'--log-file /var/log/neutron/{name}.log',
        after=(*BACKENDS, 'ovn-central.service'),
    )


OVN_CENTRAL = Service(
    'ovn-central',
    Role.CONTROLLER,
    configs=(Config('ovn-central.j2', '/etc/default/ovn-central'),),
    packaged=(
        # Found by their files: all three are called ovsdb-server, or name
        # the sockets of the others.
        Packaged(
            'ovn-central',
            brings=(
                Packaged('ovn-ovsdb-server-nb', '/var/run/ovn/ovnnb_db.pid'),
                Packaged('ovn-ovsdb-server-sb', '/var/run/ovn/ovnsb_db.pid'),
                Packaged('ovn-northd', '/var/run/ovn/ovn-northd.pid'),
            ),
        ),
    ),
)

NEUTRON = Service(
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
            after=(*BACKENDS, 'ovn-central.service'),
        ),
        _neutron_daemon('neutron-periodic', 'neutron-periodic-workers'),
        _neutron_daemon(
            'neutron-ovn-maintenance', 'neutron-ovn-maintenance-worker'
        ),
    ),
    endpoint=Endpoint('network', 9696, '/v2.0/networks?limit=1'),
    databases=('neutron',),
    setup=(f'{BIN}/neutron-db-manage {_NEUTRON_FILES} upgrade heads',),
    directory='neutron',
)

OVN_HOST = Service(
    'ovn-host',
    Role.COMPUTE,
    configs=(
        Config('chassis-up.j2', '/usr/local/sbin/chassis-up', 0o755),
        Config('chassis.service.j2', '/etc/systemd/system/chassis.service'),
    ),
    packaged=(
        Packaged(
            'openvswitch-switch',
            brings=(
                Packaged(
                    'ovs-vswitchd', '/var/run/openvswitch/ovs-vswitchd.pid'
                ),
            ),
        ),
        Packaged('chassis'),
        Packaged(
            'ovn-host',
            brings=(
                Packaged('ovn-controller', '/var/run/ovn/ovn-controller.pid'),
            ),
        ),
    ),
)
