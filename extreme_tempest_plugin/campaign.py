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
"""Run a plan: the one place where storm, uptime, faults and census meet.

Order of a campaign, whatever happens in it::

    check everything -> heal what a dead run left -> monitors on -> steady
    -> storm on -> faults, each with evidence -> storm settles -> faults
    healed -> steady -> census -> clean-up -> monitors off -> merge -> judge

One that ends early heals before the storm settles.

A cloud's failure is an event in the history. A failure of ours is a note
"unmeasured" there, and the verdict is at best unknown.
"""

import collections.abc
import contextlib
import dataclasses
import pathlib
import time

import msgspec

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import observing
from extreme_tempest_plugin import progress
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin import steadying
from extreme_tempest_plugin import storming
from extreme_tempest_plugin import turns
from extreme_tempest_plugin.checkers import alarm
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import identity
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.plan import known_issues
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import replay

ACTOR = 'campaign'

# Seconds between two looks.
_PERIOD = 0.5
#: What is shown while a run without a storm watches.
WATCHING = 'watch'

#: Why a run is to end early; empty while it is not.
Until = collections.abc.Callable[[], str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A verdict, and the directory with the history that it comes from."""

    verdict: verdicts.Verdict
    directory: pathlib.Path


def run(
    plan: model.Plan,
    settings: settings_.Settings,
    access: credentials.Access,
    display: progress.Display = lambda shown: None,
    again: replay.Replay | None = None,
    until: Until = lambda: '',
) -> Result:
    """Run a prepared plan and judge it.

    :param plan: what ``preparation.prepare`` returned.
    :param access: as whom storm and monitors speak to the cloud.
    :param display: called about once a second.
    :param again: operations to issue instead of choosing any.
    :param until: asked twice a second; ends the run early and in good order
        by saying why.
    :raises UsageError: if the cloud cannot be reached or offers nothing of
        what the plan wants, a dead run left a fault that cannot be healed,
        or the cloud is not in the state that the plan needs; nothing was
        touched then.
    """
    breaking.heal_dead_runs(settings.destructive, plan.faults)
    plan, remarks = _fitted(plan, settings, access, again)
    targets = guard.check(plan.faults, settings.destructive, plan.bounds)
    known = known_issues.load(settings.known_issues or (known_issues.SHIPPED,))
    directory = run_directory.RunDirectory(settings.runs_dir, plan)
    try:
        directory.own(identity.Identity.of(settings.cloud.auth_url, access))
        _Campaign(
            plan=plan,
            settings=settings,
            access=access,
            targets=targets,
            directory=directory,
            display=display,
            remarks=remarks,
            again=again,
            until=until,
        ).run()
    except errors.UsageError:
        # What was seen until it was refused.
        directory.merge()
        raise
    except OSError as error:
        raise errors.HarnessError(
            f'{directory.path}: the history cannot be written: '
            f'{error.strerror}'
        ) from error
    return Result(verdict=directory.judge(known), directory=directory.path)


def _fitted(
    plan: model.Plan,
    settings: settings_.Settings,
    access: credentials.Access,
    again: replay.Replay | None,
) -> tuple[model.Plan, tuple[str, ...]]:
    """The plan with what the cloud offers, and what its reader should know."""
    remarks = (f'this repeats run {again.run}',) if again else ()
    if not plan.storm:
        return plan, remarks
    fitted = storming.fit(plan.storm, settings, access)
    plan = msgspec.structs.replace(plan, storm=fitted.storm)
    return plan, (*remarks, *fitted.remarks)


class _Early(Exception):
    """The run is to end in good order before its time."""


@dataclasses.dataclass(kw_only=True, eq=False, repr=False)
class _Campaign:
    """One run of a plan; ``run`` is called once.

    :param targets: of the plan's faults, in their order.
    :param remarks: what the reader of the history should know.
    """

    plan: model.Plan
    settings: settings_.Settings
    access: credentials.Access
    targets: tuple[configuration.Target, ...]
    directory: run_directory.RunDirectory
    display: progress.Display
    remarks: tuple[str, ...]
    again: replay.Replay | None
    until: Until

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._storm: storming.Storming | None = None
        self._writer = writer.Writer(self.directory.parts / f'{ACTOR}.jsonl')
        append = self._writer.append
        self._note = notes.Notes(ACTOR, append, time.monotonic_ns)
        what = self.plan, self.settings, self.access, self.directory
        self._observing = observing.Observing(*what, append, self._note)
        up = self._observing.up
        self._steadying = steadying.Steadying(*what, up, append, self._note)
        state = self._steadying.state
        self._breaking = breaking.Breaking(
            self.plan.faults,
            self.targets,
            self.settings.destructive,
            self.directory.run,
            state.record,
        )
        self._turns = turns.Turns(self.plan, self._breaking, state, up, self)
        self._alarm = alarm.Alarm(self._breaking.seen)

    def run(self) -> None:
        """Do all of it; what goes wrong on our side is a note."""
        with self._writer:
            self._note(events.Topic.STARTED, ACTOR, self.directory.run)
            self._note.clock(time.time_ns())
            for remark in self.remarks:
                self._note(events.Topic.REMARK, 'storm', remark)
            try:
                self.show('starting the monitors')
                with self._observing.observed(
                    lambda: self.show('stopping the monitors')
                ):
                    try:
                        self._break_and_storm()
                    finally:
                        self._put_back()
            except KeyboardInterrupt:
                self._note.unmeasured('run', 'interrupted by the user')
            except errors.HarnessError as error:
                self._note.unmeasured('run', str(error))
            self._note.clock(time.time_ns())
            self._note(events.Topic.ENDED, ACTOR)

    def _break_and_storm(self) -> None:
        self._steadying.hold(self.show)
        if self.plan.storm:
            self._storm = storming.Storming(
                self.plan,
                self.settings,
                self.access,
                self.directory,
                self._writer.append,
                self._alarm.see,
                self.again,
            )
            self._storm.start(self.show)
        self._began = time.monotonic()
        try:
            self._turns.run()
            self.wait_until(self._duration)
            while self._storm and self._storm.goes_on():
                self._pause(_PERIOD, 'the replay goes on')
        except _Early:
            self._breaking.heal(self.show)
        except turns.Aborted as limit:
            said = f'aborted, nothing more is broken: {limit}'
            self._note.unmeasured('run', said)
            self.remarks = (*self.remarks, said)
            # First: what is broken would not let the storm come to rest.
            self._breaking.heal(self.show)
        if self._storm:
            self._storm.settle(self.show)
        self._breaking.heal(self.show)
        self._steadying.settle(self.show)

    def _put_back(self) -> None:
        """Heal, count and delete, in this order, whatever came before."""
        with contextlib.ExitStack() as stack:
            # Called from the last to the first, each whatever the others do.
            if self._storm:
                stack.callback(self._storm.clean_up, self.show)
            stack.callback(self._steadying.stop)
            stack.callback(self._breaking.heal, self.show)

    def elapsed(self) -> float:
        """Seconds since the storm began."""
        return time.monotonic() - self._began

    @property
    def _duration(self) -> float:
        """Seconds of the storm, with those by which faults put it off."""
        return self.plan.duration + self._turns.late

    def wait_until(self, moment: float, phase: str = '') -> None:
        """Wait until so many seconds after the start; the storm may die.

        :param phase: what is shown; empty where nothing special is done.
        """
        phase = phase or ('storm' if self._storm else WATCHING)
        while (left := moment - self.elapsed()) > 0:
            self._pause(min(_PERIOD, left), phase)

    def look(self, fault: model.Fault) -> None:
        """Count what is there while a fault lasts."""
        self._steadying.look(fault)
        if self._storm:
            self.show('counting what is there')
            self._storm.look()

    def _pause(self, seconds: float, phase: str) -> None:
        """Wait; raises what ends the run early."""
        self.show(phase)
        time.sleep(seconds)
        why = self.until()
        if self._observing.over():
            why = 'every monitor has sent its samples'
        if why:
            self._note(events.Topic.STOPPED, 'run', why)
            raise _Early
        if self._storm and self.plan.storm:
            self._storm.check()
            if self.plan.storm.stop_on_finding and self._alarm.raised:
                remark = f'stopped at a finding: {self._alarm.raised}'
                self._note(events.Topic.REMARK, 'storm', remark)
                self.remarks = (*self.remarks, remark)
                raise _Early

    def show(self, phase: str) -> None:
        """Say what is being done."""
        self.display(
            progress.Progress(
                phase=phase,
                elapsed=self.elapsed(),
                duration=self._duration,
                storm=self._storm.progress() if self._storm else None,
                monitors=self._observing.progress(),
                remarks=self.remarks,
            )
        )
