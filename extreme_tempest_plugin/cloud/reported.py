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
"""Which parts of a service are up, as the service says to administrators.

https://docs.openstack.org/api-ref/compute/#compute-services-os-services
https://docs.openstack.org/api-ref/block-storage/v3/#services-os-services
https://docs.openstack.org/api-ref/network/v2/#agents
"""

import dataclasses

import msgspec

from extreme_tempest_plugin.cloud import ports


@dataclasses.dataclass(frozen=True, slots=True)
class _Report:
    service: str
    path: str


#: What is reported, as the history calls it.
_REPORTS = {
    'nova services': _Report('nova', 'os-services'),
    'neutron agents': _Report('neutron', 'v2.0/agents'),
    'cinder services': _Report('cinder', 'os-services'),
}

#: Name of a report to the service that gives it.
NAMES = {name: report.service for name, report in _REPORTS.items()}


class _Part(msgspec.Struct):
    """Of nova and cinder, or of neutron, which says it in other words."""

    binary: str
    host: str
    state: str = ''
    status: str = 'enabled'
    alive: bool | None = None
    admin_state_up: bool = True

    @property
    def up(self) -> bool:
        return self.state == 'up' if self.alive is None else self.alive

    @property
    def enabled(self) -> bool:
        return self.status == 'enabled' and self.admin_state_up


class _Body(msgspec.Struct):
    services: list[_Part] = []
    agents: list[_Part] = []


def parts(admin: ports.Cloud, name: str) -> dict[str, bool]:
    """Whether each part is up that the operator has not disabled.

    :param admin: the cloud as an administrator.
    :param name: one of NAMES.
    :returns: by ``nova-compute on cmp1``.
    :raises CallError: if the service does not say.
    """
    report = _REPORTS[name]
    said = admin.service(report.service).get(report.path).read(_Body)
    found: dict[str, bool] = {}
    for one in (*said.services, *said.agents):
        if one.enabled:
            key = f'{one.binary} on {one.host}'
            found[key] = found.get(key, True) and one.up
    return found
