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

    check everything -> heal what a dead run left -> monitors on -> storm on
    -> faults, each with evidence -> storm settles -> faults healed
    -> census -> clean-up -> monitors off -> merge -> judge

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
from extreme_tempest_plugin import storming
from extreme_tempest_plugin.checkers import alarm
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import identity
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import injection
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.plan import known_issues
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import replay

ACTOR = 'campaign'

#: Seconds between two looks.
PERIOD = 0.5

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
    remarks: tuple[str, ...] = ()
    if plan.storm:
        fitted = storming.fit(plan.storm, settings, access)
        plan = msgspec.structs.replace(plan, storm=fitted.storm)
        remarks = fitted.remarks
    if again:
        remarks = (f'this repeats run {again.run}', *remarks)
    breaking.heal_dead_runs(settings.destructive)
    targets = guard.check(plan.faults, settings.destructive)
    known = known_issues.load(settings.known_issues or (known_issues.SHIPPED,))
    directory = run_directory.RunDirectory(settings.runs_dir, plan)
    try:
        directory.own(identity.Identity.of(settings.cloud.auth_url, access))
        Campaign(
            plan,
            settings,
            access,
            targets,
            directory,
            display,
            remarks,
            again,
            until,
        ).run()
    except OSError as error:
        raise errors.HarnessError(
            f'{directory.path}: the history cannot be written: '
            f'{error.strerror}'
        ) from error
    return Result(verdict=directory.judge(known), directory=directory.path)


class _Early(Exception):
    """The run is to end in good order before its time."""


class Campaign:
    """One run of a plan; ``run`` is called once.

    :param targets: of the plan's faults, in their order.
    :param remarks: what the reader of the history should know.
    :param again: operations to issue instead of choosing any.
    :param until: see ``run``.
    """

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        access: credentials.Access,
        targets: tuple[configuration.Target, ...],
        directory: run_directory.RunDirectory,
        display: progress.Display,
        remarks: tuple[str, ...] = (),
        again: replay.Replay | None = None,
        until: Until = lambda: '',
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._access = access
        self._directory = directory
        self._display = display
        self._remarks = remarks
        self._began = time.monotonic()
        self._storm: storming.Storming | None = None
        self._again = again
        self._until = until
        self._writer = writer.Writer(directory.parts / f'{ACTOR}.jsonl')
        self._note = notes.Notes(ACTOR, self._writer.append, time.monotonic_ns)
        self._observing = observing.Observing(
            plan, settings, access, directory, self._writer.append, self._note
        )
        self._breaking = breaking.Breaking(
            plan.faults,
            targets,
            settings.destructive,
            directory.run,
            self._writer.append,
        )
        self._alarm = alarm.Alarm(self._breaking.seen)

    def run(self) -> None:
        """Do all of it; what goes wrong on our side is a note."""
        with self._writer:
            self._note(events.Topic.STARTED, ACTOR, self._directory.run)
            self._note.clock(time.time_ns())
            for remark in self._remarks:
                self._note(events.Topic.REMARK, 'storm', remark)
            try:
                self._show('starting the monitors')
                with self._observing.observed(
                    lambda: self._show('stopping the monitors')
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
        if self._plan.storm:
            self._storm = storming.Storming(
                self._plan,
                self._settings,
                self._access,
                self._directory,
                self._writer.append,
                self._alarm.see,
                self._again,
            )
            self._storm.start(self._show)
        self._began = time.monotonic()
        with contextlib.suppress(_Early):
            self._break_in_turn()
            self._wait_until(
                self._plan.duration, 'storm' if self._storm else WATCHING
            )
            while self._storm and self._storm.goes_on():
                self._pause(PERIOD, 'the replay goes on')
        if self._storm:
            why = self._storm.settle(self._show)
            if why:
                self._note.unmeasured('storm', why)

    def _break_in_turn(self) -> None:
        for fault, make in self._breaking.in_turn():
            self._wait_until(fault.at, 'storm' if self._storm else WATCHING)
            self._show(f'{fault.fault} of {fault.target}')
            one = make()
            one.inject()
            if fault.hold is None:
                continue
            self._wait_until(
                self._elapsed() + fault.hold, f'{fault.target} is broken'
            )
            if self._storm:
                self._show('counting what is there')
                self._storm.look()
            self._show(f'healing {fault.target}')
            one.heal()

    def _put_back(self) -> None:
        """Heal, count and delete, in this order, whatever came before."""
        with contextlib.ExitStack() as stack:
            # Called from the last to the first, each whatever the others do.
            if self._storm:
                stack.callback(self._storm.clean_up, self._show)
            for fault in self._breaking.held:
                stack.callback(self._heal, fault)

    def _heal(self, fault: injection.Injection) -> None:
        if fault.healed is None:
            self._show(f'healing {fault.plan.target}')
        fault.heal()

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _wait_until(self, moment: float, phase: str) -> None:
        """Wait until so many seconds after the start; the storm may die."""
        while (left := moment - self._elapsed()) > 0:
            self._pause(min(PERIOD, left), phase)

    def _pause(self, seconds: float, phase: str) -> None:
        self._show(phase)
        time.sleep(seconds)
        self._stop_early()

    def _stop_early(self) -> None:
        why = self._until()
        if self._observing.over():
            why = 'every monitor has sent its samples'
        if why:
            self._note(events.Topic.STOPPED, 'run', why)
            raise _Early
        if self._storm and self._plan.storm:
            self._storm.check()
            if self._plan.storm.stop_on_finding and self._alarm.raised:
                remark = f'stopped at a finding: {self._alarm.raised}'
                self._note(events.Topic.REMARK, 'storm', remark)
                self._remarks = (*self._remarks, remark)
                raise _Early

    def _show(self, phase: str) -> None:
        self._display(
            progress.Progress(
                phase=phase,
                elapsed=self._elapsed(),
                duration=self._plan.duration,
                storm=self._storm.progress() if self._storm else None,
                monitors=self._observing.progress(),
                remarks=self._remarks,
            )
        )
