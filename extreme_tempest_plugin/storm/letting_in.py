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
"""A way in to the servers of a storm, where floating IPs are tried.

The default security group of a project lets nobody in. Its ledger has the
rule that changes that, so the clean-up takes it away again.
"""

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import surroundings as around

_KIND = 'security_group_rule'


class _Id(msgspec.Struct):
    id: str


class _Groups(msgspec.Struct):
    security_groups: list[_Id]


class _Rule(msgspec.Struct):
    security_group_rule: _Id


def is_wanted(spec: storm_spec.StormSpec) -> bool:
    """Whether the storm tries floating IPs of servers."""
    return bool(spec.cloud.floating_ip_port) and any(
        'floating-server' in action.requires
        for action in actions.wanted(spec.storm)
    )


def let_in(spec: storm_spec.StormSpec, world: around.Surroundings) -> None:
    """Let TCP in to the port that servers answer at.

    :raises HarnessError: if neutron does not: nothing could be measured then.
    """
    port, cloud = spec.cloud.floating_ip_port, world.cloud
    name = f'{spec.prefix}-way-in'
    neutron = cloud.service('neutron')
    try:
        found = neutron.get(
            'v2.0/security-groups?name=default&fields=id'
            f'&project_id={cloud.project}'
        ).read(_Groups)
        for group in found.security_groups:
            world.ledger.owe(_KIND, name)
            answer = neutron.post(
                'v2.0/security-group-rules',
                {
                    'security_group_rule': {
                        'security_group_id': group.id,
                        'description': name,
                        'direction': 'ingress',
                        'ethertype': 'IPv4',
                        'protocol': 'tcp',
                        'port_range_min': port,
                        'port_range_max': port,
                    }
                },
            )
            world.ledger.made(
                _KIND, name, answer.read(_Rule).security_group_rule.id
            )
    except ports.CallError as error:
        if 'already exists' in error.refusal.error:
            # It was there before the run, and stays.
            world.ledger.gone(_KIND, name)
            return
        raise errors.HarnessError(
            f'TCP port {port} cannot be let in to the servers of the project, '
            f'so no floating IP could be tried: {error}; see [stress] '
            'floating_ip_port'
        ) from error
