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
"""Placement."""

from extreme_tempest_plugin.sandbox.services.backends import BACKENDS
from extreme_tempest_plugin.sandbox.services.model import BIN
from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Endpoint
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Role

PLACEMENT = Service(
    'placement',
    Role.CONTROLLER,
    configs=(Config('placement.conf.j2', '/etc/placement/placement.conf'),),
    units=(
        Unit(
            'placement',
            wsgi='placement.wsgi.api:application',
            port=8778,
            environment=('OS_PLACEMENT_CONFIG_DIR=/etc/placement',),
            after=BACKENDS,
        ),
    ),
    endpoint=Endpoint('placement', 8778, '/resource_providers'),
    databases=('placement',),
    setup=(
        f'{BIN}/placement-manage --config-file '
        '/etc/placement/placement.conf db sync',
    ),
    directory='placement',
)
