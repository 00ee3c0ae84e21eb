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
"""What a kind of resource is, and how all of it in a project is listed."""

import collections.abc
import dataclasses
import typing
import urllib.parse

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import names

#: Resources that are asked for in one page.
PAGE = 200

#: How the name of all that a run creates begins.
PREFIX = names.PREFIX

#: And of what its monitors make, and delete at once.
WATCHED = names.WATCHED

#: A resource as a list has it.
Shown = dict[str, typing.Any]

#: Tells something of a resource, empty for nothing.
Tell = collections.abc.Callable[[Shown], str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource.

    :param name: as in ``server/<id>``.
    :param service: that has it.
    :param listing: path of the list; ``{project}`` and ``{user}`` are ours.
        Empty if the service has no list and it ends by itself: then nobody
        can count or delete it.
    :param items: key of the list in its body; empty if the body is the list.
    :param item: key that each entry is wrapped in; empty if it is not.
    :param member: path of one, for its deletion; has ``{id}``, or ``{}`` for
        each part of an id that has several.
    :param id: field that identifies it; several are joined by ``/``.
    :param label: field that has the name that we gave it.
    :param state: field of its state; empty for one that is there or not.
    :param owner: field of its project; empty if it is not shown.
    :param refs: name of a reference in the census to its field, or to what
        tells it of all fields; a dot goes into an object.
    :param always: references that are in the census where they are null,
        too: actions write them, and what was written must not be gone.
    :param version: microversion of the list; empty for the oldest.
    :param paged: the list comes in pages, with ``limit`` and ``marker``.
    :param prefixed: only what has our prefix is listed, for the others are
        not of our project, or too many.
    :param admin: only an administrator can list and delete it.
    :param lister: gives the fields of all of them, where one list is not
        enough.
    :param undo: called before the deletion, to free it from others.
    """

    name: str
    service: str
    listing: str = ''
    items: str = ''
    item: str = ''
    member: str = ''
    id: str = 'id'
    label: str = 'name'
    state: str = 'status'
    owner: str = ''
    refs: collections.abc.Mapping[str, str | Tell] = dataclasses.field(
        default_factory=dict
    )
    always: frozenset[str] = frozenset()
    version: str = ''
    paged: bool = True
    prefixed: bool = False
    admin: bool = False
    lister: collections.abc.Callable[[ports.Cloud], list[Shown]] | None = None
    undo: collections.abc.Callable[[ports.Cloud, 'Found'], None] | None = None

    @property
    def listed(self) -> bool:
        """Whether there is a list of it."""
        return bool(self.listing or self.lister)

    def path(self, cloud: ports.Cloud, id_: str) -> str:
        """Where one of them is."""
        parts = id_.split('/', self.id.count('/'))
        quoted = [urllib.parse.quote(part, safe='') for part in parts]
        return self.member.format(
            *quoted, id=quoted[0], project=cloud.project, user=cloud.user
        )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A resource in a list.

    :param refs: what it refers to, by the names of ``Kind.refs``.
    """

    id: str
    name: str
    state: str
    owner: str = ''
    refs: dict[str, str] = dataclasses.field(default_factory=dict)


def found(cloud: ports.Cloud, kind: Kind) -> tuple[Found, ...]:
    """All resources of a kind in our project.

    :raises CallError: if they cannot be listed, or not to the end.
    """
    shown = kind.lister(cloud) if kind.lister else rows(cloud, kind)
    return tuple(
        one
        for one in (_found(kind, row) for row in shown)
        if not kind.prefixed or one.name.startswith(PREFIX)
    )


def rows(cloud: ports.Cloud, kind: Kind) -> list[Shown]:
    """All entries of a list.

    A page may be shorter than asked for (nova's ``[api] max_limit``), so
    only one without anything new is the last.

    :raises CallError: if they cannot be listed, or not to the end.
    """
    service = cloud.service(kind.service)
    path = kind.listing.format(project=cloud.project, user=cloud.user)
    if not kind.paged:
        return _page(service, path, kind)
    seen: dict[str, Shown] = {}
    marker = ''
    while True:
        sign = '&' if '?' in path else '?'
        page = _page(service, f'{path}{sign}limit={PAGE}{marker}', kind)
        fresh = {
            key: one for one in page if (key := _id(kind, one)) not in seen
        }
        if not fresh:
            return list(seen.values())
        seen.update(fresh)
        last = str(page[-1][kind.id.rpartition('/')[2]])
        marker = f'&marker={urllib.parse.quote(last, safe="")}'


def read(kind: Kind, answer: ports.Answer) -> list[Found]:
    """What is in one answer to a request for a list.

    :raises CallError: if it is no list.
    """
    return [_found(kind, row) for row in _rows_in(kind, answer)]


def _page(service: ports.Service, path: str, kind: Kind) -> list[Shown]:
    return _rows_in(kind, service.get(path, version=kind.version))


def _rows_in(kind: Kind, answer: ports.Answer) -> list[Shown]:
    listed = (
        answer.read(dict[str, typing.Any]).get(kind.items)
        if kind.items
        else answer.read(list[Shown])
    )
    found = (
        [
            one.get(kind.item) if kind.item and isinstance(one, dict) else one
            for one in listed or ()
        ]
        if isinstance(listed, list)
        else None
    )
    if found is None or not all(
        isinstance(row, dict) and _fields(kind) <= row.keys() for row in found
    ):
        raise ports.CallError(
            ports.Refusal(
                kind=ports.Kind.INFO,
                status=answer.status,
                request_id=answer.request_id,
                error=f'malformed answer: no list of {kind.name}s',
            )
        )
    return typing.cast(list[Shown], found)


def _fields(kind: Kind) -> set[str]:
    return set(kind.id.split('/'))


def _id(kind: Kind, shown: Shown) -> str:
    return '/'.join(_text(shown, field) for field in kind.id.split('/'))


def _found(kind: Kind, shown: Shown) -> Found:
    return Found(
        id=_id(kind, shown),
        name=_text(shown, kind.label),
        state=_text(shown, kind.state) if kind.state else 'present',
        owner=_text(shown, kind.owner) if kind.owner else '',
        refs={
            name: value
            for name, field in kind.refs.items()
            if (value := _told(shown, field)) or name in kind.always
        },
    )


def _told(shown: Shown, field: str | Tell) -> str:
    return _text(shown, field) if isinstance(field, str) else field(shown)


def _text(shown: Shown, field: str) -> str:
    """A field as text, empty where there is none."""
    value: object = shown
    # Names of extensions have a colon, and may have a dot after it.
    for part in (field,) if ':' in field else field.split('.'):
        value = value.get(part) if isinstance(value, dict) else None
    return '' if value is None else str(value)
