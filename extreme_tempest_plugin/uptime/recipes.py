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
"""What a write probe makes: something cheap, of one service. Pure.

What is cheap is in the database of the service when its API answers, and
gone when the API says so: no back end, no agent and no other service has to
do anything for it. Nova has keypairs, neutron has security groups, glance has
records of images.

- **cinder** has nothing of the kind for a member: a transfer and an
  attachment each take a whole volume, so two samples at one time would be in
  each other's way; types are an administrator's. It has the metadata of a
  volume: a key is written by the API process itself, in any state of the
  volume, and many at one time. So one volume of 1 GiB is made before the
  first sample.
- **designate** has no more than one offer of a zone at a time, and a quota of
  10 zones, each of which its name servers must be told of. So one zone is
  made, and each sample makes a recordset of its own in it. Its end is
  acknowledged and comes later; while the worker of designate is away they add
  up, and after 500 the quota (``zone_recordsets``) refuses more.

https://docs.openstack.org/api-ref/block-storage/v3/#volumes-volumes
https://docs.openstack.org/api-ref/dns/
"""

import base64
import struct
import uuid

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import steps

#: A key that belongs to nobody; nova looks only at its form.
_PUBLIC_KEY = (
    'ssh-ed25519 '
    + base64.b64encode(
        struct.pack('>I11sI32s', 11, b'ssh-ed25519', 32, b'nobody' * 6)
    ).decode()
)


def _chosen(name: str) -> str:
    """The service chooses the id."""
    return ''


def _keypair(name: str, home: str) -> steps.Step:
    asked = {'keypair': {'name': name, 'public_key': _PUBLIC_KEY}}
    return steps.post('/os-keypairs', asked)


def _image_id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def _image(name: str, home: str) -> steps.Step:
    # Without data: a record alone.
    return steps.post('/images', {'id': _image_id(name), 'name': name})


def _stem(name: str) -> str:
    """What the names of all samples begin with, and their home is called."""
    return name.rpartition('-')[0]


def _container(name: str, home: str) -> steps.Step:
    return steps.Step('PUT', f'/{name}', (201, 202))


def _object_id(name: str) -> str:
    return f'{_stem(name)}/{name}'


def _object(name: str, home: str) -> steps.Step:
    return steps.Step('PUT', f'/{_object_id(name)}', (201,), name.encode())


def _security_group(name: str, home: str) -> steps.Step:
    asked = {'security_group': {'name': name}}
    return steps.post('/security-groups', asked, 201)


def _volume(name: str, home: str) -> steps.Step:
    asked = {'volume': {'name': name, 'size': 1}}
    return steps.post('/volumes', asked, 202)


def _metadata(name: str, home: str) -> steps.Step:
    # The keys that are there already stay.
    asked = {'metadata': {name: 'here'}}
    return steps.post(f'/volumes/{home}/metadata', asked, 200)


def _zone_name(name: str) -> str:
    """Below a domain that nobody has, RFC 2606."""
    return f'{name}.example.'


def _zone(name: str, home: str) -> steps.Step:
    asked = {'name': name, 'email': 'uptime@example.org'}
    return steps.post('/zones', asked, 201, 202)


def _recordset(name: str, home: str) -> steps.Step:
    asked = {
        'name': f'{name}.{_zone_name(_stem(name))}',
        'type': 'A',
        # Of the documentation, RFC 5737.
        'records': ['192.0.2.1'],
        'description': name,
    }
    return steps.post(f'/zones/{home}/recordsets', asked, 201, 202)


_CONTAINER = steps.Recipe(
    name='container',
    kind='container',
    create=_container,
    path=lambda id_, home: f'/{id_}',
)

_VOLUME = steps.Recipe(
    name='volume',
    kind='volume',
    create=_volume,
    path=lambda id_, home: f'/volumes/{id_}',
    id=_chosen,
    learns=('volume', 'id'),
)

_ZONE = steps.Recipe(
    name='zone',
    kind='zone',
    create=_zone,
    path=lambda id_, home: f'/zones/{id_}',
    label=_zone_name,
    id=_chosen,
    learns=('id',),
)

RECIPES = {
    'nova': steps.Recipe(
        name='keypair.write',
        kind='keypair',
        version='/v2.1',
        create=_keypair,
        path=lambda id_, home: f'/os-keypairs/{id_}',
    ),
    'glance': steps.Recipe(
        name='image.write',
        kind='image',
        version='/v2',
        create=_image,
        path=lambda id_, home: f'/images/{id_}',
        id=_image_id,
    ),
    'neutron': steps.Recipe(
        name='security_group.write',
        kind='security_group',
        version='/v2.0',
        create=_security_group,
        path=lambda id_, home: f'/security-groups/{id_}',
        id=_chosen,
        learns=('security_group', 'id'),
    ),
    'swift': steps.Recipe(
        name='object.write',
        kind='object',
        create=_object,
        path=lambda id_, home: f'/{id_}',
        id=_object_id,
        around=_CONTAINER,
    ),
    'cinder': steps.Recipe(
        name='volume_metadata.write',
        kind='',
        version='/v3',
        create=_metadata,
        path=lambda id_, home: f'/volumes/{home}/metadata/{id_}',
        around=_VOLUME,
    ),
    'designate': steps.Recipe(
        name='recordset.write',
        kind='',
        version='/v2',
        create=_recordset,
        path=lambda id_, home: f'/zones/{home}/recordsets/{id_}',
        id=_chosen,
        learns=('id',),
        around=_ZONE,
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
