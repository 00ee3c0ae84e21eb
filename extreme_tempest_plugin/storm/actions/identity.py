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
"""Users, projects, groups and roles: what a storm does with keystone.

All of it is for an administrator; only names that nobody else has are used.

https://docs.openstack.org/api-ref/identity/v3/
"""

import random
import secrets
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain

_THERE = frozenset({looking.PRESENT})

#: The role that is granted. Keystone makes it in its bootstrap, and it is
#: the one that may do least.
ROLE = 'reader'


class _Named(msgspec.Struct):
    id: str


class _Roles(msgspec.Struct):
    roles: list[_Named]


class _Keystone(plain.Plain):
    service = 'keystone'
    admin = True
    method = 'PATCH'


class _User(_Keystone):
    kind = 'user'
    wrapper = 'user'
    registers = frozenset({'name', 'enabled', 'description'})


class CreateUser(_User, plain.Create):
    """A user with a password that is thrown away."""

    name = 'user.create'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh, 'enabled': True}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'name': call.args['name'], 'enabled': call.args['enabled']}

    def hidden(self) -> plain.Fields:
        # Clouds may ask for a capital, a digit and a sign in it.
        return {'password': f'{secrets.token_urlsafe(24)}aA1!'}


class SetUserDescription(_User, plain.Update):
    """Another description of a user."""

    name = 'user.set_description'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'description': fresh}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'description': call.args['description']}


class EnableUser(_User, plain.Update):
    """A user may log in, or no more."""

    name = 'user.set_enabled'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'enabled': rng.random() < 0.5}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'enabled': call.args['enabled']}


class RenameUser(_User, plain.Rename):
    """Another name of a user."""

    name = 'user.rename'


class DeleteUser(_User, plain.Delete):
    """The end of a user, and of the roles that it has."""

    name = 'user.delete'


class _Project(_Keystone):
    kind = 'project'
    wrapper = 'project'
    registers = frozenset({'name'})


class CreateProject(_Project, plain.Create):
    """A project in the administrator's domain."""

    name = 'project.create'

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'name': call.args['name'], 'enabled': True}


class RenameProject(_Project, plain.Rename):
    """Another name of a project."""

    name = 'project.rename'


class DeleteProject(_Project, plain.Delete):
    """The end of a project in which no user has a role."""

    name = 'project.delete'


class _Group(_Keystone):
    kind = 'group'
    wrapper = 'group'


class CreateGroup(_Group, plain.Create):
    """A group without users."""

    name = 'group.create'


class DeleteGroup(_Group, plain.Delete):
    """The end of a group."""

    name = 'group.delete'


class _Membership(_Keystone):
    """Something that a PUT makes, a DELETE ends, and a HEAD shows."""

    effect = model.Effect.CHANGES
    states = _THERE
    conflicts = frozenset({404, 409})
    there: typing.ClassVar[bool]

    def where(self, cloud: ports.Cloud, call: model.Call) -> str:
        """Path of the membership."""
        raise NotImplementedError

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
        reached = there is self.there
        shown = 'there' if there else 'not there'
        return model.Sight(
            state=looking.PRESENT,
            reached=reached,
            error='' if reached else f'{self.where(cloud, call)} is {shown}',
        )


class _Grant(_Membership):
    kind = 'user'

    def where(self, cloud: ports.Cloud, call: model.Call) -> str:
        project = call.partners['project'].id
        return f'v3/projects/{project}/users/{call.id}/roles/{_role(cloud)}'


def _role(cloud: ports.Cloud) -> str:
    """Id of the role that is granted.

    :raises CallError: if the cloud has none of that name.
    """
    answer = cloud.service('keystone').get(f'v3/roles?name={ROLE}')
    for role in answer.read(_Roles).roles:
        return role.id
    raise ports.CallError(
        ports.Refusal(
            kind=ports.Kind.FAIL, error=f'the cloud has no role {ROLE}'
        )
    )


class GrantRole(_Grant):
    """A user gets a role in a project."""

    name = 'user.grant_role'
    partners = {'project': model.Need(kind='project', states=_THERE)}
    links = model.Links.ADDS
    there = True


class RevokeRole(_Grant):
    """A user loses a role in a project."""

    name = 'user.revoke_role'
    partners = {
        'project': model.Need(kind='project', states=_THERE, linked=True)
    }
    links = model.Links.REMOVES
    there = False


class _GroupUser(_Membership):
    kind = 'group'

    def where(self, cloud: ports.Cloud, call: model.Call) -> str:
        return f'v3/groups/{call.id}/users/{call.partners["user"].id}'


class AddGroupUser(_GroupUser):
    """A user becomes a member of a group."""

    name = 'group.add_user'
    partners = {'user': model.Need(kind='user', states=_THERE)}
    links = model.Links.ADDS
    there = True


class RemoveGroupUser(_GroupUser):
    """A user is no more a member of a group."""

    name = 'group.remove_user'
    partners = {'user': model.Need(kind='user', states=_THERE, linked=True)}
    links = model.Links.REMOVES
    there = False


ACTIONS: tuple[model.Action, ...] = (
    CreateUser(),
    SetUserDescription(),
    EnableUser(),
    RenameUser(),
    DeleteUser(),
    CreateProject(),
    RenameProject(),
    DeleteProject(),
    CreateGroup(),
    DeleteGroup(),
    GrantRole(),
    RevokeRole(),
    AddGroupUser(),
    RemoveGroupUser(),
)
