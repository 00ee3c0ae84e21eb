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
"""Metadata of servers.

https://docs.openstack.org/api-ref/compute/#server-metadata-servers-metadata
"""

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import metadata
from extreme_tempest_plugin.storm.actions import registers


class _OnServer(servers.ServerAction):
    states = servers.SETTLED

    def values(
        self, cloud: ports.Cloud, call: model.Call
    ) -> tuple[model.Sight, registers.Values]:
        """The server and its metadata."""
        server = servers.show(cloud, call.id)
        sight = servers.sight(server, False)
        return sight, server.metadata if server else {}


class SetMetadata(_OnServer, metadata.Set):
    """The server shows the value; the others are kept (POST)."""

    name = 'server.set_metadata'


class PutMetadata(_OnServer, metadata.Put):
    """The server shows the value; one key is written (PUT)."""

    name = 'server.put_metadata'


class DeleteMetadata(_OnServer, metadata.Delete):
    """The server does not show the key."""

    name = 'server.delete_metadata'
    # 404: another user was faster.
    conflicts = frozenset({404, 409})


ACTIONS: tuple[model.Action, ...] = (
    SetMetadata(),
    PutMetadata(),
    DeleteMetadata(),
)
