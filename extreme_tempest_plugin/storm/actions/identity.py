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
"""Projects and groups: what a storm does with keystone.

All of it is for an administrator; only names that nobody else has are used.

https://docs.openstack.org/api-ref/identity/v3/
"""

from extreme_tempest_plugin.cloud import kinds_identity
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import plain

_THERE = frozenset({looking.PRESENT})

#: Among the attributes of a user: it may log in.
ENABLED = 'enabled'


class Keystone(plain.Plain):
    service = 'keystone'
    admin = True
    method = 'PATCH'


def may_log_in(user: model.Resource) -> bool:
    """Whether a user of one's own is enabled."""
    return user.attributes.get(ENABLED) is True


def in_project(project: model.Resource) -> str:
    """Name of a role in a project among the attributes of who has it."""
    return kinds_identity.role_in(project.ref)


class _Project(Keystone):
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


class _Group(Keystone):
    kind = 'group'
    wrapper = 'group'


class CreateGroup(_Group, plain.Create):
    """A group without users."""

    name = 'group.create'


class DeleteGroup(_Group, plain.Delete):
    """The end of a group."""

    name = 'group.delete'


ACTIONS: tuple[model.Action, ...] = (
    CreateProject(),
    RenameProject(),
    DeleteProject(),
    CreateGroup(),
    DeleteGroup(),
)
