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
"""What an operator of the switch finds on it."""

from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Program
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.topology import Role

SWITCH = Service(
    'switch',
    Role.SWITCH,
    # Where the shell of SSH finds it, which does not look in sbin.
    programs=(Program('switchport.py', '/usr/local/bin/switchport'),),
    packaged=(Packaged('ssh'),),
)
