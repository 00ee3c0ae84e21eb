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
"""The verdict: a function of the history and of the plan, nothing else."""

import collections.abc
import enum

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import integrity
from extreme_tempest_plugin.checkers import lost
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import outage
from extreme_tempest_plugin.checkers import recovery
from extreme_tempest_plugin.checkers import stuck
from extreme_tempest_plugin.checkers import summary
from extreme_tempest_plugin.checkers import unexpected
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model as plan_model

#: Version of the format of a verdict.
VERSION = 1


class Word(enum.StrEnum):
    """The verdict in a word."""

    PASS = 'pass'
    FAIL = 'fail'
    #: Something could not be measured: never a pass.
    UNKNOWN = 'unknown'


_EXIT_CODES = {Word.PASS: 0, Word.FAIL: 1, Word.UNKNOWN: 3}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was worth.

    :param reason: one line.
    :param plan: name of the plan that it was judged by.
    :param run: identity of the run.
    :param versions: of the packages that made the history.
    :param start: UTC, ISO 8601.
    :param duration_s: from the first to the last event, s.
    :param events: how many events were judged.
    :param slo: what was wanted and what was measured.
    :param measured: other numbers, by name.
    :param operations: by action.
    :param settle: time to rest, by action.
    """

    verdict_version: int
    verdict: Word
    reason: str
    plan: str
    run: str
    seed: int
    versions: dict[str, str]
    start: str
    end: str
    duration_s: float
    events: int
    slo: tuple[model.Row, ...]
    findings: tuple[model.Finding, ...]
    gaps: tuple[model.Gap, ...]
    uptime: dict[str, summary.ServiceUptime]
    operations: dict[str, summary.Counts]
    settle: dict[str, summary.Settle]
    faults: tuple[summary.FaultRow, ...]
    measured: dict[str, float]


class _Court:
    """All collectors and checkers of one judgement."""

    def __init__(self, plan: plan_model.Plan) -> None:
        storm = plan.storm or plan_model.Storm(actions={'none': 1.0})
        self.calls = operations.Operations()
        self.census = censuses.Censuses()
        self.faults = windows.Faults(plan.faults)
        self.holes = holes.Holes()
        self.outage = outage.Outage(plan, self.faults)
        self._lost = lost.Lost(
            self.calls, self.census, self.holes, plan.slo.lost
        )
        self._stuck = stuck.Stuck(
            self.calls,
            self.census,
            self.faults,
            plan.slo.stuck,
            round(storm.settle_timeout * model.SECOND),
            self._lost.named,
        )
        # In the order of a report: a fault that was not healed explains much
        # of what comes after it. ``stuck`` leaves out what ``lost`` named.
        self._checkers: tuple[model.Checker, ...] = (
            recovery.Recovery(self.faults, self.holes),
            self._lost,
            self._stuck,
            unexpected.Unexpected(
                self.calls, self.faults, plan.slo.unexpected_5xx
            ),
            self.outage,
            integrity.Integrity(self.calls, self.holes, plan),
        )

    def hear(self, source: collections.abc.Iterable[events.AnyEvent]) -> None:
        model.show(
            source,
            (
                self.calls,
                self.census,
                self.faults,
                self.holes,
                *self._checkers,
            ),
        )

    def conclude(self) -> model.Conclusion:
        """All that the checkers have to say, as one."""
        said = [checker.conclude() for checker in self._checkers]
        return model.Conclusion(
            findings=tuple(each for one in said for each in one.findings),
            # What breaks the whole history comes first.
            gaps=tuple(each for one in reversed(said) for each in one.gaps),
            rows=tuple(each for one in said for each in one.rows),
            measured={
                name: value
                for one in said
                for name, value in one.measured.items()
            },
        )


def judge(
    header: events.Header,
    source: collections.abc.Iterable[events.AnyEvent],
    plan: plan_model.Plan,
) -> Verdict:
    """Judge a history.

    :param source: its events, in order; a ``Reader`` says itself whether its
        file was torn.
    :param plan: what was to be done and to be reached.
    :raises HistoryError: if the header or the file is broken.
    """
    calendar = summary.Calendar(header)
    court = _Court(plan)
    court.hear(source)
    if isinstance(source, reader.Reader) and source.torn:
        court.hear((_torn(source, court.holes),))
    said = court.conclude()
    word, reason = decide(said, len(court.calls))
    first = court.holes.first or header.t
    last = max(first, court.holes.last)
    return Verdict(
        verdict_version=VERSION,
        verdict=word,
        reason=reason,
        plan=plan.name,
        run=header.run,
        seed=header.seed,
        versions=header.versions,
        start=calendar.utc(first),
        end=calendar.utc(last),
        duration_s=round((last - first) / model.SECOND, 3),
        events=court.holes.seen,
        slo=said.rows,
        findings=said.findings,
        gaps=said.gaps,
        uptime=summary.uptime(court.outage, calendar),
        operations=summary.count(court.calls),
        settle=summary.settle_times(court.calls),
        faults=summary.fault_rows(court.faults, calendar),
        measured=said.measured,
    )


def judge_file(
    source: reader.Reader, plan: plan_model.Plan | None = None
) -> Verdict:
    """Judge a history on disk.

    :param plan: judge by this plan; None takes the one in the header.
    :raises HistoryError: if it is no history that can be judged.
    :raises PlanError: if the plan in the header cannot be read.
    """
    if source.header is None:
        raise errors.HistoryError(
            f'{source.path}: a part of a history; name its history.jsonl'
        )
    if plan is None:
        plan = loader.of_builtins(source.header.plan)
    return judge(source.header, source, plan)


def exit_code(verdict: Verdict) -> int:
    """What a command returns: 0 pass, 1 fail, 3 unknown."""
    return _EXIT_CODES[verdict.verdict]


def decide(said: model.Conclusion, calls: int) -> tuple[Word, str]:
    """The verdict and why, in one line.

    :param calls: operations in all.
    """
    missed = [row for row in said.rows if row.ok is False]
    if missed:
        first = missed[0]
        more = f', and {len(missed) - 1} more' if missed[1:] else ''
        return (
            Word.FAIL,
            f'{first.name}: {first.measured}, wanted {first.wanted}{more}.',
        )
    if said.gaps:
        tail = f' And {len(said.gaps) - 1} more.' if said.gaps[1:] else ''
        return Word.UNKNOWN, said.gaps[0].why + tail
    if not said.rows or any(row.ok is None for row in said.rows):
        return Word.UNKNOWN, 'Nothing was measured.'
    reached = model.plural(len(said.rows), 'SLO')
    work = f' in {model.plural(calls, "operation")}' if calls else ''
    return Word.PASS, f'{reached} met{work}.'


def _torn(source: reader.Reader, seen: holes.Holes) -> events.Note:
    return events.Note(
        n=seen.seen + 1,
        t=seen.last,
        actor='check',
        what=events.Topic.TORN,
        about=source.path.name,
        text=f'line {source.torn} is torn',
    )
