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
"""Reading servers: the answer itself is what is verified.

https://docs.openstack.org/api-ref/compute/
"""

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers


class _Body(msgspec.Struct):
    server: compute_servers.Server


class Show(model.Action):
    """The answer shows the server that was asked for, in its state."""

    name = 'server.show'
    service = 'nova'
    kind = 'server'
    effect = model.Effect.READS
    states = compute_servers.SETTLED

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        """Show."""
        return cloud.service('nova').get(f'servers/{call.id}')

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        """Compare the answer with what is known; nothing more is sent."""
        assert call.resource is not None
        shown = answer.read(_Body).server
        error = ''
        if shown.id != call.id:
            error = f'nova shows another server: {shown.id}'
        elif not call.shared and shown.status != call.resource.state:
            error = f'it was {call.resource.state}'
        return model.Sight(
            state=shown.status, reached=not error, final=True, error=error
        )


ACTIONS: tuple[model.Action, ...] = (Show(),)
