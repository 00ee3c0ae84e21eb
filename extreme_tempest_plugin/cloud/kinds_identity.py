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
"""Users, projects and credentials, as keystone lists them.

Users, projects and groups belong to no project: only those whose names begin
as ours do are looked at. https://docs.openstack.org/api-ref/identity/v3/
"""

import functools

from extreme_tempest_plugin.cloud import listing

#: The role that users and groups are granted. Keystone makes it in its
#: bootstrap, and it is the one that may do least.
ROLE = 'reader'

#: That a user has a role, or a group a member, among their attributes.
THERE = 'there'


def role_in(project: str) -> str:
    """Name of the role in a project, among the attributes of who has it.

    :param project: ``project/<id>``.
    """
    return f'role.{project}'


def member(user: str) -> str:
    """Name of the membership of a user, among the attributes of a group.

    :param user: ``user/<id>``.
    """
    return f'member.{user}'


_kind = functools.partial(
    listing.Kind, service='keystone', state='', paged=False
)

_FILTER = f'name__startswith={listing.PREFIX}'

KINDS = (
    # Keystone has no list of tokens, and they expire.
    _kind(name='token'),
    _kind(
        name='application_credential',
        listing='v3/users/{user}/application_credentials',
        items='application_credentials',
        member='v3/users/{user}/application_credentials/{id}',
        owner='project_id',
    ),
    _kind(
        name='group',
        listing=f'v3/groups?{_FILTER}',
        items='groups',
        member='v3/groups/{id}',
        prefixed=True,
        admin=True,
    ),
    _kind(
        name='user',
        listing=f'v3/users?{_FILTER}',
        items='users',
        member='v3/users/{id}',
        prefixed=True,
        admin=True,
    ),
    _kind(
        name='project',
        listing=f'v3/projects?{_FILTER}',
        items='projects',
        member='v3/projects/{id}',
        prefixed=True,
        admin=True,
    ),
)
