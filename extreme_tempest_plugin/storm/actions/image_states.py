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
"""What all actions on an image share.

https://docs.openstack.org/api-ref/image/v2/
"""

import collections.abc
import hashlib
import typing

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

QUEUED = 'queued'
ACTIVE = 'active'
DEACTIVATED = 'deactivated'

#: States in which glance has nothing in hand with an image.
RESTING = frozenset({QUEUED, ACTIVE, DEACTIVATED})

#: Glance answers 403 to the data of an image that is deactivated, and 404 or
#: 409 to what others have changed meanwhile.
CONFLICTS = frozenset({403, 404, 409})

#: Checksums of an image's data, among its attributes, by the names that
#: glance has for them. The first one is what looks see.
DIGESTS = ('sha256', 'sha512', 'md5')
DIGEST = DIGESTS[0]

#: That an image may have members; a snapshot of a server is private.
SHAREABLE = 'shareable'

_PATCH = {'Content-Type': 'application/openstack-images-v2.1-json-patch'}


class _Fixed(msgspec.Struct):
    id: str
    status: str
    name: str | None = None
    size: int | None = None
    checksum: str | None = None
    hash_algo: str | None = msgspec.field(name='os_hash_algo', default=None)
    hash_value: str | None = msgspec.field(name='os_hash_value', default=None)


class Image(msgspec.Struct):
    """An image as glance shows it.

    :param properties: all that it has, by name.
    """

    fixed: _Fixed
    properties: dict[str, typing.Any]

    @property
    def status(self) -> str:
        """Its state."""
        return self.fixed.status

    def holds(self, data: bytes) -> bool:
        """Whether size and checksum are those of ``data``.

        The checksum is the one that the cloud has chosen; MD5 is what glance
        has beside it, and alone before Rocky.
        """
        fixed = self.fixed
        algorithm = fixed.hash_algo or 'md5'
        shown = fixed.hash_value if fixed.hash_algo else fixed.checksum
        return fixed.size == len(data) and shown == digest(data, algorithm)


def digest(data: bytes, algorithm: str = 'sha256') -> str:
    """A checksum, for what is not to be hidden, in hexadecimal digits."""
    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()


def path(image: str) -> str:
    """Path of an image."""
    return f'v2/images/{image}'


def show(cloud: ports.Cloud, image: str) -> Image | None:
    """An image, None if glance says that there is none (404)."""
    answer = looking.find(cloud.service('glance'), path(image))
    if answer is None:
        return None
    return Image(
        fixed=answer.read(_Fixed),
        properties=answer.read(dict[str, typing.Any]),
    )


def sight(
    image: Image | None,
    reached: bool,
    error: str = '',
    seen: collections.abc.Mapping[str, str | None] | None = None,
) -> model.Sight:
    """A sight of an action that wants an image to live.

    :param error: what is wrong with it.
    :param seen: values of its attributes.
    """
    if image is None:
        return model.Sight(state=looking.MISSING, error='404: no such image')
    return model.Sight(
        state=image.status,
        reached=reached,
        final=not reached and image.status == 'killed',
        resting=image.status in RESTING,
        error='' if reached else error,
        seen=seen or {},
    )


class ImageAction(model.Action):
    """What the actions on an image that is there have in common."""

    service = 'glance'
    kind = 'image'
    effect = model.Effect.CHANGES
    conflicts = CONFLICTS

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        return sight(show(cloud, call.id), False).resting

    def patch(
        self, cloud: ports.Cloud, call: model.Call, *changes: object
    ) -> ports.Answer:
        """Change properties, https://www.rfc-editor.org/rfc/rfc6902."""
        return cloud.service('glance').send(
            'PATCH', path(call.id), changes, headers=_PATCH
        )


def at_rest(cloud: ports.Cloud, name: object) -> bool:
    """Whether glance has nothing in hand with images of a name."""
    return all(
        one.state in RESTING
        for one in kinds.found(cloud, kinds.BY_NAME['image'])
        if one.name == name
    )
