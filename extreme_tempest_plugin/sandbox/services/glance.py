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
"""Glance: images."""

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.services.model import VENV
from extreme_tempest_plugin.sandbox.topology import Role

GLANCE = Service(
    'glance',
    Role.CONTROLLER,
    configs=(Config('glance-api.conf.j2', '/etc/glance/glance-api.conf'),),
    units=(
        Unit(
            'glance-api',
            wsgi='glance.wsgi.api:application',
            port=9292,
            environment=('OS_GLANCE_CONFIG_DIR=/etc/glance',),
            after=BACKENDS,
        ),
    ),
    endpoint=Endpoint('image', 9292, '/v2/images?limit=1'),
    databases=('glance',),
    setup=(
        f'{BIN}/glance-manage --config-file /etc/glance/glance-api.conf '
        'db_sync',
        f'{BIN}/glance-manage --config-file /etc/glance/glance-api.conf '
        f'db_load_metadefs {VENV}/etc/glance/metadefs',
    ),
    directory='glance',
    shared=('/var/lib/glance',),
)
