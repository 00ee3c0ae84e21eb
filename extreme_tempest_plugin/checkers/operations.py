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
"""Operations: a call with its outcome and where it came to rest."""

import collections.abc
import dataclasses
import enum

from extreme_tempest_plugin.history import events


class Known(enum.StrEnum):
    """What is known of an operation's outcome."""

    OK = 'ok'
    FAIL = 'fail'
    INFO = 'info'
    #: It was sent and no outcome was recorded: as good as ``info``.
    PENDING = 'pending'


@dataclasses.dataclass(slots=True)
class Operation:
    """One call.

    :ivar outcome: None while nobody knows anything.
    :ivar settled: None if it was never seen at rest.
    """

    invoke: events.Invoke
    outcome: events.Ok | events.Fail | events.Info | None = None
    settled: events.Settled | None = None

    @property
    def known(self) -> Known:
        match self.outcome:
            case events.Ok():
                return Known.OK
            case events.Fail():
                return Known.FAIL
            case events.Info():
                return Known.INFO
        return Known.PENDING

    @property
    def acknowledged(self) -> bool:
        return isinstance(self.outcome, events.Ok)

    @property
    def uncertain(self) -> bool:
        """It may have happened, may happen yet, or never."""
        return not isinstance(self.outcome, events.Ok | events.Fail)

    @property
    def kind(self) -> str:
        """``server`` of ``server.create``."""
        return self.invoke.action.partition('.')[0]

    @property
    def verb(self) -> str:
        """``create`` of ``server.create``."""
        return self.invoke.action.partition('.')[2]

    @property
    def resource(self) -> str:
        """What it acted on or created, empty if nobody knows."""
        if self.invoke.resource:
            return self.invoke.resource
        if self.outcome is not None and self.outcome.value:
            return self.outcome.value
        name = self.invoke.args.get('name')
        # The name of a keypair is its identity.
        if self.kind == 'keypair' and isinstance(name, str):
            return f'keypair/{name}'
        return ''

    @property
    def end(self) -> int:
        """When its outcome was known, ns; its start if it never was."""
        return self.invoke.t if self.outcome is None else self.outcome.t

    @property
    def status(self) -> int:
        return 0 if self.outcome is None else self.outcome.status

    def evidence(self) -> tuple[int, ...]:
        """Numbers of its events."""
        parts = (self.invoke, self.outcome, self.settled)
        return tuple(part.n for part in parts if part is not None)

    def request_ids(self) -> tuple[str, ...]:
        if self.outcome is None or not self.outcome.request_id:
            return ()
        return (self.outcome.request_id,)


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

    def __iter__(self) -> collections.abc.Iterator[Operation]:
        return iter(self.by_op.values())

    def __len__(self) -> int:
        return len(self.by_op)

    def see(self, event: events.AnyEvent) -> None:
        match event:
            case events.Invoke():
                if event.op in self.by_op:
                    self.doubles.append(event.n)
                else:
                    self.by_op[event.op] = Operation(event)
            case events.Ok() | events.Fail() | events.Info():
                operation = self._of(event.op, event.n)
                if operation and operation.outcome is None:
                    operation.outcome = event
                elif operation:
                    self.doubles.append(event.n)
            case events.Settled():
                operation = self._of(event.op, event.n)
                if operation and operation.settled is None:
                    operation.settled = event
                elif operation:
                    self.doubles.append(event.n)

    def _of(self, op: str, number: int) -> Operation | None:
        operation = self.by_op.get(op)
        if operation is None:
            self.orphans.append(number)
        return operation
