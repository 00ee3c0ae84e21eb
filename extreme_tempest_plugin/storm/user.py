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
"""One virtual user: chooses, calls, and settles what was acknowledged.

No locust, no sleeping: whoever drives it calls ``step`` between think times
and, at the end, ``settle`` until nothing is pending.
"""

import collections.abc
import dataclasses
import random
import typing

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import settling


class Ledger(typing.Protocol):
    """What a user writes down, see ``cloud.ledger.Ledger``."""

    def owe(self, kind: str, name: str) -> None: ...

    def made(self, kind: str, name: str, id_: str) -> None: ...

    def gone(self, kind: str, name: str) -> None: ...


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A call that has ended, for statistics.

    :param elapsed: from sending to answer, ns.
    :param error: empty if it was acknowledged.
    """

    action: str
    service: str
    elapsed: int
    error: str


#: Told of each call that has ended.
Told = collections.abc.Callable[[Ended], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a user works with.

    :param record: takes each event, ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    :param ended: told of each call that has ended.
    """

    cloud: ports.Cloud
    ledger: Ledger
    record: collections.abc.Callable[[events.Event], None]
    clock: collections.abc.Callable[[], int]
    ended: Told = lambda ended: None


class User:
    """A virtual user.

    :param index: over all workers; names its operations.
    :param prefix: of the names of its resources, unique to the run.
    :param rng: its own random source.
    :param settle_timeout: ns that an acknowledged call may take to come to
        rest.
    """

    def __init__(
        self,
        *,
        index: int,
        actor: str,
        prefix: str,
        actions: tuple[choosing.Weighted, ...],
        limits: collections.abc.Mapping[str, int],
        rng: random.Random,
        settle_timeout: int,
        surroundings: Surroundings,
    ) -> None:
        self.state = model.State(limits=limits)
        self._index = index
        self._actor = actor
        self._prefix = prefix
        self._actions = actions
        self._rng = rng
        self._around = surroundings
        self._sequence = 0
        self._settling = settling.Settling(
            surroundings.cloud, surroundings.clock, settle_timeout
        )

    @property
    def pending(self) -> int:
        """Calls that are looked at until they have come to rest."""
        return len(self._settling)

    def step(self) -> bool:
        """Look at what is pending, then do one thing.

        :returns: False if there was nothing that it may do.
        :raises HarnessError: if our own side broke.
        """
        self.settle()
        choice = choosing.choose(self.state, self._actions, self._rng)
        if choice is None:
            return False
        self._fire(self._call(choice))
        return True

    def settle(self) -> int:
        """Look at each pending call whose time has come.

        :returns: how many are still pending.
        """
        for rest in self._settling.rests():
            self._settled(rest)
        self._settling.watch_strays()
        return self.pending

    def _call(self, choice: choosing.Choice) -> model.Call:
        self._sequence += 1
        op = f'{self._index}-{self._sequence}'
        return model.Call(
            op=op,
            action=choice.action,
            resource=choice.resource,
            args=choice.action.arguments(self._rng, f'{self._prefix}-{op}'),
            choice=choice.record,
        )

    def _fire(self, call: model.Call) -> None:
        action = call.action
        if action.effect is model.Effect.CREATES:
            # Before the call: if we die now, the clean-up still knows.
            self._around.ledger.owe(action.kind, str(call.args['name']))
        self._record_invoke(call)
        self.state = self.state.invoked(call)
        began = self._around.clock()
        try:
            answer = action.invoke(self._around.cloud, call)
        except ports.CallError as error:
            self._refused(call, error.refusal, began)
        except BaseException as error:
            # Killed in mid-call, or our own fault: nobody knows what the
            # cloud did.
            broken = ports.Refusal(
                kind=ports.Kind.INFO,
                error=f'interrupted: {type(error).__name__}',
            )
            self._refused(call, broken, began)
            raise
        else:
            self._acknowledged(call, answer, began)

    def _record_invoke(self, call: model.Call) -> None:
        self._around.record(
            events.Invoke(
                t=self._around.clock(),
                actor=self._actor,
                op=call.op,
                action=call.action.name,
                service=call.action.service,
                resource=call.resource.ref if call.resource else '',
                args=call.args,
                choice=call.choice,
            )
        )

    def _acknowledged(
        self, call: model.Call, answer: ports.Answer, began: int
    ) -> None:
        now = self._around.clock()
        value = ''
        if call.resource is None:
            if not answer.value:
                raise errors.HarnessError(
                    f'{call.action.name} gives no id of what it created'
                )
            value = f'{call.action.kind}/{answer.value}'
            self._around.ledger.made(
                call.action.kind, str(call.args['name']), answer.value
            )
        self._around.record(
            events.Ok(
                t=now,
                actor=self._actor,
                op=call.op,
                status=answer.status,
                request_id=answer.request_id,
                value=value,
            )
        )
        self.state = self.state.ended(
            call, model.Outcome.OK, value=answer.value
        )
        self._settling.add(call, answer, now)
        self._tell(call, now - began, '')

    def _refused(
        self, call: model.Call, refusal: ports.Refusal, began: int
    ) -> None:
        now = self._around.clock()
        certain = refusal.kind is ports.Kind.FAIL
        event = events.Fail if certain else events.Info
        self._around.record(
            event(
                t=now,
                actor=self._actor,
                op=call.op,
                status=refusal.status,
                request_id=refusal.request_id,
                error=refusal.error,
            )
        )
        outcome = model.Outcome.FAIL if certain else model.Outcome.INFO
        self.state = self.state.ended(call, outcome, refusal.status)
        if not certain:
            self._settling.add_stray(call)
        self._tell(call, now - began, refusal.error or refusal.kind.value)

    def _tell(self, call: model.Call, elapsed: int, error: str) -> None:
        self._around.ended(
            Ended(
                action=call.action.name,
                service=call.action.service,
                elapsed=elapsed,
                error=error,
            )
        )

    def _settled(self, rest: settling.Rest) -> None:
        call, sight = rest.call, rest.sight
        self._around.record(
            events.Settled(
                t=rest.at,
                actor=self._actor,
                op=call.op,
                state=sight.state,
                reached=sight.reached,
                after_ns=rest.after,
                error='' if sight.reached else outcomes.line(sight.error),
            )
        )
        before = self.state.resources[
            call.resource.key if call.resource else call.op
        ]
        self.state = self.state.settled(call, sight)
        if before.key not in self.state.resources:
            self._around.ledger.gone(before.kind, before.name)
