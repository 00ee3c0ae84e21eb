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
"""Cinder: volumes, as files on a share that all controllers mount."""

import hashlib

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import Agents
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Role

#: What stands in nfs_shares. Nothing answers there: the NFS driver is content
#: with whatever is mounted already where it would mount the share.
SHARE = 'storage:/volumes'
_MOUNT = hashlib.md5(SHARE.encode(), usedforsecurity=False).hexdigest()

#: One name for all cinder-volume: the volumes survive the loss of a host.
VOLUME_HOST = 'volumes'


def _daemon(name: str, host: str = '') -> Unit:
    return Unit(
        name,
        command=f'{BIN}/{name} --config-file /etc/cinder/cinder.conf '
        f'--log-file /var/log/cinder/{name}.log',
        after=BACKENDS,
        reports_to='cinder',
        reports_as=host,
    )


CINDER = Service(
    'cinder',
    Role.CONTROLLER,
    configs=(
        Config('cinder.conf.j2', '/etc/cinder/cinder.conf'),
        Config('cinder-rootwrap.conf.j2', '/etc/cinder/rootwrap.conf'),
        Config('nfs_shares.j2', '/etc/cinder/nfs_shares'),
    ),
    units=(
        Unit(
            'cinder-api',
            wsgi='cinder.wsgi.api:application',
            port=8776,
            # Its application reads /etc/cinder/cinder.conf by itself.
            after=BACKENDS,
        ),
        _daemon('cinder-scheduler'),
        _daemon('cinder-volume', f'{VOLUME_HOST}@nfs'),
    ),
    endpoint=Endpoint('volumev3', 8776, '/v3/volumes?limit=1', '/v3'),
    agents=Agents('/v3/os-services'),
    databases=('cinder',),
    setup=(
        f'{BIN}/cinder-manage --config-file /etc/cinder/cinder.conf db sync',
    ),
    directory='cinder',
    # The locks as well: they hold on every host.
    shared=(f'/var/lib/cinder/mnt/{_MOUNT}', '/var/lib/cinder/locks'),
    optional=True,
)
