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
"""Users and their passwords: what a storm does with keystone.

All of it is for an administrator, who tries each time whether keystone lets
the user in.

https://docs.openstack.org/api-ref/identity/v3/#users
"""

import collections.abc
import random

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import identity
from extreme_tempest_plugin.storm.actions import login
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain
from extreme_tempest_plugin.storm.actions import registers

_THERE = frozenset({looking.PRESENT})


class _User(identity.Keystone):
    kind = 'user'
    wrapper = 'user'
    registers = frozenset({'name', 'enabled', 'description'})


class CreateUser(_User, plain.Create):
    """A user with a password."""

    name = 'user.create'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh, identity.ENABLED: True}

    def attributes(self, call: model.Call) -> model.Arguments:
        return {**super().attributes(call), login.CREDENTIAL: _name(call)}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'name': call.args['name'],
            identity.ENABLED: call.args[identity.ENABLED],
        }

    def hidden(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'password': login.secret(cloud, _name(call))}


def _name(call: model.Call) -> str:
    return str(call.args['name'])


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
        return {identity.ENABLED: rng.random() < 0.5}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {identity.ENABLED: call.args[identity.ENABLED]}

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        assert call.resource is not None
        if call.shared or not sight.reached:
            return sight
        said = login.user(cloud, call.id, login.label(call.resource))
        if login.lets_in(said) is call.args[identity.ENABLED]:
            return sight
        return login.contradicted(sight, identity.ENABLED, said, str(True))


class SetUserPassword(_User, plain.Update):
    """Another password of a user, and the old one is good for nothing."""

    name = 'user.set_password'

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return resource.shared or identity.may_log_in(resource)

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {login.CREDENTIAL: fresh}

    def attributes(self, call: model.Call) -> model.Arguments:
        return {login.CREDENTIAL: call.args[login.CREDENTIAL]}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        label = str(call.args[login.CREDENTIAL])
        return {'password': login.secret(cloud, label)}

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        assert call.resource is not None
        sight = self.sight(self.show(cloud, call.id), {})
        new, old = str(call.args[login.CREDENTIAL]), login.label(call.resource)
        said = login.user(cloud, call.id, old)
        if login.lets_in(said):
            return login.contradicted(sight, login.CREDENTIAL, said, old)
        said = login.user(cloud, call.id, new)
        if not login.lets_in(said):
            return looking.short_of(sight, login.REFUSAL)
        return msgspec.structs.replace(sight, seen={login.CREDENTIAL: new})


class LogIn(_User):
    """A token for a project: only for one in which the user has a role.

    A refusal is an answer, too, where the user may have none, or nobody
    knows; and so is a token, for what it proves is compared with all that
    was asked for.
    """

    name = 'user.log_in'
    effect = model.Effect.READS
    states = _THERE
    partners = {
        'project': model.Need(kind='project', states=_THERE, linked=None)
    }

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        assert resource is not None
        # One that it has a role in by itself, or had one, or may have.
        if any(one.kind == 'group' for one in around.holders(partner.key)):
            return False
        return (
            resource.shared
            or identity.in_project(partner) in resource.attributes
        )

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        assert call.resource is not None
        project = call.partners['project']
        said = login.user(
            cloud, call.id, login.label(call.resource), project.id
        )
        if login.lets_in(said) or not self._must(call):
            return said
        raise ports.CallError(
            ports.Refusal(
                kind=ports.Kind.FAIL,
                status=said.status,
                request_id=said.request_id,
                error=login.REFUSAL,
            )
        )

    def _must(self, call: model.Call) -> bool:
        """Whether there is certainly a token for the user."""
        user, project = call.resource, call.partners['project']
        assert user is not None
        if user.shared or not identity.may_log_in(user):
            return False
        return user.attributes.get(identity.in_project(project)) is not None

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        assert call.resource is not None
        seen = {
            identity.ENABLED: str(True),
            login.CREDENTIAL: login.label(call.resource),
            identity.in_project(call.partners['project']): registers.THERE,
        }
        return model.Sight(
            state=looking.PRESENT,
            reached=True,
            final=True,
            seen=seen if login.lets_in(answer) else {},
        )


class RenameUser(_User, plain.Rename):
    """Another name of a user."""

    name = 'user.rename'


class DeleteUser(_User, plain.Delete):
    """The end of a user, and of the roles that it has."""

    name = 'user.delete'

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        assert call.resource is not None
        if not sight.reached or not login.lets_in(
            login.user(cloud, call.id, login.label(call.resource))
        ):
            return sight
        return login.still_in(sight)


ACTIONS: tuple[model.Action, ...] = (
    CreateUser(),
    SetUserDescription(),
    EnableUser(),
    SetUserPassword(),
    LogIn(),
    RenameUser(),
    DeleteUser(),
)
