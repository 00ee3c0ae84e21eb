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
"""Nova: compute."""

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import Agents
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Program
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.services.model import VENV
from extreme_tempest_plugin.sandbox.topology import Role

_VIRT = f'{VENV}/lib/python3.11/site-packages/nova/virt'
_NOVA_MANAGE = f'{BIN}/nova-manage --config-file /etc/nova/nova.conf'


def _nova_daemon(name: str, after: tuple[str, ...]) -> Unit:
    return Unit(
        name,
        command=f'{BIN}/{name} --config-file /etc/nova/nova.conf '
        f'--log-file /var/log/nova/{name}.log',
        after=after,
        reports_to='nova',
    )


NOVA = Service(
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
            after=BACKENDS,
        ),
        _nova_daemon('nova-conductor', BACKENDS),
        _nova_daemon('nova-scheduler', BACKENDS),
    ),
    endpoint=Endpoint('compute', 8774, '/v2.1/servers?limit=1', '/v2.1'),
    agents=Agents('/v2.1/os-services'),
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
)

NOVA_COMPUTE = Service(
    'nova-compute',
    Role.COMPUTE,
    configs=(Config('nova.conf.j2', '/etc/nova/nova.conf'),),
    programs=(
        Program('sandbox_virt.py', f'{_VIRT}/sandbox_virt.py'),
        Program('sandbox_cables.py', f'{_VIRT}/sandbox_cables.py'),
        Program('guest_answers.py', '/usr/local/sbin/guest-answers'),
    ),
    units=(
        _nova_daemon('nova-compute', ('chassis.service',)),
        # On its own: guests go on when nova-compute ends.
        Unit('guest-answers', command='/usr/local/sbin/guest-answers'),
    ),
    directory='nova',
)
