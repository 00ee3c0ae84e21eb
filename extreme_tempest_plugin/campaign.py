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

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.cloud import census
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials as credentials_
from extreme_tempest_plugin.cloud import logs
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import healing
from extreme_tempest_plugin.faults import injection
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import runner
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import tally
from extreme_tempest_plugin.uptime import watch

ACTOR = 'campaign'

#: Seconds between two looks.
PERIOD = 0.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a display shows while a campaign runs.

    :param phase: what is being done, one word or a few.
    :param elapsed: seconds since the storm began.
    :param duration: seconds that the plan gives it.
    :param storm: numbers of the storm, None without one.
    :param monitors: service name to numbers of its monitor.
    """

    phase: str
    elapsed: float
    duration: float
    storm: tally.Progress | None
    monitors: dict[str, watch.Progress]


Display = collections.abc.Callable[[Progress], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A verdict, and the directory with the history that it comes from."""

    verdict: verdicts.Verdict
    directory: pathlib.Path


def _heal_dead_runs(destructive: settings_.Destructive) -> None:
    for one in healing.heal_all(destructive):
        if not one.proven:
            raise errors.RefusedError(
                f'{one.fault} of a dead run is not healed: {one.text}; see '
                '`tempest extreme heal`'
            )


def run(
    plan: model.Plan,
    settings: settings_.Settings,
    credentials: credentials_.Credentials,
    display: Display = lambda progress: None,
) -> Result:
    """Run a prepared plan and judge it.

    :param plan: what ``preparation.prepare`` returned.
    :param credentials: as whom storm and monitors speak to the cloud.
    :param display: called about once a second.
    :raises UsageError: if the cloud cannot be reached, a dead run left a
        fault that cannot be healed, or the cloud is not in the state that
        the plan needs; nothing was touched then.
    """
    if plan.storm:
        clients.make(settings.cloud, credentials).check()
    _heal_dead_runs(settings.destructive)
    targets = guard.check(plan.faults, settings.destructive)
    directory = run_directory.RunDirectory(settings.runs_dir, plan)
    try:
        Campaign(
            plan, settings, credentials, targets, directory, display
        ).run()
    except OSError as error:
        raise errors.HarnessError(
            f'{directory.path}: the history cannot be written: '
            f'{error.strerror}'
        ) from error
    return Result(verdict=directory.judge(), directory=directory.path)


class Campaign:
    """One run of a plan; ``run`` is called once.

    :param targets: of the plan's faults, in their order.
    """

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        credentials: credentials_.Credentials,
        targets: tuple[configuration.Target, ...],
        directory: run_directory.RunDirectory,
        display: Display,
    ) -> None:
        self._plan = plan
        self._settings = settings
        self._credentials = credentials
        self._targets = targets
        self._directory = directory
        self._display = display
        self._began = time.monotonic()
        self._monitors: watch.Monitors | None = None
        self._storm: runner.Storm | None = None
        self._held: list[injection.Injection] = []
        self._writer = writer.Writer(directory.parts / f'{ACTOR}.jsonl')

    def run(self) -> None:
        """Do all of it; what goes wrong on our side is a note."""
        with self._writer:
            self._note(events.Topic.STARTED, ACTOR)
            offset = time.time_ns() - time.monotonic_ns()
            self._note(events.Topic.CLOCK, ACTOR, str(offset))
            try:
                with self._observed():
                    try:
                        self._break_and_storm()
                    finally:
                        self._put_back()
            except KeyboardInterrupt:
                self._unmeasured('run', 'interrupted by the user')
            except errors.HarnessError as error:
                self._unmeasured('run', str(error))
            self._note(events.Topic.ENDED, ACTOR)

    @contextlib.contextmanager
    def _observed(self) -> collections.abc.Iterator[None]:
        """Monitors and logs, from before the storm to after the clean-up."""
        self._show('starting the monitors')
        specs = (
            watch.specs(
                self._settings,
                self._credentials,
                self._plan.uptime,
                self._directory.parts,
            )
            if self._plan.uptime
            else ()
        )
        log = logs.Watcher(self._settings.logs, self._writer.append)
        self._monitors = watch.Monitors(specs)
        try:
            with self._monitors:
                log.start()
                try:
                    yield
                finally:
                    self._show('stopping the monitors')
                    log.stop()
        finally:
            for trouble in self._monitors.check():
                self._unmeasured('uptime', trouble)

    def _break_and_storm(self) -> None:
        if self._plan.storm:
            self._storm = self._make_storm(self._plan.storm)
            self._show('starting the storm')
            self._storm.start()
        self._began = time.monotonic()
        faults = zip(self._plan.faults, self._targets, strict=True)
        for number, (fault, target) in sorted(
            enumerate(faults, start=1), key=lambda one: one[1][0].at
        ):
            self._wait_until(fault.at, 'storm' if self._storm else 'watch')
            self._break(f'fault-{number}', fault, target)
        self._wait_until(
            self._plan.duration, 'storm' if self._storm else 'watch'
        )
        self._settle()

    def _make_storm(self, plan: model.Storm) -> runner.Storm:
        assert self._plan.seed is not None
        return runner.Storm(
            storm_spec.StormSpec(
                run=self._directory.run,
                seed=self._plan.seed,
                duration=self._plan.duration,
                storm=plan,
                cloud=self._settings.cloud,
                credentials=self._credentials,
            ),
            self._directory.path,
        )

    def _break(
        self, identity: str, fault: model.Fault, target: configuration.Target
    ) -> None:
        """Inject a fault; heal it now, after a while, or at the end."""
        self._show(f'{fault.fault} of {fault.target}')
        one = injection.make(
            fault,
            target,
            self._settings.destructive,
            identity=identity,
            run=self._directory.run,
            record=self._writer.append,
        )
        self._held.append(one)
        one.inject()
        if fault.hold is None:
            return
        self._wait_until(
            self._elapsed() + fault.hold, f'{fault.target} is broken'
        )
        self._show(f'healing {fault.target}')
        one.heal()

    def _settle(self) -> None:
        """Wait until the storm's users have seen what they asked for."""
        if self._storm is None:
            return
        self._storm.stop()
        while not (ended := self._storm.wait(PERIOD)):
            self._show('the storm settles')
        if not ended.ok:
            self._unmeasured('storm', _death(ended))

    def _put_back(self) -> None:
        """Heal, count and delete, in this order, whatever came before."""
        with contextlib.ExitStack() as stack:
            # Called from the last to the first, each whatever the others do.
            stack.callback(self._clean_up)
            for fault in self._held:
                stack.callback(self._heal, fault)

    def _heal(self, fault: injection.Injection) -> None:
        if fault.healed is None:
            self._show(f'healing {fault.plan.target}')
        fault.heal()

    def _clean_up(self) -> None:
        if self._storm is None:
            return
        if self._storm.running():
            self._settle()
        cloud = clients.make(self._settings.cloud, self._credentials)
        self._show('counting what is there')
        census.take(events.CensusPhase.AFTER, cloud, self._writer.append)
        self._show('deleting what the storm created')
        for left in cleanup.clean(self._storm.ledgers, cloud):
            self._note(events.Topic.LEFT_BEHIND, left.resource, left.why)

    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _wait_until(self, moment: float, phase: str) -> None:
        """Wait until so many seconds after the start; the storm may die."""
        while (left := moment - self._elapsed()) > 0:
            self._show(phase)
            time.sleep(min(PERIOD, left))
            ended = self._storm.wait(0) if self._storm else None
            # It may end well a little before the campaign stops it.
            if ended and not ended.ok:
                raise errors.HarnessError(_death(ended))

    def _show(self, phase: str) -> None:
        self._display(
            Progress(
                phase=phase,
                elapsed=self._elapsed(),
                duration=self._plan.duration,
                storm=self._storm.progress() if self._storm else None,
                monitors=self._monitors.progress() if self._monitors else {},
            )
        )

    def _unmeasured(self, about: str, why: str) -> None:
        self._note(events.Topic.UNMEASURED, about, why)

    def _note(
        self, what: events.Topic, about: str = '', said: str = ''
    ) -> None:
        self._writer.append(
            events.Note(
                t=time.monotonic_ns(),
                actor=ACTOR,
                what=what,
                about=about,
                text=said,
            )
        )


def _death(ended: runner.Ended) -> str:
    how = 'was killed' if ended.killed else f'ended with {ended.status}'
    return f'the load process {how}: {ended.log_tail}'
