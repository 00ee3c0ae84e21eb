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
"""Designate: names, answered by a BIND 9 on every controller.

The name servers learn the zones from a catalog zone, so one that was away
learns by itself what it missed.
"""

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import Agents
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.services.model import VENV
from extreme_tempest_plugin.sandbox.topology import Role

_PASTE = f'{VENV}/etc/designate'
_MANAGE = f'{BIN}/designate-manage --config-file /etc/designate/designate.conf'


def _daemon(name: str, port: int = 0) -> Unit:
    return Unit(
        name,
        command=f'{BIN}/{name} --config-file /etc/designate/designate.conf '
        f'--log-file /var/log/designate/{name}.log',
        port=port,
        after=BACKENDS,
        reports_to='designate',
    )


DESIGNATE = Service(
    'designate',
    Role.CONTROLLER,
    configs=(
        Config('designate.conf.j2', '/etc/designate/designate.conf'),
        # Its API wants this file beside the paste configuration.
        Config('designate.conf.j2', f'{_PASTE}/designate.conf'),
        Config('pools.yaml.j2', '/etc/designate/pools.yaml'),
        Config('named.conf.j2', '/etc/bind/named.conf'),
        Config('named.default.j2', '/etc/default/named'),
    ),
    packaged=(Packaged('named', '/usr/sbin/named', 53),),
    units=(
        Unit(
            'designate-api',
            wsgi='designate.wsgi.api:application',
            port=9001,
            environment=(f'OS_DESIGNATE_CONFIG_DIR={_PASTE}',),
            after=BACKENDS,
        ),
        _daemon('designate-central'),
        _daemon('designate-worker'),
        _daemon('designate-producer'),
        _daemon('designate-mdns', 5354),
    ),
    endpoint=Endpoint('dns', 9001, '/v2/zones?limit=1'),
    agents=Agents(
        '/v2/service_statuses',
        items='service_statuses',
        daemon='service_name',
        prefix='designate-',
        host='hostname',
        state='status',
        reported='heartbeated_at',
    ),
    databases=('designate',),
    setup=(f'{_MANAGE} database sync',),
    finish=(f'{_MANAGE} pool update --file /etc/designate/pools.yaml',),
    directory='designate',
    # Locks, and which producer is there for which zones.
    shared=('/var/lib/designate/coordination',),
    optional=True,
)
