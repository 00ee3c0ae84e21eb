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
"""The faults of a plan in their turn, and when no further one is injected.

One at a time: each is healed, and proven whole, before the next one. Where
the plan overlaps them, one may be injected while others last that it could
meet by the plan, and each is healed beside the others: what makes one whole
may be what another one took away, as when all hosts are without power.
"""

import collections.abc
import concurrent.futures
import contextlib
import dataclasses
import threading
from typing import Protocol

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import steady
from extreme_tempest_plugin.checkers import cascade
from extreme_tempest_plugin.faults import injection
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.plan import model

#: Seconds between two looks at what is lost.
_PERIOD = 2.0
#: Seconds between two looks at what is due while another one is injected.
_BESIDE = 0.2


class Aborted(Exception):
    """Nothing more is to be broken; says why."""


class Stage(Protocol):
    """What the campaign does for its faults."""

    def elapsed(self) -> float:
        """Seconds since the storm began."""

    def wait_until(self, moment: float, phase: str = '') -> None:
        """Wait until then; raises what ends the run early.

        :param phase: what is shown; empty where nothing special is done.
        """

    def show(self, phase: str) -> None:
        """Say what is being done."""

    def look(self, fault: model.Fault) -> None:
        """Count what is there while a fault lasts."""


class Others(Protocol):
    """What must be there between two faults; see ``steady.State``."""

    def remember(self) -> None:
        """Take what is there now for what has to be."""

    def lost(self) -> tuple[str, ...]:
        """What is not there."""

    def awaited(self) -> tuple[str, ...]:
        """What nobody knows yet since the last heal."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Active:
    one: injection.Injection
    plan: model.Fault
    #: when it is to be healed, seconds of the campaign.
    end: float


class Turns:
    """Runs the faults of one campaign; ``run`` is called once.

    :param breaks: what is broken.
    :param others: what must be there between two faults.
    :param up: whether each service is up, None where nobody knows.
    :param pool: heals what overlaps.
    :ivar late: seconds by which the last fault came later than the plan has
        it, for what was there had to come back first. All that follows is put
        off by as much, so that the storm meets every fault.
    """

    def __init__(
        self,
        plan: model.Plan,
        breaks: breaking.Breaking,
        others: Others,
        up: collections.abc.Callable[
            [], collections.abc.Mapping[str, bool | None]
        ],
        stage: Stage,
        pool: concurrent.futures.Executor | None = None,
    ) -> None:
        self._plan = plan
        self._breaks = breaks
        self._others = others
        self._up = up
        self._stage = stage
        self._cascade = cascade.Cascade(plan.abort)
        self._pool = pool or concurrent.futures.ThreadPoolExecutor(
            max(1, len(plan.faults))
        )
        self._active: list[_Active] = []
        self._healing: dict[_Active, concurrent.futures.Future[bool]] = {}
        self._held = 0
        self._unhealed = ''
        self.late = 0.0

    def run(self) -> None:
        """Inject and heal all of them; those held to the end stay.

        :raises Aborted: if the cascade limit is passed.
        """
        try:
            self._run()
        finally:
            # Whoever heals what is held waits for those that are under way.
            self._pool.shutdown(wait=False)

    def _run(self) -> None:
        if len(self._plan.faults) > 1:
            self._others.remember()
        for fault, make in self._breaks.in_turn():
            self._end_before(fault)
            self._wait_for(fault)
            self._stage.show(f'{fault.fault} of {fault.target}')
            self.late = max(self.late, self._stage.elapsed() - fault.at)
            one = make()
            with self._ends_kept():
                one.inject()
            if fault.hold is None:
                self._held += 1
            else:
                end = self._stage.elapsed() + fault.hold
                self._active.append(_Active(one, fault, end))
        for active in self._by_end():
            self._end(active)
        for active in tuple(self._healing):
            self._whole(active)

    def _by_end(self) -> list[_Active]:
        return sorted(self._active, key=lambda active: active.end)

    def _end_before(self, fault: model.Fault) -> None:
        """Heal what is due, or may not last while the fault does."""
        for active in self._by_end():
            beside = self._plan.overlap and losses.meet(active.plan, fault)
            if not beside or active.end <= fault.at + self.late:
                self._end(active)
        for active in tuple(self._healing):
            if not losses.meet(active.plan, fault):
                self._whole(active)

    @contextlib.contextmanager
    def _ends_kept(self) -> collections.abc.Iterator[None]:
        """Heal what is due while the block waits for one of the others.

        Nothing but the block may use the stage meanwhile.
        """
        if not (self._plan.overlap and self._active):
            yield
            return
        over = threading.Event()

        def keep() -> None:
            while not over.wait(_BESIDE):
                self._end_due()

        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            keeping = beside.submit(keep)
            try:
                yield
            finally:
                over.set()
        keeping.result()

    def _end_due(self) -> None:
        for active in self._by_end():
            if active.end <= self._stage.elapsed():
                self._end(active)

    def _end(self, active: _Active) -> None:
        target = active.plan.target
        self._stage.wait_until(active.end, f'{target} is broken')
        self._stage.look(active.plan)
        self._stage.show(f'healing {target}')
        self._active.remove(active)
        if self._plan.overlap:
            self._healing[active] = self._pool.submit(active.one.heal)
        else:
            self._see(active, active.one.heal())

    def _whole(self, active: _Active) -> None:
        """Wait until one that is being healed beside others is whole."""
        self._stage.show(f'healing {active.plan.target}')
        with self._ends_kept():
            healed = self._healing[active].result()
        del self._healing[active]
        self._see(active, healed)

    def _see(self, active: _Active, healed: bool) -> None:
        if not healed:
            self._unhealed = (
                f'{active.plan.fault} of {active.plan.target} is not proven '
                'healed'
            )

    def _lasts(self) -> bool:
        """Whether something is broken, or may be.

        :raises Aborted: if something stays so.
        """
        for active, heal in tuple(self._healing.items()):
            if heal.done():
                self._whole(active)
        if self._unhealed:
            raise Aborted(self._unhealed)
        return bool(self._active or self._healing or self._held)

    def _wait_for(self, fault: model.Fault) -> None:
        """Until it is due and everything else is as it was.

        :raises Aborted: if that does not come about.
        """
        due = fault.at + self.late
        while (left := due - self._stage.elapsed()) > 0:
            self._excess(look=False)
            self._stage.wait_until(self._stage.elapsed() + min(_PERIOD, left))
        since = self._stage.elapsed()
        while lost := (
            self._excess(look=True)
            or self._unknown(since)
            or self._in_danger(fault, since)
        ):
            self._stage.wait_until(
                self._stage.elapsed() + _PERIOD, f'waiting for {lost}'
            )

    def _unknown(self, since: float) -> str:
        """What nobody knows yet.

        :param since: when it was first waited for.
        :raises Aborted: if nobody ever will.
        """
        if self._lasts():
            return ''
        unknown = ', '.join(self._others.awaited())
        if unknown and self._stage.elapsed() - since >= steady.LONGEST:
            raise Aborted(
                f'nobody knows after {steady.LONGEST:g} s whether it is '
                f'steady: {unknown}'
            )
        return unknown

    def _in_danger(self, fault: model.Fault, since: float) -> str:
        """Clusters that would not bear it beside a fault that lasts.

        :param since: when they were first waited for.
        :raises Aborted: if they do not come back.
        """
        self._end_due()
        if self._plan.beyond_quorum or not self._lasts():
            return ''
        with self._ends_kept():
            danger = self._breaks.endangered(fault)
        if danger and self._stage.elapsed() - since > self._plan.abort.seconds:
            about = f'{fault.fault} of {fault.target}'
            raise Aborted(f'{about}: not in its steady state: {danger}')
        return danger

    def _excess(self, look: bool) -> str:
        """What is down beyond the limit; a fault that lasts excuses all.

        :param look: at the hosts, too.
        :raises Aborted: if it has been so for too long.
        """
        if self._lasts():
            return ''
        up = self._up()
        lost = self._others.lost() if look else None
        now = self._stage.elapsed()
        self._cascade.see(up, now)
        if lost is not None:
            self._cascade.see_lost(lost, now)
        if why := self._cascade.passed(now):
            raise Aborted(why)
        return self._cascade.excess()
