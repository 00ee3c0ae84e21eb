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
"""Containers and objects after a storm: what they are, and what lists say.

A list of swift is eventually consistent. So what is there is what a HEAD of
the very thing shows; lists must come to say the same, and have PATIENCE to do
so. https://docs.openstack.org/api-ref/object-store/
"""

import collections.abc
import dataclasses
import time

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import kinds_objects
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports

#: Seconds that lists may take, and between two looks.
PATIENCE = 60.0
PAUSE = 2.0

#: Objects that are looked at one by one, at most.
MOST = 2_000

#: What a HEAD of an object and of a container shows: reference to header.
_HEADERS = {
    'object': {'etag': 'etag', 'size': 'content-length'},
    'container': {
        'count': 'x-container-object-count',
        'bytes': 'x-container-bytes-used',
    },
}

#: How references begin that are what a list says.
_LISTED = 'listed_'

#: It is listed and not there.
_MISSING = 'missing'

_Refs = dict[str, str]
_Founds = tuple[listing.Found, ...]


@dataclasses.dataclass(slots=True, kw_only=True)
class Objects:
    """The containers and objects of runs.

    :param made: kind to the ids of what the run made, whether or not it is
        gone.
    """

    cloud: ports.Cloud
    made: collections.abc.Mapping[str, collections.abc.Collection[str]]
    clock: collections.abc.Callable[[], float] = time.monotonic
    sleep: collections.abc.Callable[[float], None] = time.sleep
    _seen: dict[str, _Founds] = dataclasses.field(default_factory=dict)

    def objects(self, cloud: ports.Cloud) -> _Founds:
        """All objects: etag and size, and what the list says of them.

        :raises CallError: if they cannot be looked at.
        """
        return self._look()['object']

    def containers(self, cloud: ports.Cloud) -> _Founds:
        """All containers: number and bytes, and what is listed in them.

        :raises CallError: if they cannot be looked at.
        """
        return self._look()['container']

    def _look(self) -> dict[str, _Founds]:
        """Both, once lists agree, or patience is over; looked at once."""
        until = self.clock() + PATIENCE
        while not self._seen:
            seen = self._look_now()
            agreed = all(
                _agrees(one) for kind in seen.values() for one in kind
            )
            if agreed or self.clock() >= until:
                self._seen = seen
            else:
                self.sleep(PAUSE)
        return self._seen

    def _look_now(self) -> dict[str, _Founds]:
        listed = {
            one.id: {'listed_name': one.id}
            for one in listing.found(self.cloud, kinds.BY_NAME['container'])
            if one.id.startswith(listing.PREFIX)
        }
        containers: list[listing.Found] = []
        objects: list[listing.Found] = []
        for one in self._heads('container', listed):
            if one.state != _MISSING:
                inside = _inside(self.cloud, one.id)
                one.refs.update(_counted(inside))
                objects += self._objects(one.id, inside, len(objects))
            containers.append(one)
        return {'container': tuple(containers), 'object': tuple(objects)}

    def _objects(
        self, container: str, inside: dict[str, _Refs], already: int
    ) -> list[listing.Found]:
        ours = {
            id_
            for id_ in self.made.get('object', ())
            if id_.startswith(f'{container}/')
        }
        if already + len(ours | inside.keys()) > MOST:
            return [
                listing.Found(
                    id=id_, name=refs['listed_name'], state='present'
                )
                for id_, refs in inside.items()
            ]
        return list(self._heads('object', inside, ours))

    def _heads(
        self,
        kind: str,
        listed: collections.abc.Mapping[str, _Refs],
        made: collections.abc.Collection[str] | None = None,
    ) -> collections.abc.Iterator[listing.Found]:
        """What is listed or was made, and is there or listed."""
        ids = self.made.get(kind, ()) if made is None else made
        for id_ in sorted({*listed, *ids}):
            shown = self._head(kind, id_)
            says = listed.get(id_)
            if shown is None and says is None:
                continue
            if says is None:
                says = {'listed_name': ''}
            yield listing.Found(
                id=id_,
                name=id_.partition('/')[2] or id_,
                state=_MISSING if shown is None else 'present',
                refs={**(shown or {}), **says},
            )

    def _head(self, kind: str, id_: str) -> _Refs | None:
        """What a HEAD shows, None if nothing is there."""
        path = kinds.BY_NAME[kind].path(self.cloud, id_)
        try:
            headers = self.cloud.service('swift').send('HEAD', path).headers
        except ports.CallError as error:
            if error.refusal.status == 404:
                return None
            raise
        return {
            ref: headers.get(name, '').strip('"')
            for ref, name in _HEADERS[kind].items()
        }


def _inside(cloud: ports.Cloud, container: str) -> dict[str, _Refs]:
    """What the list of a container says of its objects, by id."""
    return {
        f'{container}/{row["name"]}': {
            'listed_name': str(row['name']),
            # The hash of a large one is that of its list of parts.
            'listed_etag': str(row.get('slo_etag') or row.get('hash')).strip(
                '"'
            ),
            'listed_size': str(row.get('bytes', 0)),
            **(kinds_objects.LARGE if 'slo_etag' in row else {}),
        }
        for row in kinds_objects.inside(cloud, container)
    }


def _counted(inside: collections.abc.Mapping[str, _Refs]) -> _Refs:
    """Number and bytes of what is listed.

    A container counts of a large object its list of parts alone, which
    nobody shows: no bytes then.
    """
    refs = {'listed_count': str(len(inside))}
    if not any('large' in row for row in inside.values()):
        total = sum(int(row['listed_size']) for row in inside.values())
        refs['listed_bytes'] = str(total)
    return refs


def _agrees(one: listing.Found) -> bool:
    """Whether lists say of it what it is."""
    known = {'name': one.name, **one.refs}
    return one.state != _MISSING and all(
        known.get(name.removeprefix(_LISTED)) == value
        for name, value in one.refs.items()
        if name.startswith(_LISTED)
    )
