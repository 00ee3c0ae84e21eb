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
"""The operations of a history: invocation, outcome and rest put together.

A history of a million events has a third of a million operations, all of
which are held until the end. So an operation keeps only what checkers use,
and texts that come again are held once.
"""

import collections.abc
import dataclasses
import enum

from extreme_tempest_plugin.history import events

Arguments = collections.abc.Mapping[str, str | int | float | bool | None]

_NOTHING: dict[str, str] = {}


class Known(enum.StrEnum):
    """What is known of an operation's outcome."""

    OK = 'ok'
    FAIL = 'fail'
    INFO = 'info'
    #: It was sent and no outcome was recorded: as good as ``info``.
    PENDING = 'pending'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How an acknowledged operation came to rest, see ``events.Settled``."""

    n: int
    t: int
    state: str
    reached: bool
    after_ns: int
    least_ns: int
    error: str
    seen: collections.abc.Mapping[str, str | None]


@dataclasses.dataclass(slots=True, kw_only=True)
class Operation:
    """One call.

    :ivar n: number of its invocation.
    :ivar actor: who invoked it.
    :ivar began: when it was invoked, ns.
    :ivar intended: when it was due, ns; 0 where nothing was.
    :ivar writes: values of attributes that it writes; None removes one.
    :ivar asynchronous: it writes them after its acknowledgement, if at all.
    :ivar target: resource that it acted on, empty for a create.
    :ivar end: when its outcome was known, ns; its start if it never was.
    :ivar answer: number of its outcome, 0 if there is none.
    :ivar made: resource that it created.
    :ivar retry_after: seconds that the cloud asked us to wait.
    :ivar rest: None if it was never seen at rest.
    """

    n: int
    op: str
    actor: str
    began: int
    intended: int
    action: str
    service: str
    target: str
    args: Arguments
    effect: str
    partners: collections.abc.Mapping[str, str]
    writes: Arguments
    asynchronous: bool = False
    allowed: tuple[int, ...]
    known: Known = Known.PENDING
    end: int
    answer: int = 0
    status: int = 0
    request_id: str = ''
    made: str = ''
    error: str = ''
    retry_after: float = 0.0
    rest: Rest | None = None

    @property
    def acknowledged(self) -> bool:
        return self.known is Known.OK

    @property
    def uncertain(self) -> bool:
        """It may have happened, may happen yet, or never."""
        return self.known in (Known.INFO, Known.PENDING)

    @property
    def kind(self) -> str:
        """``server`` of ``server.create``."""
        return self.action.partition('.')[0]

    @property
    def creates(self) -> bool:
        return self._does('creates', 'create')

    @property
    def consumes(self) -> bool:
        return self._does('consumes', 'delete')

    @property
    def resource(self) -> str:
        """What it acted on or created, empty if nobody knows."""
        if self.target or self.made:
            return self.target or self.made
        # The name of a keypair is its identity.
        if self.kind == 'keypair' and isinstance(self.name, str):
            return f'keypair/{self.name}'
        return ''

    @property
    def name(self) -> str | int | float | bool | None:
        """The name that was asked for."""
        return self.args.get('name')

    def evidence(self) -> tuple[int, ...]:
        """Numbers of its events."""
        rest = self.rest.n if self.rest else 0
        return tuple(n for n in (self.n, self.answer, rest) if n)

    def request_ids(self) -> tuple[str, ...]:
        return (self.request_id,) if self.request_id else ()

    def _does(self, effect: str, verb: str) -> bool:
        # Histories of before 2026-11-21 do not name the effect.
        if self.effect:
            return self.effect == effect
        return self.action.partition('.')[2] == verb


class Operations:
    """Collects the operations of a history.

    :ivar by_op: operations in order of their invocation.
    :ivar orphans: numbers of outcomes and rests without an invocation.
    :ivar doubles: numbers of second invocations, outcomes and rests.
    """

    wants: tuple[type[events.Event], ...] = (
        events.Invoke,
        events.Ok,
        events.Fail,
        events.Info,
        events.Settled,
    )

    def __init__(self) -> None:
        self.by_op: dict[str, Operation] = {}
        self.orphans: list[int] = []
        self.doubles: list[int] = []
        self._texts: dict[str, str] = {}

    def __iter__(self) -> collections.abc.Iterator[Operation]:
        return iter(self.by_op.values())

    def __len__(self) -> int:
        return len(self.by_op)

    def see(self, event: events.AnyEvent) -> None:
        match event:
            case events.Invoke():
                self._invoked(event)
            case events.Ok():
                self._ended(event, Known.OK)
            case events.Fail():
                self._ended(event, Known.FAIL)
            case events.Info():
                self._ended(event, Known.INFO)
            case events.Settled():
                self._settled(event)

    def _invoked(self, event: events.Invoke) -> None:
        if event.op in self.by_op:
            self.doubles.append(event.n)
            return
        once = self._once
        args: Arguments = _NOTHING
        if event.args:
            args = {once(key): value for key, value in event.args.items()}
        self.by_op[event.op] = Operation(
            n=event.n,
            op=event.op,
            actor=once(event.actor),
            began=event.t,
            intended=event.intended,
            action=once(event.action),
            service=once(event.service),
            target=once(event.resource),
            args=args,
            effect=once(event.effect),
            partners={
                once(role): once(resource)
                for role, resource in event.partners.items()
            }
            if event.partners
            else _NOTHING,
            # An argument is an attribute of the same name.
            writes={**args, **event.writes} if event.writes else args,
            asynchronous=event.asynchronous,
            allowed=event.allowed,
            end=event.t,
        )

    def _ended(self, event: events.Outcome, known: Known) -> None:
        operation = self._of(event)
        if operation is None:
            return
        if operation.known is not Known.PENDING:
            self.doubles.append(event.n)
            return
        operation.known = known
        operation.end = event.t
        operation.answer = event.n
        operation.status = event.status
        operation.request_id = event.request_id
        operation.made = self._once(event.value)
        operation.error = event.error
        operation.retry_after = event.retry_after

    def _settled(self, event: events.Settled) -> None:
        operation = self._of(event)
        if operation is None:
            return
        if operation.rest is not None:
            self.doubles.append(event.n)
            return
        operation.rest = Rest(
            n=event.n,
            t=event.t,
            state=self._once(event.state),
            reached=event.reached,
            after_ns=event.after_ns,
            least_ns=event.least_ns,
            error=event.error,
            seen={self._once(key): value for key, value in event.seen.items()}
            if event.seen
            else _NOTHING,
        )

    def _of(self, event: events.Outcome | events.Settled) -> Operation | None:
        operation = self.by_op.get(event.op)
        if operation is None:
            self.orphans.append(event.n)
        return operation

    def _once(self, text: str) -> str:
        return self._texts.setdefault(text, text)
