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
"""What a write probe makes: something cheap, of one service. Pure."""

import base64
import collections.abc
import dataclasses
import struct
import uuid

import msgspec

from extreme_tempest_plugin import errors

#: A key that belongs to nobody; nova looks only at its form.
_PUBLIC_KEY = (
    'ssh-ed25519 '
    + base64.b64encode(
        struct.pack('>I11sI32s', 11, b'ssh-ed25519', 32, b'nobody' * 6)
    ).decode()
)


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One request.

    :param good: statuses that it may be answered with.
    """

    method: str
    path: str
    good: tuple[int, ...]
    body: bytes = b''


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is made.

    :param name: of the probe.
    :param kind: of the resource, see ``cloud.kinds``.
    :param version: API version, for an endpoint that does not name one.
    :param create: the request that makes one of a name.
    :param id: what the service calls that; empty where it chooses.
    :param learns: where its answer says so then.
    :param path: of what has an id.
    :param around: of a name: kind and name of what all samples need, made
        before the first.
    """

    name: str
    kind: str
    version: str
    create: collections.abc.Callable[[str], Step]
    path: collections.abc.Callable[[str], str]
    id: collections.abc.Callable[[str], str] = lambda name: name
    learns: tuple[str, ...] = ()
    around: collections.abc.Callable[[str], tuple[str, str] | None] = (
        lambda name: None
    )

    def look(self, id_: str) -> Step:
        """Whether it is there."""
        return Step('GET', self.path(id_), (200,))

    def delete(self, id_: str) -> Step:
        """Its end."""
        return Step('DELETE', self.path(id_), (200, 202, 204, 404))

    def learn(self, body: bytes) -> str:
        """The id that an answer says; empty if it says none."""
        try:
            found = msgspec.json.decode(body)
            for key in self.learns:
                found = found[key]
        except (msgspec.DecodeError, LookupError, TypeError):
            return ''
        return found if isinstance(found, str) else ''


def _post(path: str, asked: object) -> Step:
    return Step('POST', path, (200, 201), msgspec.json.encode(asked))


def _keypair(name: str) -> Step:
    asked = {'keypair': {'name': name, 'public_key': _PUBLIC_KEY}}
    return _post('/os-keypairs', asked)


def _image_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _image(name: str) -> Step:
    # Without data: a record alone.
    return _post('/images', {'id': _image_id(name), 'name': name})


def _container(name: str) -> str:
    return name.rpartition('-')[0]


def _object_id(name: str) -> str:
    return f'{_container(name)}/{name}'


def _object(name: str) -> Step:
    return Step('PUT', f'/{_object_id(name)}', (201,), name.encode())


def _security_group(name: str) -> Step:
    asked = {'security_group': {'name': name}}
    return Step('POST', '/security-groups', (201,), msgspec.json.encode(asked))


RECIPES = {
    'nova': Recipe(
        name='keypair.write',
        kind='keypair',
        version='/v2.1',
        create=_keypair,
        path=lambda id_: f'/os-keypairs/{id_}',
    ),
    'glance': Recipe(
        name='image.write',
        kind='image',
        version='/v2',
        create=_image,
        id=_image_id,
        path=lambda id_: f'/images/{id_}',
    ),
    'neutron': Recipe(
        name='security_group.write',
        kind='security_group',
        version='/v2.0',
        create=_security_group,
        id=lambda name: '',
        learns=('security_group', 'id'),
        path=lambda id_: f'/security-groups/{id_}',
    ),
    'swift': Recipe(
        name='object.write',
        kind='object',
        version='',
        create=_object,
        id=_object_id,
        path=lambda id_: f'/{id_}',
        around=lambda name: ('container', _container(name)),
    ),
}


def known() -> list[str]:
    """Services that can be written to."""
    return sorted([*RECIPES, 'keystone'])


def check(service: str) -> None:
    """See whether a service can be written to.

    :raises UsageError: if not.
    """
    if service not in known():
        raise errors.UsageError(
            f'uptime: {service}/write: there is nothing cheap to make there; '
            f'there is in {", ".join(known())}'
        )
