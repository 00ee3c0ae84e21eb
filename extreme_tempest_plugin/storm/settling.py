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
"""From an acknowledgement to rest: looking until a deadline.

A failing look is not a state. Nothing is called stuck that was not looked at
after its deadline: a user that was held up in a slow call looks once more
before it judges, and where that look shows nothing, others follow for GRACE.
"""

import collections.abc
import dataclasses

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model

#: Two looks at one resource are at least so far apart, ns.
LOOK_INTERVAL = 1_000_000_000

#: The same for what may have come of a call that nobody knows the end of.
STRAY_INTERVAL = 5_000_000_000

#: For so long after the deadline failing looks are repeated, ns.
GRACE = 30_000_000_000

#: How the error of a rest begins whose last look showed nothing. Checkers
#: rely on it: the state is then an older one.
LAST_LOOK = 'last look: '

#: Seconds by the kind of a resource and the state that it is in; the longest
#: of the kind for an empty one. See ``plan.model.Storm.deadline``.
Deadline = collections.abc.Callable[[str, str], float]

#: What is seen of a resource that could not be looked at once.
NOTHING = model.Sight(state='unseen')


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """A call has come to rest, or its time is up.

    :param after: since the acknowledgement, ns.
    :param least: from the acknowledgement to the beginning of the last look
        that showed it not there yet, ns.
    """

    call: model.Call
    sight: model.Sight
    at: int
    after: int
    least: int


class _Pending(msgspec.Struct, kw_only=True):
    """An acknowledged call that has not come to rest.

    :param acknowledged: when, ns.
    :param due: when it may be looked at again, ns.
    :param late: a look began after the deadline and showed nothing.
    :param not_yet: when the last look began that showed it not there yet,
        ns.
    :param seen: what the last look that showed something showed.
    :param trouble: why the last look showed nothing; empty if it did.
    """

    call: model.Call
    answer: ports.Answer
    acknowledged: int
    due: int
    late: bool = False
    not_yet: int
    seen: model.Sight = NOTHING
    trouble: str = ''


@dataclasses.dataclass(slots=True, kw_only=True)
class _Stray:
    """A call that nobody knows the end of, and what may have come of it.

    :param until: when it is given up, ns.
    :param due: when it may be looked at again, ns.
    """

    call: model.Call
    until: int
    due: int


class Settling:
    """The pending calls of one user.

    :param view: the cloud as looks of an action see it.
    :param clock: CLOCK_MONOTONIC, ns.
    :param deadline: of an acknowledged call.
    """

    def __init__(
        self,
        view: collections.abc.Callable[[model.Action], ports.Cloud],
        clock: collections.abc.Callable[[], int],
        deadline: Deadline,
    ) -> None:
        self._view = view
        self._clock = clock
        self._deadline = deadline
        self._pending: dict[str, _Pending] = {}
        self._strays: dict[str, _Stray] = {}

    def __len__(self) -> int:
        return len(self._pending) + len(self._strays)

    def add(
        self, call: model.Call, answer: ports.Answer, acknowledged: int
    ) -> None:
        """Look after an acknowledged call from now on."""
        self._pending[call.op] = _Pending(
            call=call,
            answer=answer,
            acknowledged=acknowledged,
            due=acknowledged,
            not_yet=acknowledged,
        )

    def add_stray(self, call: model.Call) -> None:
        """Wait for what may come of a call that nobody knows the end of.

        Nothing is recorded of it: it only holds up the end, so that the
        census does not find a server that is still being built.
        """
        now = self._clock()
        self._strays[call.op] = _Stray(
            call=call,
            until=now + self._allowed(call, ''),
            due=now + STRAY_INTERVAL,
        )

    def watch_strays(self) -> None:
        """Look at each stray whose time has come; forget those at rest."""
        for op, stray in list(self._strays.items()):
            if self._clock() < stray.due:
                continue
            try:
                at_rest = stray.call.action.at_rest(
                    self._view(stray.call.action), stray.call
                )
            except ports.CallError:
                at_rest = False
            stray.due = self._clock() + STRAY_INTERVAL
            if at_rest or self._clock() >= stray.until:
                del self._strays[op]

    def rests(self) -> collections.abc.Iterator[Rest]:
        """Look at each call whose time has come; yield those at rest."""
        for op, pending in list(self._pending.items()):
            if self._clock() < pending.due:
                continue
            sight = self._look(pending)
            if sight is None:
                pending.due = self._clock() + LOOK_INTERVAL
                continue
            del self._pending[op]
            now = self._clock()
            yield Rest(
                call=pending.call,
                sight=sight,
                at=now,
                after=now - pending.acknowledged,
                least=pending.not_yet - pending.acknowledged,
            )

    def _look(self, pending: _Pending) -> model.Sight | None:
        """What it came to; None if it needs another look."""
        began = self._clock()
        if pending.late and self._over(pending, began) >= GRACE:
            return msgspec.structs.replace(pending.seen, error=pending.trouble)
        try:
            sight = _look(
                self._view(pending.call.action), pending.call, pending.answer
            )
        except ports.CallError as error:
            pending.trouble = f'{LAST_LOOK}{error.refusal.error}'
            pending.late = self._over(pending, began) >= 0
            return None
        pending.seen = sight
        if not sight.reached:
            pending.not_yet = began
        over = self._over(pending, began) >= 0
        return sight if sight.reached or sight.final or over else None

    def _over(self, pending: _Pending, now: int) -> int:
        """ns since the deadline of the state that was seen last."""
        allowed = self._allowed(pending.call, pending.seen.state)
        return now - pending.acknowledged - allowed

    def _allowed(self, call: model.Call, state: str) -> int:
        return int(self._deadline(call.action.kind, state) * 1e9)


def _look(
    cloud: ports.Cloud, call: model.Call, answer: ports.Answer
) -> model.Sight:
    """One look; a shared resource may be where another user has put it."""
    sight = call.action.look(cloud, call, answer)
    if sight.reached or not call.resource or not call.shared:
        return sight
    if sight.resting and sight.state in call.resource.possible:
        return msgspec.structs.replace(sight, reached=True, final=True)
    return sight
