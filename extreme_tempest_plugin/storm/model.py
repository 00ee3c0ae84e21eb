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
"""What a virtual user may do, and what it knows of its own resources.

Rule 1: everything that decides what a user may act on lives here.
Rule 2: this file is pure: no network, no clock, no random source but the one
that is passed in. Outcomes come in as values, and a new state goes out.

A resource that nobody knows the state of (its operation ended with ``info``,
or never came to rest) is never acted on again, but still counts against the
limits: it may exist. The ledger has it for the clean-up.
"""

import abc
import collections.abc
import dataclasses
import enum
import random
import typing

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import quota

#: State of a resource that nobody knows, or that is on its way.
UNKNOWN = 'unknown'

#: Keypairs that one user may have; it has no option, for they cost nothing.
KEYPAIRS = 4

Arguments = dict[str, str | int | float | bool | None]


class Effect(enum.Enum):
    """What an action does with resources."""

    CREATES = 'creates'
    CONSUMES = 'consumes'
    CHANGES = 'changes'


class Outcome(enum.Enum):
    OK = 'ok'
    FAIL = 'fail'
    INFO = 'info'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that the user created.

    :param key: the operation that created it, which names it in a replay.
    :param id: id in its service; empty until it is known.
    :param name: under which it was created, as the ledger has it.
    :param state: as its service last showed it at rest, or UNKNOWN.
    :param busy: the operation that is in flight or not settled; empty if
        none is.
    """

    key: str
    kind: str
    id: str = ''
    name: str
    state: str = UNKNOWN
    busy: str = ''

    @property
    def ref(self) -> str:
        """As the history names it."""
        return f'{self.kind}/{self.id}'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operation.

    :param resource: what it acts on; None for one that creates.
    :param choice: what the random source decided.
    """

    op: str
    action: 'Action'
    resource: Resource | None
    args: Arguments
    choice: Arguments


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one look at a resource showed.

    :param state: as the service shows it.
    :param reached: it is what the operation wants.
    :param final: it will not change any more without another operation.
    :param error: what the service says about it, one line.
    """

    state: str
    reached: bool = False
    final: bool = False
    error: str = ''


class Action(abc.ABC):
    """Something a virtual user may do; one small class each.

    :cvar name: in a plan: ``server.create``.
    :cvar service: that is called: ``nova``.
    :cvar kind: of the resource: ``server``.
    :cvar states: the state filter: it acts on resources in these; empty for
        one that creates.
    """

    name: typing.ClassVar[str]
    service: typing.ClassVar[str]
    kind: typing.ClassVar[str]
    effect: typing.ClassVar[Effect]
    states: typing.ClassVar[frozenset[str]] = frozenset()

    def candidates(self, state: 'State') -> tuple[Resource, ...]:
        """The resources that it may act on now."""
        return state.usable(self.kind, self.states)

    def permitted(self, state: 'State') -> bool:
        """Whether its precondition holds."""
        if self.effect is Effect.CREATES:
            return state.room(self.kind) > 0
        return bool(self.candidates(state))

    def arguments(self, rng: random.Random, fresh: str) -> Arguments:
        """What to ask for.

        :param rng: the user's own.
        :param fresh: a name that nobody has used.
        """
        return {}

    @abc.abstractmethod
    def invoke(self, cloud: ports.Cloud, call: Call) -> ports.Answer:
        """Send the call.

        :raises CallError: if it is not acknowledged.
        """

    @abc.abstractmethod
    def look(
        self, cloud: ports.Cloud, call: Call, answer: ports.Answer
    ) -> Sight:
        """See what became of an acknowledged call.

        :raises CallError: if nothing can be seen; that is not a state.
        """

    def at_rest(self, cloud: ports.Cloud, call: Call) -> bool:
        """Whether what may have come of a call is done, its answer lost.

        :raises CallError: if nothing can be seen.
        """
        return True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one user knows.

    :param limits: kind of resource to the number that it may have.
    :param resources: by key, in the order of their creation.
    """

    limits: collections.abc.Mapping[str, int]
    resources: collections.abc.Mapping[str, Resource] = dataclasses.field(
        default_factory=dict
    )

    def room(self, kind: str) -> int:
        """How many more resources of ``kind`` it may create."""
        held = sum(
            resource.kind == kind for resource in self.resources.values()
        )
        return self.limits.get(kind, 0) - held

    def usable(
        self, kind: str, states: frozenset[str]
    ) -> tuple[Resource, ...]:
        """Resources at rest in one of ``states``."""
        return tuple(
            resource
            for resource in self.resources.values()
            if resource.kind == kind
            and not resource.busy
            and resource.id
            and resource.state in states
        )

    def invoked(self, call: Call) -> 'State':
        """The state once a call is about to be sent."""
        if call.resource is None:
            return self._put(
                Resource(
                    key=call.op,
                    kind=call.action.kind,
                    name=str(call.args.get('name', '')),
                    busy=call.op,
                )
            )
        return self._put(dataclasses.replace(call.resource, busy=call.op))

    def ended(
        self, call: Call, outcome: Outcome, status: int = 0, value: str = ''
    ) -> 'State':
        """The state once a call has ended.

        After ``ok`` the resource stays busy until the call has settled.

        :param value: id of what was created.
        """
        resource = self._of(call)
        if outcome is Outcome.OK:
            return self._put(
                dataclasses.replace(resource, id=value or resource.id)
            )
        if outcome is Outcome.INFO:
            return self._put(
                dataclasses.replace(resource, state=UNKNOWN, busy='')
            )
        if call.resource is None:
            return self._drop(resource)
        # What is not found is not there as it should be: leave it alone.
        state = UNKNOWN if status == 404 else resource.state
        return self._put(dataclasses.replace(resource, state=state, busy=''))

    def settled(self, call: Call, sight: Sight) -> 'State':
        """The state once a call has come to rest, or never will."""
        resource = self._of(call)
        if sight.reached and call.action.effect is Effect.CONSUMES:
            return self._drop(resource)
        known = sight.reached or sight.final
        return self._put(
            dataclasses.replace(
                resource,
                state=sight.state if known else UNKNOWN,
                busy='',
            )
        )

    def _of(self, call: Call) -> Resource:
        key = call.resource.key if call.resource else call.op
        return self.resources[key]

    def _put(self, resource: Resource) -> 'State':
        return dataclasses.replace(
            self, resources={**self.resources, resource.key: resource}
        )

    def _drop(self, resource: Resource) -> 'State':
        return dataclasses.replace(
            self,
            resources={
                key: other
                for key, other in self.resources.items()
                if key != resource.key
            },
        )


def limits(
    users: int, max_instances: int, room: quota.Room = quota.UNLIMITED
) -> dict[str, int]:
    """The equal share of one user.

    :param room: what the quota of the project leaves.
    :raises UsageError: if there are more users than servers to share.
    """
    if max_instances < users:
        raise errors.UsageError(
            f'storm: {users} users cannot share {max_instances} servers: '
            'give max_instances at least the number of users'
        )
    servers, keypairs = max_instances, KEYPAIRS * users
    if room.servers is not None:
        servers = min(servers, room.servers)
    if room.keypairs is not None:
        keypairs = min(keypairs, room.keypairs)
    if servers < users:
        raise errors.UsageError(
            f'storm: the quota of the project leaves room for {servers} '
            f'servers, fewer than the {users} users: raise it or take fewer '
            'users'
        )
    return {'server': servers // users, 'keypair': keypairs // users}
