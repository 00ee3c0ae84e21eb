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
"""Event types of the history.

Rule: a new kind of fact is a new field or type here, never a dictionary
passed around. All times are CLOCK_MONOTONIC nanoseconds, which the processes
of one machine share. No event may hold a secret.
"""

import enum
from typing import Annotated

import msgspec

#: Version of the format; a reader refuses a newer one.
VERSION = 1


#: A time or a duration, ns. The bound keeps arithmetic on a damaged history
#: within what floats and dates can hold.
Ns = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Status = Annotated[int, msgspec.Meta(ge=0, le=999)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class FaultPhase(enum.StrEnum):
    """How far a fault has come; each phase is one event."""

    PLANNED = 'planned'
    INJECTED = 'injected'
    EVIDENCED = 'evidenced'
    HEALED = 'healed'
    HEAL_EVIDENCED = 'heal-evidenced'


class CensusPhase(enum.StrEnum):
    BEFORE = 'before'
    #: While something is broken; only what services say of each other.
    DURING = 'during'
    AFTER = 'after'


class Topic(enum.StrEnum):
    """What a note is about, where a checker relies on it."""

    #: A process began writing; ``about`` is its actor, ``text`` the run.
    STARTED = 'started'
    #: A process ended in good order. Its absence means that it died.
    ENDED = 'ended'
    #: A part was torn or unreadable; what followed is lost.
    TORN = 'torn'
    #: Every resource of a kind was listed; ``about`` is "after/server".
    CENSUS_COMPLETE = 'census-complete'
    #: Something could not be measured; the verdict is at best unknown.
    UNMEASURED = 'unmeasured'
    #: What a check of the steady state says, when that changes and once
    #: after each injection and each heal: ``about`` is the check, ``text``
    #: what is not steady; empty if all is.
    STEADY = 'steady'
    #: A process's clock against UTC, at its start and at its end: ``text``
    #: is the offset in ns.
    CLOCK = 'clock'
    #: So many answers of the service ``about`` were held against a schema.
    VALIDATED = 'validated'
    #: The clean-up could not delete something; ``about`` is the resource.
    LEFT_BEHIND = 'left-behind'
    #: The watch was ended in good order before the plan's duration was over;
    #: ``text`` says by what.
    STOPPED = 'stopped'
    #: What the operator does to the cloud from now on, until the next such
    #: note; an empty ``text`` says that nothing is being done any more.
    MARK = 'mark'
    #: For the reader only.
    REMARK = 'remark'


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a history.

    :param history: version of the format.
    :param run: identity of the run, a UUID.
    :param plan: the whole plan as it was run, see ``plan.model.Plan``.
    :param seed: seed of all choices.
    :param versions: package name to version.
    :param utc: start of the run, ISO 8601.
    :param t: CLOCK_MONOTONIC at ``utc``, ns.
    """

    history: int
    run: str
    plan: msgspec.Raw
    seed: int
    versions: dict[str, str]
    utc: str
    t: Ns


class Event(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field='type',
):
    """What all events share.

    :param n: number in the merged history, from 1; 0 before the merge.
    :param t: when, ns.
    :param actor: who wrote it: ``storm/user-3``, ``uptime/nova``.
    """

    n: Number = 0
    t: Ns
    actor: str


class Invoke(Event, frozen=True, tag='invoke'):
    """A call is about to be sent.

    :param op: identity of the operation, unique in the run.
    :param action: ``server.create``.
    :param service: ``nova``.
    :param resource: what it acts on, ``server/<id>``; empty for a create.
    :param args: what was asked for; a changing action names the attribute
        that it changes and the new value.
    :param choice: what the random source decided, for a replay.
    :param effect: what the action does with the resource: creates, consumes,
        changes or reads it; empty in histories of before 2026-11-21.
    :param partners: other resources that it takes, by role.
    :param writes: attributes of the resource that it writes, by the names
        under which ``seen`` of the rests shows them; null removes one.
    :param asynchronous: it takes effect after its acknowledgement, if at all.
    :param allowed: 4xx statuses that the contract of the API allows here,
        for others act on the same resources or the quota is not heeded.
    :param intended: when it was due, ns, where operations arrive at a rate;
        0 otherwise. What ``t`` is later is the lateness of the user.
    """

    op: str
    action: str
    service: str
    resource: str = ''
    args: dict[str, str | int | float | bool | None] = {}
    choice: dict[str, str | int | float | bool | None] = {}
    effect: str = ''
    partners: dict[str, str] = {}
    writes: dict[str, str | None] = {}
    asynchronous: bool = False
    allowed: tuple[Status, ...] = ()
    intended: Ns = 0


class Outcome(Event, frozen=True):
    """How a call ended.

    :param op: the operation.
    :param status: HTTP status, 0 if there was no answer.
    :param request_id: ``x-openstack-request-id`` of the answer.
    :param value: resource that was created, ``server/<id>``.
    :param error: one line, where there is one.
    :param retry_after: seconds that the cloud asks us to wait.
    """

    op: str
    status: Status = 0
    request_id: str = ''
    value: str = ''
    error: str = ''
    retry_after: float = 0.0


class Ok(Outcome, frozen=True, tag='ok'):
    """The cloud acknowledged it (2xx), or gave the answer that was tried for.

    That is a refusal where somebody tries to log in who may have lost the
    right to.
    """


class Fail(Outcome, frozen=True, tag='fail'):
    """It certainly did not happen (4xx)."""


class Info(Outcome, frozen=True, tag='info'):
    """Nobody knows whether it happened (timeout, reset, 5xx)."""


class Settled(Event, frozen=True, tag='settled'):
    """An acknowledged operation has come to rest, or its deadline passed.

    :param op: the operation.
    :param state: the last state seen: ``ACTIVE``, ``BUILD``, ``deleted``.
    :param reached: the state is the one that the operation wanted.
    :param after_ns: since the acknowledgement.
    :param least_ns: from the acknowledgement to the beginning of the last
        look that showed it not there yet; 0 if there was none. It came to
        rest between the two.
    :param error: why it could not be seen, one line.
    :param seen: values of attributes that were seen; null for one that was
        not there.
    """

    op: str
    state: str
    reached: bool
    after_ns: Ns
    least_ns: Ns = 0
    error: str = ''
    seen: dict[str, str | None] = {}


class Sample(Event, frozen=True, tag='sample'):
    """One uptime request; ``t`` is ``done``.

    :param intended: when it was due, ns.
    :param sent: when it was sent, ns.
    :param done: when the answer or the error was there, ns.
    :param status: HTTP status, 0 if there was no answer.
    :param error: class of the error, empty if the service was up.
    """

    service: str
    probe: str
    intended: Ns
    sent: Ns
    done: Ns
    status: Status = 0
    error: str = ''


class Missed(Event, frozen=True, tag='missed'):
    """A sample that could not be sent when it was due."""

    service: str
    probe: str
    intended: Ns
    why: str


class Fault(Event, frozen=True, tag='fault'):
    """Something was broken on purpose, or healed.

    :param fault: identity of the fault within the run: ``fault-1``.
    :param kind: ``service.restart``.
    :param target: ``rabbitmq``.
    :param evidence: what proves this phase, one line.
    """

    fault: str
    kind: str
    phase: FaultPhase
    target: str
    evidence: str = ''


class Census(Event, frozen=True, tag='census'):
    """A resource as one service sees it.

    :param resource: ``server/<id>``.
    :param owner: project id.
    :param refs: other names of it and resources that it refers to; ``name``
        is its name.
    """

    phase: CensusPhase
    service: str
    resource: str
    state: str
    owner: str = ''
    refs: dict[str, str] = {}


class Log(Event, frozen=True, tag='log'):
    """A line of a server's log that an operator should read."""

    host: str
    file: str
    line: str
    level: str
    request_id: str = ''


class Violation(Event, frozen=True, tag='violation'):
    """An acknowledgement that is not as the schema of its API has it.

    :param request: method and path, a star for each id: ``GET servers/*``.
    :param where: ``status``, or the place in header or body:
        ``body.server.id``.
    :param why: the rule that is broken, without the value that breaks it.
    :param version: microversion; empty for the oldest.
    """

    service: str
    request: str
    where: str
    why: str
    status: Status = 0
    version: str = ''
    request_id: str = ''


class Note(Event, frozen=True, tag='note'):
    """Anything that a reader should know."""

    what: Topic
    about: str = ''
    text: str = ''


AnyEvent = (
    Invoke
    | Ok
    | Fail
    | Info
    | Settled
    | Sample
    | Missed
    | Fault
    | Census
    | Log
    | Violation
    | Note
)
