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
"""Servers: their life and their name.

https://docs.openstack.org/api-ref/compute/
"""

import random
import typing

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking


class _Made(msgspec.Struct):
    id: str


class _MadeBody(msgspec.Struct):
    server: _Made


class CreateServer(model.Action):
    """The server is ACTIVE."""

    # Its name tells it apart if the answer is lost.
    name = 'server.create'
    service = 'nova'
    kind = 'server'
    effect = model.Effect.CREATES

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        return all(
            one.state not in servers.TRANSITIONAL
            for one in kinds.found(cloud, kinds.BY_NAME['server'])
            if one.name == call.args['name']
        )

    def wanted(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, typing.Any]:
        """What is asked for, as the API has it."""
        boot = cloud.boot
        server: dict[str, typing.Any] = {
            'name': call.args['name'],
            'imageRef': boot.image,
            'flavorRef': boot.flavor,
        }
        if boot.network:
            server['networks'] = [{'uuid': boot.network}]
        return {'server': server}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        answer = cloud.service('nova').post(
            'servers', self.wanted(cloud, call)
        )
        return answer.creating(answer.read(_MadeBody).server.id)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = servers.show(cloud, answer.made)
        return servers.sight(
            server,
            server is not None
            and server.status == servers.ACTIVE
            and server.resting,
        )


class CreateServerFromImage(CreateServer):
    """The server is ACTIVE; from an image of one's own."""

    name = 'server.create_from_image'
    links = model.Links.REMOVES
    partners = {
        'image': model.Need(kind='image', states=frozenset({'active'}))
    }

    def wanted(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, typing.Any]:
        asked = super().wanted(cloud, call)
        asked['server']['imageRef'] = call.partners['image'].id
        return asked


class CreateUnawaitedServer(CreateServer):
    """The server is there, be it still built."""

    name = 'server.create_unawaited'

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = servers.show(cloud, answer.made)
        return servers.sight(
            server, server is not None and server.status != servers.ERROR
        )


class DeleteServer(servers.ServerAction):
    """The server is not found; from any state at rest."""

    name = 'server.delete'
    effect = model.Effect.CONSUMES
    states = servers.SETTLED | {servers.ERROR, servers.VERIFY_RESIZE}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').delete(f'servers/{call.id}')

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = servers.show(cloud, call.id)
        if server is None:
            return model.Sight(state=looking.DELETED, reached=True)
        return model.Sight(
            state=server.state,
            # nova-api has set task_state before it answered, so an error
            # without one is the end of this deletion, not an older error.
            final=server.status == servers.ERROR and not server.task_state,
            error=server.trouble,
        )


class DeleteActiveServer(DeleteServer):
    """The server is not found; it was ACTIVE."""

    name = 'server.delete_active'
    states = frozenset({servers.ACTIVE})


class DeleteBuildingServer(DeleteServer):
    """The server is not found; it was last seen while it was built."""

    name = 'server.delete_building'
    states = frozenset({servers.BUILD})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        # Where the build fails first, that leaves an error without a
        # task_state, and the deletion is still to come.
        sight = super().look(cloud, call, answer)
        return msgspec.structs.replace(sight, final=False)


class RenameServer(servers.ServerAction):
    """The server shows the new name."""

    name = 'server.rename'
    states = servers.SETTLED

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').put(
            f'servers/{call.id}', {'server': {'name': call.args['name']}}
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = servers.show(cloud, call.id)
        if server is None:
            return servers.sight(None, False)
        return servers.sight(
            server,
            server.name == call.args['name'],
            error=f'its name is still {server.name}',
            seen={'name': server.name},
        )


ACTIONS: tuple[model.Action, ...] = (
    CreateServer(),
    CreateServerFromImage(),
    CreateUnawaitedServer(),
    DeleteServer(),
    DeleteActiveServer(),
    DeleteBuildingServer(),
    RenameServer(),
)
