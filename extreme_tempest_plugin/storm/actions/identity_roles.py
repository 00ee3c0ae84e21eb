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
"""Roles in projects, and members of groups: who is let in where.

Both are sets: an element is there or not, which is a register of its own, see
``checkers.linear``. A project is given to users or to one group, so that it
can be said by which of them keystone lets somebody in.

https://docs.openstack.org/api-ref/identity/v3/#roles
"""

import abc
import collections.abc
import typing

import msgspec

from extreme_tempest_plugin.cloud import kinds_identity
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import identity
from extreme_tempest_plugin.storm.actions import login
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import registers

_THERE = frozenset({looking.PRESENT})

_PROJECT = 'project/'


class _Named(msgspec.Struct):
    id: str


class _Roles(msgspec.Struct):
    roles: list[_Named]


class _Element(identity.Keystone):
    """Something that a PUT makes, a DELETE ends, and a HEAD shows.

    :cvar there: whether it is there afterwards.
    """

    effect = model.Effect.CHANGES
    states = _THERE
    conflicts = frozenset({404, 409})
    there: typing.ClassVar[bool]

    @abc.abstractmethod
    def where(self, cloud: ports.Cloud, call: model.Call) -> str:
        """Path of the element."""

    @abc.abstractmethod
    def element(self, call: model.Call) -> str:
        """Name of the element among the attributes of its resource."""

    def tries(
        self, cloud: ports.Cloud, call: model.Call
    ) -> ports.Answer | None:
        """What keystone says to who is let in by it, and by nothing else.

        :returns: None if nobody is, or nobody knows.
        """
        return None

    def attributes(self, call: model.Call) -> model.Arguments:
        return {self.element(call): registers.THERE if self.there else None}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        method = 'PUT' if self.there else 'DELETE'
        path = self.where(cloud, call)
        return cloud.service('keystone').send(method, path)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        there = True
        try:
            cloud.service('keystone').send('HEAD', self.where(cloud, call))
        except ports.CallError as error:
            if error.refusal.status != 404:
                raise
            there = False
        element = self.element(call)
        sight = model.Sight(
            state=looking.PRESENT,
            reached=there is self.there,
            seen={element: registers.THERE if there else None},
        )
        if not sight.reached:
            shown = 'there' if there else 'not there'
            return looking.short_of(sight, f'{element} is {shown}')
        said = self.tries(cloud, call)
        if said is None or login.lets_in(said) is self.there:
            return sight
        return login.contradicted(sight, element, said, registers.THERE)


class _Grant(_Element):
    def where(self, cloud: ports.Cloud, call: model.Call) -> str:
        project = call.partners['project'].id
        return (
            f'v3/projects/{project}/{self.kind}s/{call.id}/roles/'
            f'{_role(cloud)}'
        )

    def element(self, call: model.Call) -> str:
        return identity.in_project(call.partners['project'])


def _role(cloud: ports.Cloud) -> str:
    """Id of the role that is granted.

    :raises CallError: if the cloud has none of that name.
    """
    answer = cloud.service('keystone').get(
        f'v3/roles?name={kinds_identity.ROLE}'
    )
    for role in answer.read(_Roles).roles:
        return role.id
    raise ports.CallError(
        ports.Refusal(
            kind=ports.Kind.FAIL,
            error=f'the cloud has no role {kinds_identity.ROLE}',
        )
    )


class _UserGrant(_Grant):
    kind = 'user'

    def tries(
        self, cloud: ports.Cloud, call: model.Call
    ) -> ports.Answer | None:
        user = call.resource
        assert user is not None
        if user.shared or not identity.may_log_in(user):
            return None
        project = call.partners['project'].id
        return login.user(cloud, user.id, login.label(user), project)


class GrantRole(_UserGrant):
    """A user gets a role in a project, and is let in."""

    name = 'user.grant_role'
    partners = {'project': model.Need(kind='project', states=_THERE)}
    links = model.Links.ADDS
    there = True

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return all(one.kind != 'group' for one in around.holders(partner.key))


class RevokeRole(_UserGrant):
    """A user loses a role in a project, and is not let in any more."""

    name = 'user.revoke_role'
    partners = {
        'project': model.Need(kind='project', states=_THERE, linked=True)
    }
    links = model.Links.REMOVES
    there = False


class _GroupGrant(_Grant):
    kind = 'group'

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return not resource.shared


class GrantGroupRole(_GroupGrant):
    """A group gets a role in a project that nobody else has one in."""

    name = 'group.grant_role'
    partners = {'project': model.Need(kind='project', states=_THERE)}
    links = model.Links.ADDS
    there = True

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        return not partner.shared and not around.holders(partner.key)


class RevokeGroupRole(_GroupGrant):
    """A group loses a role in a project."""

    name = 'group.revoke_role'
    partners = {
        'project': model.Need(kind='project', states=_THERE, linked=True)
    }
    links = model.Links.REMOVES
    there = False


class _GroupUser(_Element):
    kind = 'group'

    def where(self, cloud: ports.Cloud, call: model.Call) -> str:
        return f'v3/groups/{call.id}/users/{call.partners["user"].id}'

    def element(self, call: model.Call) -> str:
        return kinds_identity.member(call.partners['user'].ref)

    def tries(
        self, cloud: ports.Cloud, call: model.Call
    ) -> ports.Answer | None:
        group, user = call.resource, call.partners['user']
        assert group is not None
        if group.shared or user.shared or not identity.may_log_in(user):
            return None
        projects = (
            name.partition(_PROJECT)[2]
            for name, value in group.attributes.items()
            if _PROJECT in name and value is not None
        )
        project = next(projects, '')
        if not project:
            return None
        return login.user(cloud, user.id, login.label(user), project)


class AddGroupUser(_GroupUser):
    """A user becomes a member of a group, and is let in where it is."""

    name = 'group.add_user'
    partners = {'user': model.Need(kind='user', states=_THERE)}
    links = model.Links.ADDS
    there = True


class RemoveGroupUser(_GroupUser):
    """A user is no more a member of a group, nor let in for being one."""

    name = 'group.remove_user'
    partners = {'user': model.Need(kind='user', states=_THERE, linked=True)}
    links = model.Links.REMOVES
    there = False


ACTIONS: tuple[model.Action, ...] = (
    GrantRole(),
    RevokeRole(),
    GrantGroupRole(),
    RevokeGroupRole(),
    AddGroupUser(),
    RemoveGroupUser(),
)
