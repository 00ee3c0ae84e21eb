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
"""What every service of OpenStack stands on."""

from extreme_tempest_plugin.sandbox.services.model import Config
from extreme_tempest_plugin.sandbox.services.model import Packaged
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.topology import Role

#: Units that must be up before a service of OpenStack begins.
BACKENDS = (
    'mariadb.service',
    'rabbitmq-server.service',
    'memcached.service',
    'haproxy.service',
)

MARIADB = Service(
    'mariadb',
    Role.CONTROLLER,
    configs=(
        Config('mariadb.cnf.j2', '/etc/mysql/mariadb.conf.d/99-sandbox.cnf'),
    ),
    packaged=(Packaged('mariadb', '/usr/sbin/mariadbd', 3306),),
)

RABBITMQ = Service(
    'rabbitmq',
    Role.CONTROLLER,
    configs=(
        Config('rabbitmq.conf.j2', '/etc/rabbitmq/rabbitmq.conf'),
        Config('rabbitmq-env.conf.j2', '/etc/rabbitmq/rabbitmq-env.conf'),
        Config('enabled_plugins.j2', '/etc/rabbitmq/enabled_plugins'),
    ),
    # The Erlang machine that has this home; the path of its program has a
    # version in it.
    packaged=(Packaged('rabbitmq-server', '/var/lib/rabbitmq', 5672),),
)

MEMCACHED = Service(
    'memcached',
    Role.CONTROLLER,
    configs=(Config('memcached.conf.j2', '/etc/memcached.conf'),),
    packaged=(Packaged('memcached', '/usr/bin/memcached', 11211),),
)
