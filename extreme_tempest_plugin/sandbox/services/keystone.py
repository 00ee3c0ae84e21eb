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
"""Keystone: identity."""

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Role

_KEYSTONE_MANAGE = (
    f'{BIN}/keystone-manage --config-file /etc/keystone/keystone.conf'
)

KEYSTONE = Service(
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
            after=BACKENDS,
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
    # A token that one keystone gives must mean something to the others.
    copied=('/etc/keystone/fernet-keys', '/etc/keystone/credential-keys'),
)
