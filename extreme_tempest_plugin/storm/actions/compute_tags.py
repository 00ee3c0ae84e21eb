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
"""Tags of servers: a set of texts.

https://docs.openstack.org/api-ref/compute/#server-tags-servers-tags
"""

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import registers

#: From here on servers have tags.
MICROVERSION = '2.26'


class _Tags(msgspec.Struct):
    tags: list[str]


class _OnTag(servers.ServerAction):
    """A tag is a key that is there or not."""

    states = servers.SETTLED
    # 404: another user was faster.
    conflicts = frozenset({404, 409})

    def seen_as(self, key: object) -> str:
        """Name of a tag among the attributes of its server."""
        return f'tag.{key}'

    def values(
        self, cloud: ports.Cloud, call: model.Call
    ) -> tuple[model.Sight, registers.Values]:
        """The server and its tags."""
        found = looking.read(
            cloud.service('nova'), _path(call), _Tags, MICROVERSION
        )
        sight = servers.sight(servers.show(cloud, call.id), False)
        tags = found.tags if found else []
        return sight, dict.fromkeys(tags, registers.THERE)


class AddTag(_OnTag, registers.AddKey):
    """The server shows the tag; the others are kept."""

    name = 'server.add_tag'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        path = f'{_path(call)}/{call.args["key"]}'
        return cloud.service('nova').put(path, version=MICROVERSION)


class DeleteTag(_OnTag, registers.DeleteKey):
    """The server does not show the tag."""

    name = 'server.delete_tag'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        path = f'{_path(call)}/{call.args["key"]}'
        return cloud.service('nova').delete(path, version=MICROVERSION)


def _path(call: model.Call) -> str:
    return f'servers/{call.id}/tags'


ACTIONS: tuple[model.Action, ...] = (AddTag(), DeleteTag())
