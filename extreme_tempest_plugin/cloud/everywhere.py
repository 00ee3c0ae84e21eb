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
"""A project that keystone no longer knows, as an administrator sees it.

The resources of a project outlive it. Nobody can log in to it any more, but
an administrator is shown the resources of all projects, if asked so.
"""

import collections.abc
import dataclasses

from extreme_tempest_plugin.cloud import ports

#: What makes a service show every project:
#: https://docs.openstack.org/api-ref/compute/#list-servers-detailed
#: https://docs.openstack.org/api-ref/block-storage/v3/
_ALL = {'nova': 'all_tenants=1', 'cinder': 'all_tenants=1'}

#: Designate takes a header instead,
#: https://docs.openstack.org/api-ref/dns/
_HEADERS = {'designate': {'X-Auth-All-Projects': 'true'}}

#: Keypairs belong to a user; from this microversion on to any user,
#: https://docs.openstack.org/api-ref/compute/#list-keypairs
_KEYPAIRS = 'os-keypairs'
_KEYPAIRS_VERSION = '2.10'


@dataclasses.dataclass(frozen=True, slots=True)
class Everywhere:
    """A cloud for an administrator who speaks for another project.

    :param cloud: of the administrator.
    :param project: id of the project that is spoken for.
    :param user: id of its user.
    """

    cloud: ports.Cloud
    project: str
    user: str

    @property
    def boot(self) -> ports.Boot:
        return self.cloud.boot

    @property
    def login(self) -> collections.abc.Mapping[str, object]:
        """The administrator's own."""
        return self.cloud.login

    def service(self, name: str) -> ports.Service:
        """An API that shows the resources of every project."""
        return _Service(self.cloud.service(name), name, self.user)

    def attempt(self, address: str) -> ports.Attempt | None:
        """As the administrator does."""
        return self.cloud.attempt(address)


@dataclasses.dataclass(frozen=True, slots=True)
class _Service(ports.Service):
    service: ports.Service
    name: str
    user: str

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: collections.abc.Mapping[str, str] | None = None,
    ) -> ports.Answer:
        if self.name == 'nova' and path.startswith(_KEYPAIRS):
            path = _with(path, f'user_id={self.user}')
            version = version or _KEYPAIRS_VERSION
        elif method == 'GET' and self.name in _ALL:
            path = _with(path, _ALL[self.name])
        return self.service.send(
            method,
            path,
            body,
            version=version,
            headers={**_HEADERS.get(self.name, {}), **(headers or {})},
        )


def _with(path: str, query: str) -> str:
    return f'{path}{"&" if "?" in path else "?"}{query}'
