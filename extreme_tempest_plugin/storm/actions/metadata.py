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
"""Metadata of servers and of volumes, whose APIs are alike.

https://docs.openstack.org/api-ref/compute/#server-metadata-servers-metadata
https://docs.openstack.org/api-ref/block-storage/v3/
"""

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import registers


class Set(registers.SetKey):
    """Gives a key a value and keeps the other keys."""

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service(self.service).post(
            _path(cloud, call),
            {'metadata': {call.args['key']: call.args['value']}},
        )


class Put(registers.SetKey):
    """Writes one key."""

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        key = call.args['key']
        return cloud.service(self.service).put(
            f'{_path(cloud, call)}/{key}',
            {'meta': {key: call.args['value']}},
        )


class Delete(registers.DeleteKey):
    """Takes a key away."""

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service(self.service).delete(
            f'{_path(cloud, call)}/{call.args["key"]}'
        )


def _path(cloud: ports.Cloud, call: model.Call) -> str:
    return f'{kinds.BY_NAME[call.action.kind].path(cloud, call.id)}/metadata'
