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
"""As whom a run spoke to its cloud: what a clean-up after its death needs."""

import typing

import msgspec

from extreme_tempest_plugin.cloud import credentials


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials without their secret.

    :param auth_url: of the cloud.
    :param provided: what was made for the run alone: kind and id, in the
        order of their deletion.
    """

    auth_url: str
    username: str
    user_domain: str
    user_id: str
    project: str
    project_domain: str
    project_id: str
    provided: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, auth_url: str, access: credentials.Access) -> typing.Self:
        """That of a run which begins."""
        user = access.user
        return cls(
            auth_url=auth_url,
            username=user.username,
            user_domain=user.user_domain,
            user_id=user.user_id,
            project=user.project,
            project_domain=user.project_domain,
            project_id=user.project_id,
            provided=access.provided,
        )

    def with_password(self, password: str) -> credentials.Credentials:
        """The credentials again."""
        return credentials.Credentials(
            username=self.username,
            password=password,
            user_domain=self.user_domain,
            user_id=self.user_id,
            project=self.project,
            project_domain=self.project_domain,
            project_id=self.project_id,
        )
