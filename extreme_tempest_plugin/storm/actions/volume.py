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
"""Volumes: their life, their size, their name and metadata.

https://docs.openstack.org/api-ref/block-storage/v3/
"""

import collections.abc
import random

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import metadata
from extreme_tempest_plugin.storm.actions import registers
from extreme_tempest_plugin.storm.actions import volume_states as volumes


class CreateVolume(volumes.Creating):
    """The volume is available."""

    name = 'volume.create'
    kind = 'volume'

    def source(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, object]:
        """What it is made from, as the API has it."""
        return {}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        asked: dict[str, object] = {
            'name': call.args['name'],
            'size': volumes.SIZE,
        }
        return self.made(cloud, {**asked, **self.source(cloud, call)})

    def attributes(self, call: model.Call) -> model.Arguments:
        return {volumes.SIZED: volumes.SIZE}


class CreateVolumeFromImage(CreateVolume):
    """The volume is available; it has the content of the image to boot."""

    name = 'volume.create_from_image'
    requires = frozenset({'glance'})

    def source(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, object]:
        return {'imageRef': cloud.boot.image}


class DeleteVolume(volumes.Deleting):
    """The volume is not found."""

    name = 'volume.delete'
    kind = 'volume'


class RenameVolume(volumes.VolumeAction):
    """The volume shows the new name."""

    name = 'volume.rename'
    states = volumes.RESTING

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('cinder').put(
            f'volumes/{call.id}', {'volume': {'name': call.args['name']}}
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        volume = volumes.show(cloud, f'volumes/{call.id}')
        name = volume.name if volume else None
        return volumes.sight(
            volume,
            name == call.args['name'],
            error=f'its name is still {name}',
            seen={'name': name},
        )


class _Extend(volumes.VolumeAction):
    """A volume becomes larger by 1 GiB."""

    # 413: the quota of gigabytes; others extend shared volumes, too.
    conflicts = volumes.CONFLICTS | {413}
    asynchronous = True
    version = ''

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        # Some backends cannot extend what has snapshots (NFS).
        size = resource.attributes.get(volumes.SIZED)
        small = isinstance(size, int) and size < volumes.MOST
        return (resource.shared or small) and not any(
            one.kind == 'volume_snapshot' for one in holders
        )

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        assert chosen.resource is not None
        if chosen.resource.shared:
            return {volumes.SIZED: rng.randint(volumes.SIZE + 1, volumes.MOST)}
        size = chosen.resource.attributes[volumes.SIZED]
        assert isinstance(size, int)
        return {volumes.SIZED: size + 1}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        size = call.args[volumes.SIZED]
        return self.act(
            cloud, call, {'os-extend': {'new_size': size}}, self.version
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        volume = volumes.show(cloud, f'volumes/{call.id}')
        size = volume.size if volume else 0
        return volumes.sight(
            volume,
            volume is not None
            and volume.status in self.states
            and size == call.args[volumes.SIZED],
            error=f'its size is {size} GiB',
            seen={volumes.SIZED: str(size)},
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        return {volumes.SIZED: call.args[volumes.SIZED]}


class ExtendVolume(_Extend):
    """The volume is available and has the new size."""

    name = 'volume.extend'
    states = frozenset({volumes.AVAILABLE})


class ExtendAttachedVolume(_Extend):
    """The volume is in use and has the new size."""

    name = 'volume.extend_attached'
    states = frozenset({volumes.IN_USE})
    version = '3.42'
    requires = frozenset({'volume:extend_attached_volume'})


class _OnVolume(volumes.VolumeAction):
    states = volumes.RESTING

    def values(
        self, cloud: ports.Cloud, call: model.Call
    ) -> tuple[model.Sight, registers.Values]:
        """The volume and its metadata."""
        volume = volumes.show(cloud, f'volumes/{call.id}')
        sight = volumes.sight(volume, False)
        return sight, volume.metadata if volume else {}


class SetMetadata(_OnVolume, metadata.Set):
    """The volume shows the value; the others are kept (POST)."""

    name = 'volume.set_metadata'


class PutMetadata(_OnVolume, metadata.Put):
    """The volume shows the value; one key is written (PUT)."""

    name = 'volume.put_metadata'


class DeleteMetadata(_OnVolume, metadata.Delete):
    """The volume does not show the key."""

    name = 'volume.delete_metadata'


ACTIONS: tuple[model.Action, ...] = (
    CreateVolume(),
    CreateVolumeFromImage(),
    DeleteVolume(),
    RenameVolume(),
    ExtendVolume(),
    ExtendAttachedVolume(),
    SetMetadata(),
    PutMetadata(),
    DeleteMetadata(),
)
