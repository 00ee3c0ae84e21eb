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
"""The bytes of objects: written, read and copied.

https://docs.openstack.org/api-ref/object-store/
"""

import collections.abc
import hashlib
import random
import typing

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import objects

_THERE = frozenset({looking.PRESENT})

#: Bytes of an object: nothing, one, less than a block, a block, many.
_SIZES = (0, 1, 1000, 4096, 65_537)

_META = 'x-object-meta-storm'

#: Checksum of an object's bytes, among its attributes.
ETAG = 'etag'


def content(seed: int, size: int) -> bytes:
    """The bytes of an object, from the arguments that the history has."""
    return random.Random(seed).randbytes(size)


def md5(data: bytes) -> str:
    """Etag of an object."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Object(objects.Swift):
    """What the actions on an object have in common."""

    kind = 'object'

    def see(
        self, cloud: ports.Cloud, id_: str, wanted: bytes | None
    ) -> model.Sight:
        """What a GET shows: all the bytes, and headers that fit them.

        :param wanted: None if others may have written to it.
        """
        answer = looking.find(cloud.service('swift'), self.path(cloud, id_))
        if answer is None:
            return model.Sight(
                state=looking.MISSING, error='404: no such object'
            )
        wrong = torn(answer)
        if not wrong and wanted is not None and answer.body != wanted:
            wrong = f'its {len(answer.body)} bytes are not those written'
        return model.Sight(
            state=looking.PRESENT,
            reached=not wrong,
            error=wrong,
        )


def torn(answer: ports.Answer) -> str:
    """What is wrong within an answer with an object, empty if nothing is."""
    headers = answer.headers
    length, etag = headers.get('content-length'), headers.get('etag', '')
    if length != str(len(answer.body)):
        return f'{len(answer.body)} bytes came, content-length is {length}'
    large = 'x-static-large-object' in headers
    if not large and etag.strip('"') != md5(answer.body):
        return f'etag is {etag}, of the bytes it is {md5(answer.body)}'
    return ''


def written(arguments: collections.abc.Mapping[str, object]) -> bytes:
    """The bytes that arguments, or attributes, of an action stand for."""
    return content(
        typing.cast(int, arguments['content']),
        typing.cast(int, arguments['size']),
    )


def _known(resource: model.Resource) -> bytes | None:
    """What an object holds; None if anybody may have written to it since."""
    if resource.shared or 'content' not in resource.attributes:
        return None
    return written(resource.attributes)


def _random_content(rng: random.Random) -> model.Arguments:
    return {'content': rng.getrandbits(32), 'size': rng.choice(_SIZES)}


class CreateObject(Object):
    """An object; a GET must give the bytes that were written."""

    name = 'object.create'
    effect = model.Effect.CREATES
    partners = {'container': model.Need(kind='container', states=_THERE)}

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh, **_random_content(rng)}

    def id_of(self, call: model.Call) -> str:
        """Its id, which we choose."""
        return f'{call.partners["container"].id}/{call.args["name"]}'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        made = self.id_of(call)
        answer = put(cloud, self.path(cloud, made), written(call.args))
        return answer.creating(made)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self.see(cloud, answer.made, written(call.args))

    def attributes(self, call: model.Call) -> model.Arguments:
        return {
            'content': call.args['content'],
            'size': call.args['size'],
            ETAG: md5(written(call.args)),
        }


def put(cloud: ports.Cloud, path: str, data: bytes) -> ports.Answer:
    """Write an object; swift itself compares the MD5."""
    return cloud.service('swift').send(
        'PUT', path, data, headers={**objects.BINARY, 'ETag': md5(data)}
    )


class CopyObject(CreateObject):
    """A copy that swift makes; it has the bytes of its source."""

    name = 'object.copy'
    partners = {
        'container': model.Need(kind='container', states=_THERE),
        'source': model.Need(kind='object', states=_THERE),
    }
    conflicts = frozenset({404, 409})

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return role != 'source' or _known(partner) is not None

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        source = chosen.partners['source'].attributes
        return {
            'name': fresh,
            'content': source['content'],
            'size': source['size'],
        }

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        made = self.id_of(call)
        source = self.path(cloud, call.partners['source'].id)
        answer = cloud.service('swift').send(
            'PUT',
            self.path(cloud, made),
            b'',
            headers={**objects.BINARY, 'X-Copy-From': f'/{source}'},
        )
        return answer.creating(made)


class OverwriteObject(Object):
    """Other bytes in an object."""

    name = 'object.overwrite'
    effect = model.Effect.CHANGES
    states = _THERE

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        # The parts of a large object would be nobody's.
        return not resource.attributes.get('large')

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return _random_content(rng)

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        path = self.path(cloud, call.id)
        return put(cloud, path, written(call.args))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self.see(cloud, call.id, written(call.args))

    def attributes(self, call: model.Call) -> model.Arguments:
        return {**call.args, ETAG: md5(written(call.args))}


class ReadObject(Object):
    """An object is read: all bytes, and those that were written."""

    name = 'object.read'
    effect = model.Effect.READS
    states = _THERE

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        answer = cloud.service('swift').get(self.path(cloud, call.id))
        if wrong := torn(answer):
            raise looking.malformed(answer, wrong)
        return answer

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        assert call.resource is not None
        wanted = _known(call.resource)
        if wanted is None or answer.body == wanted:
            return model.Sight(state=looking.PRESENT, reached=True)
        # An older one may be read for a while.
        return self.see(cloud, call.id, wanted)


class SetObjectMetadata(Object, objects.Note):
    """A metadata item of an object."""

    name = 'object.set_metadata'
    header = _META


ACTIONS: tuple[model.Action, ...] = (
    CreateObject(),
    CopyObject(),
    OverwriteObject(),
    ReadObject(),
    SetObjectMetadata(),
)
