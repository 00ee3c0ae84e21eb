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
"""What makes several controllers one: only where there are several."""

from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.topology import Role

#: Says to HAProxy whether the database of a host can be used.
GALERA = Service(
    'galera',
    Role.CONTROLLER,
    configs=(
        Config('galera-check.j2', '/usr/local/sbin/galera-check', 0o755),
        Config(
            'galera-check.service.j2',
            '/etc/systemd/system/galera-check.service',
        ),
        Config(
            'mariadb-unit.conf.j2',
            '/etc/systemd/system/mariadb.service.d/sandbox.conf',
        ),
    ),
    packaged=(Packaged('galera-check', '/usr/local/sbin/galera-check', 9200),),
    clustered_only=True,
)

HAPROXY = Service(
    'haproxy',
    Role.CONTROLLER,
    configs=(
        Config('haproxy.cfg.j2', '/etc/haproxy/haproxy.cfg'),
        Config(
            'first.conf.j2', '/etc/systemd/system/haproxy.service.d/first.conf'
        ),
    ),
    packaged=(Packaged('haproxy', '/usr/sbin/haproxy'),),
    clustered_only=True,
)

KEEPALIVED = Service(
    'keepalived',
    Role.CONTROLLER,
    configs=(
        Config('keepalived.conf.j2', '/etc/keepalived/keepalived.conf'),
        Config(
            'first.conf.j2',
            '/etc/systemd/system/keepalived.service.d/first.conf',
        ),
    ),
    packaged=(Packaged('keepalived', '/usr/sbin/keepalived'),),
    clustered_only=True,
)
