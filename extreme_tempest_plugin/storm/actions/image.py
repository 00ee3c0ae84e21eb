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
"""Images: their life, their data, their state.

https://docs.openstack.org/api-ref/image/v2/
"""

import hashlib
import random
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import image_states as images
from extreme_tempest_plugin.storm.actions import looking

#: Bytes of an uploaded image.
_LEAST, _MOST = 1024, 16384

_RAW = {'Content-Type': 'application/octet-stream'}

#: From here on nova says which image a snapshot becomes.
_SNAPSHOT_MICROVERSION = '2.45'


class _Made(msgspec.Struct):
    id: str


class _Snapshot(msgspec.Struct):
    image_id: str


class CreateImage(model.Action):
    """The image is queued; it has no data yet."""

    name = 'image.create'
    service = 'glance'
    kind = 'image'
    effect = model.Effect.CREATES

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        answer = cloud.service('glance').post(
            'v2/images',
            {
                'name': call.args['name'],
                'disk_format': 'raw',
                'container_format': 'bare',
            },
        )
        return answer.creating(answer.read(_Made).id)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        image = images.show(cloud, answer.made)
        return images.sight(
            image, image is not None and image.status == images.QUEUED
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        return {images.SHAREABLE: True}


class UploadImage(images.ImageAction):
    """The image is active; its size and checksum are those of our data."""

    name = 'image.upload'
    states = frozenset({images.QUEUED})
    leads_to = frozenset({images.ACTIVE})

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'content': fresh, 'bytes': rng.randint(_LEAST, _MOST)}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('glance').send(
            'PUT', f'{images.path(call.id)}/file', _data(call), headers=_RAW
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        image = images.show(cloud, call.id)
        if image is None or image.status != images.ACTIVE:
            return images.sight(image, False)
        return images.sight(
            image,
            image.holds(_data(call)),
            error=f'it has other data: {image.fixed}',
            seen={images.DIGEST: images.digest(_data(call))}
            if image.holds(_data(call))
            else {},
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        data = _data(call)
        return {
            'size': len(data),
            # By what the census compares with: glance chooses one of them.
            **{name: images.digest(data, name) for name in images.DIGESTS},
        }


def _data(call: model.Call) -> bytes:
    """Data that only this call uploads, and every replay of it."""
    content, length = call.args['content'], call.args['bytes']
    assert isinstance(content, str) and isinstance(length, int)
    return hashlib.shake_256(content.encode()).digest(length)


class DownloadImage(images.ImageAction):
    """The data has the checksum that the image shows, and that of our data."""

    name = 'image.download'
    effect = model.Effect.READS
    states = frozenset({images.ACTIVE})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('glance').get(f'{images.path(call.id)}/file')

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        assert call.resource is not None
        image = images.show(cloud, call.id)
        if answer.status == 204:
            # So glance answers for an image without data; a shared one may
            # not have any yet.
            return images.sight(
                image,
                False,
                error='there is no data',
                seen={images.DIGEST: None},
            )
        got = images.digest(answer.body)
        ours = call.resource.attributes.get(images.DIGEST)
        wanted = ours or got
        right = image is not None and image.holds(answer.body)
        return images.sight(
            image,
            right and wanted == got,
            error=f'{len(answer.body)} bytes with SHA-256 {got}, not '
            f'{wanted}; {image.fixed if image else None}',
            # What was not uploaded by an action was written by nobody.
            seen={images.DIGEST: got} if ours or call.shared else {},
        )


class _Turn(images.ImageAction):
    to: typing.ClassVar[str]
    asks: typing.ClassVar[str]

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('glance').post(
            f'{images.path(call.id)}/actions/{self.asks}'
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        image = images.show(cloud, call.id)
        return images.sight(
            image, image is not None and image.status == self.to
        )


class DeactivateImage(_Turn):
    """The image is deactivated."""

    name = 'image.deactivate'
    asks = 'deactivate'
    states = frozenset({images.ACTIVE})
    to = images.DEACTIVATED
    leads_to = frozenset({images.DEACTIVATED})


class ReactivateImage(_Turn):
    """The image is active."""

    name = 'image.reactivate'
    asks = 'reactivate'
    states = frozenset({images.DEACTIVATED})
    to = images.ACTIVE
    leads_to = frozenset({images.ACTIVE})


class DeleteImage(images.ImageAction):
    """The image is not found."""

    name = 'image.delete'
    effect = model.Effect.CONSUMES
    states = images.RESTING

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('glance').delete(images.path(call.id))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        image = images.show(cloud, call.id)
        if image is None:
            return model.Sight(state=looking.DELETED, reached=True)
        return model.Sight(state=image.status)


class SnapshotServer(model.Action):
    """The image is active and not empty, and nova is done with the server."""

    name = 'image.snapshot_server'
    links = model.Links.REMOVES
    service = 'nova'
    kind = 'image'
    effect = model.Effect.CREATES
    partners = {'server': model.Need(kind='server', states=servers.SETTLED)}
    requires = frozenset({'glance', 'compute:snapshot'})

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        server = servers.show(cloud, call.partners['server'].id)
        resting = server is None or server.resting
        return resting and images.at_rest(cloud, call.args['name'])

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        answer = cloud.service('nova').post(
            f'servers/{call.partners["server"].id}/action',
            {'createImage': {'name': call.args['name']}},
            version=_SNAPSHOT_MICROVERSION,
        )
        return answer.creating(answer.read(_Snapshot).image_id)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        image = images.show(cloud, answer.made)
        if image is None or image.status != images.ACTIVE:
            return images.sight(image, False)
        sight = images.sight(
            image, bool(image.fixed.size), error='it has no data'
        )
        of = call.partners['server']
        if of.shared or not sight.reached:
            return sight
        server = servers.show(cloud, of.id)
        if server is not None and server.resting:
            return sight
        return looking.short_of(sight, f'nova still works on {of.ref}')


ACTIONS: tuple[model.Action, ...] = (
    CreateImage(),
    UploadImage(),
    DownloadImage(),
    DeactivateImage(),
    ReactivateImage(),
    DeleteImage(),
    SnapshotServer(),
)
