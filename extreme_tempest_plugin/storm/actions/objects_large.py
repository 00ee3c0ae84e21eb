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
"""Large objects: parts, and a manifest that joins them; their deletion.

https://docs.openstack.org/swift/latest/overview_large_objects.html
"""

import collections.abc
import random

import msgspec

from extreme_tempest_plugin.cloud import kinds_objects
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import objects
from extreme_tempest_plugin.storm.actions import objects_data

#: Bytes of the parts of a large object.
_PARTS = (4096, 1000)


class CreateLargeObject(objects_data.CreateObject):
    """A static large object: parts, and a manifest that joins them."""

    name = 'object.create_large'
    requires = frozenset({'swift:slo'})

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {
            'name': fresh,
            'content': rng.getrandbits(32),
            'size': sum(_PARTS),
        }

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        made = self.id_of(call)
        manifest = []
        for number, part in enumerate(_parts(call)):
            objects_data.put(cloud, self.path(cloud, f'{made}-{number}'), part)
            manifest.append(
                {
                    'path': f'/{made}-{number}',
                    'etag': objects_data.md5(part),
                    'size_bytes': len(part),
                }
            )
        path = f'{self.path(cloud, made)}?multipart-manifest=put'
        # The type of the request becomes that of the object.
        answer = cloud.service('swift').send(
            'PUT', path, manifest, headers=objects.BINARY
        )
        return answer.creating(made)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        headers = self.head(cloud, answer.made) if sight.reached else {}
        if sight.reached and 'x-static-large-object' not in (headers or {}):
            return msgspec.structs.replace(
                sight, reached=False, error='it is no large object'
            )
        return sight

    def attributes(self, call: model.Call) -> model.Arguments:
        return {
            **super().attributes(call),
            objects_data.ETAG: _etag(_parts(call)),
            **kinds_objects.LARGE,
        }


def _parts(call: model.Call) -> collections.abc.Iterator[bytes]:
    data = objects_data.written(call.args)
    for size in _PARTS:
        part, data = data[:size], data[size:]
        yield part


def _etag(parts: collections.abc.Iterable[bytes]) -> str:
    """The checksum of a large object is that of those of its parts."""
    return objects_data.md5(''.join(map(objects_data.md5, parts)).encode())


class _Bulk(msgspec.Struct):
    """How the deletion of many objects ended."""

    status: str = msgspec.field(name='Response Status')
    errors: list[object] = msgspec.field(name='Errors', default=[])


class DeleteObject(objects_data.Object, objects.Delete):
    """The end of an object, and of the parts of a large one."""

    name = 'object.delete'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        assert call.resource is not None
        path = self.path(cloud, call.id)
        if not call.resource.attributes.get('large'):
            return cloud.service('swift').delete(path)
        answer = cloud.service('swift').delete(
            f'{path}?multipart-manifest=delete'
        )
        # Swift answers 200, whatever became of it, and says it in the body.
        ended = answer.read(_Bulk)
        if ended.status != '200 OK' or ended.errors:
            raise looking.malformed(answer, f'{ended.status} {ended.errors}')
        return answer


ACTIONS: tuple[model.Action, ...] = (CreateLargeObject(), DeleteObject())
