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
"""What an action is, and what it acts on.

Pure: no network, no clock, no random source but the one that is passed in.
What an action may do now is decided in ``storm.state``.
"""

import abc
import collections.abc
import dataclasses
import enum
import random
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports

#: State of a resource that nobody knows, or that is on its way.
UNKNOWN = 'unknown'

Arguments = dict[str, str | int | float | bool | None]


class Effect(enum.StrEnum):
    """What an action does with its resource."""

    CREATES = 'creates'
    CONSUMES = 'consumes'
    CHANGES = 'changes'
    READS = 'reads'


class Outcome(enum.Enum):
    OK = 'ok'
    FAIL = 'fail'
    INFO = 'info'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that the run created.

    :param key: the operation that created it, which names it in a replay.
    :param id: id in its service; empty until it is known.
    :param name: under which it was created, as the ledger has it.
    :param state: as its service last showed it at rest, or UNKNOWN.
    :param busy: the operation that is in flight or not settled; empty if
        none is. A shared resource is never busy.
    :param links: keys of the resources that it holds on to: the server of an
        attached volume. They are not consumed meanwhile.
    :param attributes: what was asked of it and reached.
    :param possible: of a shared resource: the states that it may be in at
        rest; empty for one's own.
    """

    key: str
    kind: str
    id: str = ''
    name: str
    state: str = UNKNOWN
    busy: str = ''
    links: frozenset[str] = frozenset()
    attributes: collections.abc.Mapping[
        str, str | int | float | bool | None
    ] = dataclasses.field(default_factory=dict)
    possible: frozenset[str] = frozenset()

    @property
    def ref(self) -> str:
        """As the history names it."""
        return f'{self.kind}/{self.id}'

    @property
    def shared(self) -> bool:
        """Whether others act on it, too."""
        return bool(self.possible)

    def may_be(self, states: frozenset[str]) -> bool:
        """Whether it may be in one of ``states``."""
        if self.shared:
            return bool(self.possible & states)
        return self.state in states


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A second resource that an action takes: the server of an attachment.

    :param states: that it must be in.
    :param linked: it must be one that the resource holds on to (a detach),
        or one that it does not; None for any.
    """

    kind: str
    states: frozenset[str]
    linked: bool | None = False


class Around(typing.Protocol):
    """What a user knows of the resources around one."""

    def holders(self, key: str) -> collections.abc.Sequence[Resource]:
        """The resources that hold on to this one."""
        ...

    def held(self, resource: Resource) -> collections.abc.Sequence[Resource]:
        """The resources that this one holds on to."""
        ...


class Links(enum.Enum):
    """What an action does to the links from its resource to its partners."""

    KEEPS = 'keeps'
    ADDS = 'adds'
    REMOVES = 'removes'


Partners = collections.abc.Mapping[str, Resource]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One operation.

    :param resource: what it acts on; None for one that creates.
    :param partners: the other resources that it takes, by role.
    :param choice: what the random source decided.
    :param allowed: 4xx statuses that the API's contract allows here, because
        others act on the same resources or the quota is not heeded.
    """

    op: str
    action: 'Action'
    resource: Resource | None
    partners: Partners = msgspec.field(default_factory=dict)
    args: Arguments
    choice: Arguments
    allowed: frozenset[int] = frozenset()

    @property
    def id(self) -> str:
        """Id of the resource that it acts on."""
        assert self.resource is not None
        return self.resource.id

    @property
    def shared(self) -> bool:
        """Whether others act on its resource, too."""
        return self.resource is not None and self.resource.shared


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at a resource showed.

    :param state: as the service shows it.
    :param reached: it is what the operation wants.
    :param final: it will not change any more without another operation.
    :param resting: the service has nothing in hand with it.
    :param error: what the service says about it, one line.
    :param seen: values of attributes that were seen; None for one that is
        not there.
    """

    state: str
    reached: bool = False
    final: bool = False
    resting: bool = True
    error: str = ''
    seen: collections.abc.Mapping[str, str | None] = msgspec.field(
        default_factory=dict
    )


class Action(abc.ABC):
    """Something a virtual user may do; one small class each.

    :cvar name: in a plan: ``server.create``; begins with ``kind``.
    :cvar service: that is called: ``nova``; empty if it is not one.
    :cvar kind: of the resource: ``server``, see ``cloud.kinds``.
    :cvar states: the state filter: it acts on resources in these; empty for
        one that creates, and for one that reads and needs no resource.
    :cvar partners: the other resources that it takes, by role.
    :cvar links: what becomes of the links from the resource to the partners.
        What is created holds on to them; with REMOVES only until it is there.
    :cvar leads_to: states at rest that it leads to; empty if it leaves the
        resource as it was. Of use for shared resources.
    :cvar asynchronous: what it writes is there some time after the
        acknowledgement, when a look sees it, or never. Of use for attributes
        of shared resources.
    :cvar conflicts: 4xx statuses that the API gives when the resource is not
        in one of ``states``, or is there already.
    :cvar eventual: 4xx statuses that the API gives on one's own resource,
        too, because the service is eventually consistent.
    :cvar requires: what the cloud must offer, see ``storm.offer``.
    :cvar admin: it is called as administrator.
    :cvar longest: seconds that a call may take, where it is not one request.
    """

    name: typing.ClassVar[str]
    service: typing.ClassVar[str]
    kind: typing.ClassVar[str]
    effect: typing.ClassVar[Effect]
    states: typing.ClassVar[frozenset[str]] = frozenset()
    partners: typing.ClassVar[collections.abc.Mapping[str, Need]] = {}
    links: typing.ClassVar[Links] = Links.KEEPS
    leads_to: typing.ClassVar[frozenset[str]] = frozenset()
    asynchronous: typing.ClassVar[bool] = False
    conflicts: typing.ClassVar[frozenset[int]] = frozenset({409})
    eventual: typing.ClassVar[frozenset[int]] = frozenset()
    requires: typing.ClassVar[frozenset[str]] = frozenset()
    admin: typing.ClassVar[bool] = False
    longest: typing.ClassVar[float] = 0.0

    def suits(
        self, resource: Resource, holders: collections.abc.Sequence[Resource]
    ) -> bool:
        """Whether it may act on a resource of the right kind and state.

        :param holders: resources that hold on to it, see ``Resource.links``.
        """
        return True

    def fits(
        self,
        role: str,
        partner: Resource,
        resource: Resource | None,
        around: Around,
    ) -> bool:
        """Whether a partner of the right kind and state may be taken.

        :param resource: what the action acts on; None if it creates.
        """
        return True

    def arguments(
        self, rng: random.Random, fresh: str, chosen: 'Chosen'
    ) -> Arguments:
        """What to ask for; an action that creates gives at least ``name``.

        :param rng: the user's own.
        :param fresh: a name that nobody has used.
        """
        return {'name': fresh} if self.effect is Effect.CREATES else {}

    @abc.abstractmethod
    def invoke(self, cloud: ports.Cloud, call: Call) -> ports.Answer:
        """Send the call.

        :returns: for an action that creates: with ``made``.
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

    def attributes(self, call: Call) -> Arguments:
        """What the resource has once the call has reached what it wants."""
        return {}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What an action acts on.

    :param resource: None for an action that creates, or needs none.
    """

    resource: Resource | None
    partners: Partners
