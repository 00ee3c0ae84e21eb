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
import random

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import settling
from extreme_tempest_plugin.storm import state as storm_state
from extreme_tempest_plugin.storm import surroundings as around

#: Seconds that a user keeps away at most when the cloud asks for it.
LONGEST_WAIT = 60.0


class User:
    """A virtual user.

    :param name: its index over all workers; names its operations.
    :param prefix: of the names of its resources, unique to the run.
    :param rng: its own random source.
    :param shared: resources that all users act on.
    :param over_quota: the quota is not heeded.
    :param deadline: of an acknowledged call to come to rest.
    """

    def __init__(
        self,
        *,
        name: str,
        actor: str,
        prefix: str,
        actions: tuple[choosing.Weighted, ...],
        limits: collections.abc.Mapping[str, int],
        shared: collections.abc.Iterable[model.Resource] = (),
        over_quota: bool = False,
        rng: random.Random,
        deadline: settling.Deadline,
        surroundings: around.Surroundings,
    ) -> None:
        self.state = storm_state.State(
            limits=limits,
            resources={resource.key: resource for resource in shared},
            over_quota=over_quota,
        )
        self._name = name
        self._actor = actor
        self._prefix = prefix
        self._chooser = choosing.Chooser(actions)
        self._rng = rng
        self._around = surroundings
        self._sequence = 0
        self._not_before = 0
        self._settling = settling.Settling(
            self._view, surroundings.clock, deadline
        )

    def choose_among(self, actions: tuple[choosing.Weighted, ...]) -> None:
        """Do these from now on, and nothing else."""
        self._chooser = choosing.Chooser(actions)

    @property
    def pending(self) -> int:
        """Calls that are looked at until they have come to rest."""
        return len(self._settling)

    def step(self, intended: int = 0) -> bool:
        """Look at what is pending, then do one thing.

        :param intended: when it was due, ns; 0 if it was not.
        :returns: False if there was nothing that it may do.
        :raises HarnessError: if our own side broke.
        """
        if self._settling:
            self.settle()
        if self._not_before and self._around.clock() < self._not_before:
            return False
        call = self._next()
        if call is None:
            return False
        self._fire(call, intended)
        return True

    def settle(self) -> int:
        """Look at each pending call whose time has come.

        :returns: how many are still pending.
        """
        self._look_after()
        self._settling.watch_strays()
        return self.pending

    def _look_after(self) -> None:
        for rest in self._settling.rests():
            self._settled(rest)

    def _next(self) -> model.Call | None:
        """The next call, None if there is nothing that it may do."""
        choice = self._chooser.choose(self.state, self._rng)
        if choice is None:
            return None
        self._sequence += 1
        op = f'{self._name}-{self._sequence}'
        return model.Call(
            op=op,
            action=choice.action,
            resource=choice.chosen.resource,
            partners=choice.chosen.partners,
            args=choice.action.arguments(
                self._rng, f'{self._prefix}-{op}', choice.chosen
            ),
            choice=choice.record,
            allowed=self.state.allowed(choice.action, choice.chosen),
        )

    def _view(self, action: model.Action) -> ports.Cloud:
        """The cloud as looks of an action see it."""
        if action.admin and self._around.admin is not None:
            return self._around.admin
        return self._around.looks

    def _fire(self, call: model.Call, intended: int) -> None:
        action = call.action
        if action.effect is model.Effect.CREATES:
            # Before the call: if we die now, the clean-up still knows.
            self._around.ledger.owe(action.kind, str(call.args['name']))
        self._record_invoke(call, intended)
        self.state = self.state.invoked(call)
        began = self._around.clock()
        try:
            answer = action.invoke(self._cloud(action), call)
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

    def _cloud(self, action: model.Action) -> ports.Cloud:
        if action.admin and self._around.admin is not None:
            return self._around.admin
        return self._around.cloud

    def _record_invoke(self, call: model.Call, intended: int) -> None:
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
                effect=call.action.effect.value,
                partners={
                    role: one.ref for role, one in call.partners.items()
                },
                writes={
                    name: None if value is None else str(value)
                    for name, value in call.action.attributes(call).items()
                },
                asynchronous=call.action.asynchronous,
                allowed=tuple(sorted(call.allowed)),
                intended=intended,
            )
        )

    def _acknowledged(
        self, call: model.Call, answer: ports.Answer, began: int
    ) -> None:
        now = self._around.clock()
        value = ''
        if call.action.effect is model.Effect.CREATES:
            if not answer.made:
                raise errors.HarnessError(
                    f'{call.action.name} gives no id of what it created'
                )
            value = f'{call.action.kind}/{answer.made}'
            self._around.ledger.made(
                call.action.kind, str(call.args['name']), answer.made
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
        self.state = self.state.ended(call, model.Outcome.OK, made=answer.made)
        self._settling.add(call, answer, now)
        if call.action.effect is model.Effect.READS:
            # Its answer is what is verified, so it need not wait its turn.
            self._look_after()
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
                retry_after=refusal.retry_after,
            )
        )
        # The cloud's right (RFC 9110, 10.2.3); but not for ever.
        wait = min(refusal.retry_after, LONGEST_WAIT)
        self._not_before = now + int(wait * 1e9)
        outcome = model.Outcome.FAIL if certain else model.Outcome.INFO
        self.state = self.state.ended(call, outcome, refusal.status)
        if not certain:
            self._settling.add_stray(call)
        self._tell(call, now - began, refusal.error or refusal.kind.value)

    def _tell(self, call: model.Call, elapsed: int, error: str) -> None:
        self._around.ended(
            around.Ended(
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
                least_ns=rest.least,
                error='' if sight.reached else outcomes.line(sight.error),
                seen=dict(sight.seen),
            )
        )
        if call.action.effect is model.Effect.READS:
            return
        before = self.state.resources[
            call.resource.key if call.resource else call.op
        ]
        self.state = self.state.settled(call, sight)
        if before.key not in self.state.resources:
            self._around.ledger.gone(before.kind, before.name)
