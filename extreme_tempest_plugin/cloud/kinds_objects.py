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
"""Containers and objects, as swift lists them.

Lists of swift are eventually consistent: what was deleted may be in them for
a while. https://docs.openstack.org/api-ref/object-store/
"""

import urllib.parse

from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports

#: Attribute of a large object, which others do not have.
LARGE = {'large': 'yes'}


def inside(cloud: ports.Cloud, container: str) -> list[listing.Shown]:
    """The objects of a container; none if it is gone meanwhile."""
    quoted = urllib.parse.quote(container, safe='').replace('{', '{{')
    kind = listing.Kind(
        name='object',
        service='swift',
        listing=f'{quoted.replace("}", "}}")}?format=json',
        id='name',
    )
    try:
        return listing.rows(cloud, kind)
    except ports.CallError as error:
        if error.refusal.status == 404:
            return []
        raise


def _objects(cloud: ports.Cloud) -> list[listing.Shown]:
    """The objects of all containers that a run created.

    Not of all: an account may have millions.
    """
    return [
        {**shown, 'container': container.id}
        for container in listing.found(cloud, _CONTAINER)
        if container.id.startswith(listing.PREFIX)
        for shown in inside(cloud, container.id)
    ]


def _empty(cloud: ports.Cloud, container: listing.Found) -> None:
    """Delete all objects of a container; parts of large ones have no owner."""
    for shown in inside(cloud, container.id):
        path = _OBJECT.path(cloud, f'{container.id}/{shown["name"]}')
        try:
            cloud.service('swift').delete(path)
        except ports.CallError as error:
            if error.refusal.status != 404:
                raise


_OBJECT = listing.Kind(
    name='object',
    service='swift',
    member='{}/{}',
    id='container/name',
    state='',
    lister=_objects,
)

_CONTAINER = listing.Kind(
    name='container',
    service='swift',
    listing='?format=json',
    member='{id}',
    id='name',
    state='',
    undo=_empty,
)

KINDS = (_OBJECT, _CONTAINER)
