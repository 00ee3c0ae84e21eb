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
"""Server groups, and where nova puts their members.

A strict policy is a promise: members are on one host, or no two of them are.
Nova keeps it by choosing a host, and by looking again on that host; a server
for which there is none that fits goes into ERROR, which is its right.
"""

import random
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking

#: From here on a server group has one policy, one of them a soft one.
MICROVERSION = '2.64'

#: With a soft one any number of servers finds room on any cloud.
SOFT = 'soft-anti-affinity'
TOGETHER, APART = 'affinity', 'anti-affinity'

#: What nova says of a server that no host may have.
_NO_HOST = ('No valid host', 'Exceeded maximum number of retries')


class _Group(msgspec.Struct):
    id: str
    policy: str = SOFT
    members: list[str] = []


class _GroupBody(msgspec.Struct):
    server_group: _Group


class CreateServerGroup(model.Action):
    """The server group is found; with a strict policy or a soft one."""

    name = 'server_group.create'
    service = 'nova'
    kind = 'server_group'
    effect = model.Effect.CREATES

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {
            'name': fresh,
            'policy': rng.choice((SOFT, TOGETHER, APART)),
        }

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        answer = cloud.service('nova').post(
            'os-server-groups',
            {
                'server_group': {
                    'name': call.args['name'],
                    'policy': _policy(call),
                }
            },
            version=MICROVERSION,
        )
        return answer.creating(answer.read(_GroupBody).server_group.id)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        group = _show(cloud, answer.made)
        if group is None:
            return model.Sight(state=looking.MISSING, error='404: no group')
        ours = group.policy == _policy(call)
        return model.Sight(
            state=looking.PRESENT,
            reached=ours,
            error='' if ours else f'its policy is {group.policy}',
        )


class DeleteServerGroup(model.Action):
    """The server group is not found."""

    name = 'server_group.delete'
    service = 'nova'
    kind = 'server_group'
    effect = model.Effect.CONSUMES
    states = frozenset({looking.PRESENT})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').delete(_path(call.id))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return looking.absent(cloud, 'nova', _path(call.id), MICROVERSION)


class CreateServerInGroup(compute.CreateServer):
    """The server is ACTIVE, in the group, and where its policy wants it."""

    # Or in ERROR, where a strict policy leaves no host for it.
    name = 'server.create_in_group'
    links = model.Links.REMOVES
    partners = {
        'group': model.Need(
            kind='server_group', states=frozenset({looking.PRESENT})
        )
    }
    # 403: the group has as many members as it may have.
    conflicts = frozenset({403, 409})

    def wanted(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, typing.Any]:
        return {
            **super().wanted(cloud, call),
            'os:scheduler_hints': {'group': call.partners['group'].id},
        }

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        if not (sight.reached or sight.final):
            return sight
        group = _show(cloud, call.partners['group'].id)
        strict = group is not None and group.policy in (TOGETHER, APART)
        if sight.final:
            refused = strict and any(why in sight.error for why in _NO_HOST)
            return msgspec.structs.replace(sight, reached=refused)
        if group is None or answer.made not in group.members:
            return looking.short_of(sight, 'it is not a member of its group')
        wrong = _misplaced(cloud, answer.made, group) if strict else ''
        if not wrong:
            return sight
        # Nova moves nobody for it.
        return msgspec.structs.replace(
            looking.short_of(sight, wrong), final=True
        )


def _policy(call: model.Call) -> str:
    # Histories of earlier versions have none.
    return str(call.args.get('policy', SOFT))


def _misplaced(cloud: ports.Cloud, server: str, group: _Group) -> str:
    """How a server breaks the policy of its group; empty if it does not."""
    placed = [
        one
        for one in servers.show_all(cloud)
        if one.id in group.members
        and one.status == servers.ACTIVE
        and one.resting
        and one.host_id
    ]
    hosts = [one.host_id for one in placed if one.id == server]
    for one in placed:
        if not hosts or one.id == server:
            continue
        together = one.host_id == hosts[0]
        if together == (group.policy == APART):
            on = 'on the host' if together else 'not on the host'
            return (
                f'it is {on} of server/{one.id}, and the policy of '
                f'server_group/{group.id}, which both are in, is '
                f'{group.policy}'
            )
    return ''


def _show(cloud: ports.Cloud, group: str) -> _Group | None:
    found = looking.read(
        cloud.service('nova'), _path(group), _GroupBody, MICROVERSION
    )
    return found.server_group if found else None


def _path(group: str) -> str:
    return f'os-server-groups/{group}'


ACTIONS: tuple[model.Action, ...] = (
    CreateServerGroup(),
    DeleteServerGroup(),
    CreateServerInGroup(),
)
