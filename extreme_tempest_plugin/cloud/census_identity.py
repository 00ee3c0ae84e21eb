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
"""Users and groups after a storm, with their roles and members.

Of each pair of what the run made it is said whether the one has the other:
what is not there is as certain as what is. All of it is for an administrator.

https://docs.openstack.org/api-ref/identity/v3/
"""

import collections.abc
import dataclasses

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import kinds_identity
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports

#: Pairs of which it is said, at most.
MOST = 10_000


class _Named(msgspec.Struct):
    id: str
    name: str = ''


class _Scope(msgspec.Struct):
    project: _Named | None = None
    inherited: str = msgspec.field(name='OS-INHERIT:inherited_to', default='')


class _Assignment(msgspec.Struct):
    role: _Named
    scope: _Scope


class _Assignments(msgspec.Struct):
    role_assignments: list[_Assignment]


class _Users(msgspec.Struct):
    users: list[_Named]


def users(admin: ports.Cloud) -> tuple[listing.Found, ...]:
    """The users of runs, with the projects of runs in which each has a role.

    :raises CallError: if that cannot be listed.
    """
    return _with_roles(admin, 'user', listing.found(admin, _kind('user')))


def groups(admin: ports.Cloud) -> tuple[listing.Found, ...]:
    """The groups of runs, with their roles and with the users of runs.

    :raises CallError: if that cannot be listed.
    """
    found = listing.found(admin, _kind('group'))
    others = listing.found(admin, _kind('user'))
    if len(found) * len(others) <= MOST:
        found = tuple(
            _told(one, _said(others, 'user', kinds_identity.member, has))
            for one in found
            for has in (_members(admin, one.id),)
        )
    return _with_roles(admin, 'group', found)


def _with_roles(
    admin: ports.Cloud, kind: str, found: tuple[listing.Found, ...]
) -> tuple[listing.Found, ...]:
    others = listing.found(admin, _kind('project'))
    if len(found) * len(others) > MOST:
        return found
    return tuple(
        _told(one, _said(others, 'project', kinds_identity.role_in, has))
        for one in found
        for has in (_projects(admin, kind, one.id),)
    )


def _kind(name: str) -> listing.Kind:
    return kinds.BY_NAME[name]


def _told(one: listing.Found, said: dict[str, str]) -> listing.Found:
    return dataclasses.replace(one, refs={**one.refs, **said})


def _said(
    others: collections.abc.Iterable[listing.Found],
    kind: str,
    attribute: collections.abc.Callable[[str], str],
    has: collections.abc.Container[str],
) -> dict[str, str]:
    return {
        attribute(f'{kind}/{other.id}'): kinds_identity.THERE
        if other.id in has
        else ''
        for other in others
    }


def _projects(admin: ports.Cloud, kind: str, id_: str) -> set[str]:
    """Projects in which a user or group itself has our role."""
    answer = admin.service('keystone').get(
        f'v3/role_assignments?{kind}.id={id_}&include_names=true'
    )
    return {
        one.scope.project.id
        for one in answer.read(_Assignments).role_assignments
        if one.scope.project
        and not one.scope.inherited
        and one.role.name == kinds_identity.ROLE
    }


def _members(admin: ports.Cloud, group: str) -> set[str]:
    answer = admin.service('keystone').get(f'v3/groups/{group}/users')
    return {one.id for one in answer.read(_Users).users}
