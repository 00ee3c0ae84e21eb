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
"""One fault: injected, proven, healed whatever comes, proven healed.

The phases, each an event in the history:

``planned``
    It is due. If the target is in its steady state, what undoes the fault
    is written to the journal next.
``injected``
    The call that breaks the target is being sent. Outages that begin later
    belong to the fault; recovery is counted from here.
``evidenced``
    It was seen to have happened, by someone else than who did it.
``healed``
    What undoes it was done, or is done by the target itself.
``heal-evidenced``
    The target was seen whole. An ``injected`` without it within the plan's
    ``recovery`` is a finding.

A fault that nobody could prove is a note that the verdict takes for unknown,
and so is one that was over before it was healed: what is to last is looked at
once more just before.
"""

import collections.abc
import pathlib
import threading
import time
import types

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import looking
from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.faults import recording
from extreme_tempest_plugin.faults.drivers import engine as engine_
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model

_SECOND = 1_000_000_000
#: An engine's call is over when it returns; if the target does not show it
#: by then and systemd is not at work, it will not.
_EVIDENCE_WAIT = 10.0
#: Once the target has missed its recovery, it is healed so many times more.
_RETRIES = 3
_RETRY_WAIT = 30.0
#: What is whole must stay so for this long, without another start: systemd
#: starts again and again what dies at once, and a call that was killed may
#: still arrive on the host.
_STEADY = 1.5
#: Between two tries to heal that fail at once.
_UNDO_PERIOD = 2.0


class Injection:
    """A fault on its way; a context manager, or ``inject()`` and ``heal()``.

    :param identity: of the fault within the run: ``fault-1``.
    :param run: which run, for the journal.
    :param record: takes each event; ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    :param pause: waits so many seconds.
    :param actor: who writes.
    """

    def __init__(
        self,
        plan: model.Fault,
        target: configuration.Target,
        *,
        identity: str,
        run: str,
        engine: engine_.Engine,
        observer: evidence.Observer,
        log: journal.Journal,
        record: recording.Record,
        clock: collections.abc.Callable[[], int] = time.monotonic_ns,
        pause: collections.abc.Callable[[float], None] = time.sleep,
        actor: str = 'campaign',
    ) -> None:
        self.plan = plan
        self.target = target
        self.identity = identity
        self.kind = engines.kind(plan.fault)
        #: None as long as the fault may be active and is not yet judged.
        self.healed: bool | None = None
        self._run = run
        self._engine = engine
        self._lookout = looking.Lookout(target, observer, clock, pause)
        self._log = log
        self._now = clock
        self._pause = pause
        self._entry: pathlib.Path | None = None
        self._sent = 0
        #: The target before what is to be seen once more; else empty.
        self._before: looking.States = ()
        self._undone = False
        self._healing = threading.Lock()
        self._tell = recording.Recorder(
            identity, plan.fault, target.name, record, clock, actor
        )

    def inject(self) -> bool:
        """Break the target and prove it.

        :returns: whether it is proven. Where it is not, or could not even be
            begun, a note says why; :meth:`heal` is to be called all the same.
        :raises BaseException: whatever interrupts it, after healing.
        """
        try:
            return self._inject()
        except BaseException:
            self.heal()
            raise

    def undo(self) -> None:
        """Send what undoes the fault, once, and wait for nothing.

        :meth:`heal` sees to the rest. Where that is under way already, in
        another thread, this does nothing.
        """
        if not self._healing.acquire(blocking=False):
            return
        try:
            pending = self.healed is None and self._entry is not None
            if pending and not (self._undone or self.kind.heals_itself):
                self._see_held()
                self._undo(self._now())
        finally:
            self._healing.release()

    def heal(self) -> bool:
        """Undo the fault and prove it; a second time does nothing.

        :returns: whether the target is proven whole. Where it is not, the
            fault stays in the journal.
        :raises HarnessError: if the history could not be written.
        """
        with self._healing:
            if self.healed is None:
                self.healed = self._heal()
        if self._tell.broken is not None:
            error, self._tell.broken = self._tell.broken, None
            raise errors.HarnessError(
                f'{self.identity}: the history cannot be written: {error}'
            )
        return self.healed

    def __enter__(self) -> 'Injection':
        self.inject()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.heal()

    def _inject(self) -> bool:
        self._tell.phase(events.FaultPhase.PLANNED)
        before, said = self._lookout.look()
        if not before or not evidence.whole(before):
            return self._leave(f'not in its steady state: {said}')
        if why := evidence.forbidden(before):
            return self._leave(why)
        try:
            self._entry = self._log.add(self._journal_entry())
        except errors.UsageError as error:
            return self._leave(str(error))
        self._sent = self._now()
        self._tell.phase(
            events.FaultPhase.INJECTED,
            f'{self.kind.does} of {self.target} sent',
        )
        return self._prove(before, self._call(self.kind.does))

    def _leave(self, why: str) -> bool:
        """The guard permitted it when the campaign began, and not now.

        Nothing was touched; what the campaign saw so far is worth keeping.
        """
        self._tell.unmeasured(f'not injected: {why}')
        self.healed = True
        return False

    def _prove(self, before: looking.States, trouble: str) -> bool:
        proven, said = self._lookout.until_happened(
            self.kind.proof,
            before,
            self._now() + int(_EVIDENCE_WAIT * _SECOND),
            # At most until the recovery is over.
            self._sent + int(self.plan.recovery * _SECOND),
        )
        if proven:
            self._tell.phase(events.FaultPhase.EVIDENCED, said)
            # What is held for no time was seen a moment ago.
            if self.plan.hold != 0 and not self.kind.heals_itself:
                self._before = before
        else:
            said = f'{said}; {trouble}' if trouble else said
            self._tell.unmeasured(f'not proven: {said}')
        return proven

    def _see_held(self) -> None:
        """Look once whether it lasted; whatever comes, the heal is next."""
        before, self._before = self._before, ()
        if not before:
            return
        try:
            said = self._lookout.ended(self.kind.proof, before)
        except Exception as error:
            self._tell.remark(
                f'not seen before it was healed: {type(error).__name__}: '
                f'{error}'
            )
            return
        if said:
            self._tell.unmeasured(f'ended before it was healed: {said}')

    def _heal(self) -> bool:
        if self._entry is None:
            return True
        self._see_held()
        # A fault that is held until the storm is over is healed long after
        # the injection: its target gets the same time to come back. Whether
        # that was in time is for the checkers.
        patience = int(self.plan.recovery * _SECOND)
        if self.kind.heals_itself:
            deadline = self._sent + patience
            self._tell.phase(events.FaultPhase.HEALED, 'heals itself')
        else:
            deadline = self._now() + patience
            if not self._undone:
                self._undo(deadline)
        if self._wait_whole(deadline):
            return True
        for _ in range(_RETRIES):
            self._tell.remark('not whole in time, is healed again')
            self._undo(self._now())
            if self._wait_whole(self._now() + int(_RETRY_WAIT * _SECOND)):
                return True
        self._tell.remark(
            'not proven healed: it stays in the journal, run '
            '`tempest extreme heal`'
        )
        return False

    def _undo(self, deadline: int) -> None:
        """Undo it; where that fails, again until the deadline."""
        told = ''
        while trouble := self._call(self.kind.undoes):
            if trouble != told:
                self._tell.remark(f'heal failed: {trouble}')
                told = trouble
            if self._now() >= deadline:
                return
            self._pause(_UNDO_PERIOD)
        self._undone = True
        done = f'{self.kind.undoes} of {self.target} done'
        self._tell.phase(events.FaultPhase.HEALED, done)

    def _wait_whole(self, deadline: int) -> bool:
        steady = int(_STEADY * _SECOND)
        since, said = self._lookout.until_whole(deadline, steady, 2 * steady)
        if since is None:
            return False
        # Where a look took long, nobody knows since when.
        since = max(since, self._now() - 2 * steady)
        self._tell.phase(events.FaultPhase.HEAL_EVIDENCED, said, since)
        self._forget()
        return True

    def _forget(self) -> None:
        assert self._entry is not None
        try:
            self._log.remove(self._entry)
        except errors.UsageError as error:
            self._tell.remark(f'healed, but still in the journal: {error}')

    def _call(self, verb: catalogue.Verb) -> str:
        """What went wrong, empty if nothing; the evidence judges."""
        try:
            self._engine.call(verb, self.target, plans.dead_man(self.plan))
        except (errors.ExtremeError, OSError) as error:
            return str(error)
        return ''

    def _journal_entry(self) -> journal.Entry:
        return journal.Entry(
            fault=self.identity,
            run=self._run,
            kind=self.kind.name,
            target=self.target,
            recovery=self.plan.recovery,
            owner=liveness.this_process(),
            utc_ns=time.time_ns(),
        )
