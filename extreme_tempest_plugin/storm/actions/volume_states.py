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
"""What all actions on volumes and their like share.

https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes
"""

import collections.abc

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

AVAILABLE = 'available'
IN_USE = 'in-use'
ERROR = 'error'

#: States in which cinder has nothing in hand with a volume; an error has
#: several names.
RESTING = frozenset({AVAILABLE, IN_USE})

#: GiB of a new volume, and of the largest one that a storm extends to.
SIZE = 1
MOST = 3

#: Size of a volume among its attributes.
SIZED = 'size'

#: Cinder answers 400 to what the status of a volume does not allow, and 404
#: to what is not there any more.
CONFLICTS = frozenset({400, 404, 409})


class Attachment(msgspec.Struct):
    """That a volume is attached to a server."""

    server_id: str = ''


class Thing(msgspec.Struct):
    """A volume, a snapshot or a backup as cinder shows it."""

    id: str
    status: str
    name: str | None = None
    size: int = 0
    metadata: dict[str, str] = {}
    attachments: list[Attachment] = []
    fail_reason: str | None = None

    @property
    def failed(self) -> bool:
        """Whether only an operator gets it out of this state."""
        return self.status.startswith(ERROR)


def show(
    cloud: ports.Cloud, path: str, wrapper: str = 'volume'
) -> Thing | None:
    """What is at a path, None if cinder says that nothing is (404)."""
    found = looking.read(cloud.service('cinder'), path, dict[str, Thing])
    return None if found is None else looking.inside(found, wrapper)


def sight(
    thing: Thing | None,
    reached: bool,
    error: str = '',
    seen: collections.abc.Mapping[str, str | None] | None = None,
) -> model.Sight:
    """A sight of an action that wants something to live.

    :param error: what is wrong, where cinder itself says nothing.
    :param seen: values of its attributes.
    """
    if thing is None:
        return model.Sight(state=looking.MISSING, error='404: not found')
    return model.Sight(
        state=thing.status,
        reached=reached,
        final=thing.failed and not reached,
        resting=thing.failed or thing.status in RESTING,
        error='' if reached else thing.fail_reason or error,
        seen=seen or {},
    )


def back(
    cloud: ports.Cloud, source: model.Resource, sight_: model.Sight
) -> model.Sight:
    """The sight of a copy: its source must be free again, too.

    A shared one may be in anybody's hands.
    """
    if source.shared:
        return sight_
    volume = show(cloud, f'volumes/{source.id}')
    if volume is not None and volume.status == AVAILABLE:
        return sight_
    state = volume.status if volume else looking.MISSING
    return looking.short_of(sight_, f'volume/{source.id} is {state}')


def gone(thing: Thing | None) -> model.Sight:
    """A sight of an action that wants something to be gone."""
    if thing is None:
        return model.Sight(state=looking.DELETED, reached=True)
    return model.Sight(state=thing.status, final=thing.failed, resting=False)


class _Made(msgspec.Struct):
    id: str


class Creating(model.Action):
    """What comes into being in cinder, and is available in the end.

    :cvar collection: path of its list.
    :cvar wrapper: key of it in bodies.
    """

    service = 'cinder'
    effect = model.Effect.CREATES
    collection = 'volumes'
    wrapper = 'volume'

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        return all(
            one.state in RESTING or one.state.startswith(ERROR)
            for one in kinds.found(cloud, kinds.BY_NAME[self.kind])
            if one.name == call.args['name']
        )

    def made(
        self, cloud: ports.Cloud, asked: dict[str, object]
    ) -> ports.Answer:
        """Ask for it; the answer has its id."""
        answer = cloud.service('cinder').post(
            self.collection, {self.wrapper: asked}
        )
        body = answer.read(dict[str, _Made])
        return answer.creating(looking.inside(body, self.wrapper).id)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        thing = show(cloud, f'{self.collection}/{answer.made}', self.wrapper)
        return sight(thing, thing is not None and thing.status == AVAILABLE)


class Deleting(model.Action):
    """What is taken away from cinder.

    :cvar collection: path of its list.
    :cvar wrapper: key of it in bodies.
    """

    service = 'cinder'
    effect = model.Effect.CONSUMES
    states = frozenset({AVAILABLE, ERROR})
    collection = 'volumes'
    wrapper = 'volume'

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        thing = self._show(cloud, call)
        return thing is None or thing.status != 'deleting'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('cinder').delete(f'{self.collection}/{call.id}')

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return gone(self._show(cloud, call))

    def _show(self, cloud: ports.Cloud, call: model.Call) -> Thing | None:
        return show(cloud, f'{self.collection}/{call.id}', self.wrapper)


class VolumeAction(model.Action):
    """What the actions on a volume that is there have in common."""

    service = 'cinder'
    kind = 'volume'
    effect = model.Effect.CHANGES
    conflicts = CONFLICTS

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        return sight(show(cloud, f'volumes/{call.id}'), False).resting

    def act(
        self,
        cloud: ports.Cloud,
        call: model.Call,
        what: object,
        version: str = '',
    ) -> ports.Answer:
        """Ask for one of cinder's volume actions."""
        return cloud.service('cinder').post(
            f'volumes/{call.id}/action', what, version=version
        )
