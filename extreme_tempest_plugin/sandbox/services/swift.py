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
"""Swift: objects, with a device on every controller and a copy on each."""

from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Program
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Role


def _daemon(name: str, program: str, kind: str, port: int = 0) -> Unit:
    return Unit(
        name,
        command=f'{BIN}/{program} /etc/swift/{kind}-server.conf',
        port=port,
        # Where its log handler is.
        environment=('PYTHONPATH=/etc/swift',),
        after=('memcached.service',),
        state='swift/devices/d1',
    )


def _config(name: str) -> Config:
    return Config(f'swift-{name}.conf.j2', f'/etc/swift/{name}.conf')


SWIFT = Service(
    'swift',
    Role.CONTROLLER,
    configs=(
        Config('swift.conf.j2', '/etc/swift/swift.conf'),
        _config('proxy-server'),
        _config('account-server'),
        _config('container-server'),
        _config('object-server'),
        Config('swift-rings.j2', '/usr/local/sbin/swift-rings', 0o755),
    ),
    programs=(Program('swift_log.py', '/etc/swift/swift_log.py'),),
    units=(
        _daemon('swift-account', 'swift-account-server', 'account', 6202),
        _daemon(
            'swift-container', 'swift-container-server', 'container', 6201
        ),
        _daemon('swift-object', 'swift-object-server', 'object', 6200),
        _daemon('swift-proxy', 'swift-proxy-server', 'proxy', 8080),
    ),
    endpoint=Endpoint(
        'object-store',
        8080,
        '/v1/AUTH_{project}?limit=1&format=json',
        '/v1/AUTH_$(project_id)s',
    ),
    roles=('ResellerAdmin',),
    setup=('/usr/local/sbin/swift-rings',),
    directory='swift',
    copied=('/var/lib/swift/rings',),
    optional=True,
)

SWIFT_REPLICATION = Service(
    'swift-replication',
    Role.CONTROLLER,
    configs=(Config('rsyncd.conf.j2', '/etc/rsyncd.conf'),),
    packaged=(Packaged('rsync', '/usr/bin/rsync', 873),),
    units=(
        _daemon(
            'swift-account-replicator', 'swift-account-replicator', 'account'
        ),
        _daemon(
            'swift-container-replicator',
            'swift-container-replicator',
            'container',
        ),
        _daemon(
            'swift-container-updater', 'swift-container-updater', 'container'
        ),
        _daemon(
            'swift-object-replicator', 'swift-object-replicator', 'object'
        ),
        _daemon('swift-object-updater', 'swift-object-updater', 'object'),
    ),
    directory='swift',
    clustered_only=True,
    part_of='swift',
)
