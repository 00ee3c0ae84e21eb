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
from extreme_tempest_plugin.checkers import court as court_
from extreme_tempest_plugin.checkers import excuses
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import server_logs
from extreme_tempest_plugin.checkers import summary
from extreme_tempest_plugin.checkers import summary_uptime
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import known_issues
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
    :param logs: kinds of lines that the servers logged as errors.
    :param known_issues: what each known issue was good for, by its id.
    :param measured: other numbers, by name.
    :param operations: by action.
    :param latency: time to the acknowledgement, by action.
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
    known_issues: dict[str, excuses.Excuse]
    logs: tuple[server_logs.LogLines, ...]
    uptime: dict[str, summary_uptime.ServiceUptime]
    operations: dict[str, summary.Counts]
    latency: dict[str, summary.Times]
    settle: dict[str, summary.Times]
    faults: tuple[summary.FaultRow, ...]
    measured: dict[str, float]


def judge(
    header: events.Header,
    source: collections.abc.Iterable[events.AnyEvent],
    plan: plan_model.Plan,
    known: collections.abc.Sequence[known_issues.KnownIssue] = (),
) -> Verdict:
    """Judge a history.

    :param source: its events, in order; a ``Reader`` says itself whether its
        file was torn.
    :param plan: what was to be done and to be reached.
    :param known: issues whose findings are listed and do not fail the run.
    :raises HistoryError: if the header or the file is broken.
    """
    calendar = summary.Calendar(header)
    court = court_.Court(plan, header)
    court.hear(source)
    if isinstance(source, reader.Reader) and source.torn:
        court.hear((_torn(source, court.holes),))
    known_then = excuses.Excuses(known, calendar.day)
    said = court.conclude(known_then)
    word, reason = decide(said.rows, said.gaps, len(court.calls))
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
        known_issues=known_then.used(),
        logs=court.logs.lines,
        uptime=summary_uptime.uptime(court.outage, calendar),
        operations=summary.count(court.calls),
        latency=summary.latencies(court.calls),
        settle=summary.settle_times(court.calls),
        faults=summary.fault_rows(
            court.faults, court.calls, court.steadiness, calendar
        ),
        measured=said.measured,
    )


def judge_file(
    source: reader.Reader,
    plan: plan_model.Plan | None = None,
    known: collections.abc.Sequence[known_issues.KnownIssue] = (),
) -> Verdict:
    """Judge a history on disk.

    :param plan: judge by this plan; None takes the one in the header.
    :param known: issues whose findings are listed and do not fail the run.
    :raises HistoryError: if it is no history that can be judged.
    :raises PlanError: if the plan in the header cannot be read.
    """
    if source.header is None:
        raise errors.HistoryError(
            f'{source.path}: a part of a history; name its history.jsonl'
        )
    if plan is None:
        plan = loader.of_builtins(source.header.plan)
    return judge(source.header, source, plan, known)


def exit_code(verdict: Verdict) -> int:
    """What a command returns: 0 pass, 1 fail, 3 unknown."""
    return _EXIT_CODES[verdict.verdict]


def decide(
    rows: collections.abc.Sequence[model.Row],
    gaps: collections.abc.Sequence[model.Gap],
    calls: int,
) -> tuple[Word, str]:
    """The verdict and why, in one line.

    :param rows: the SLO table.
    :param calls: operations in all.
    """
    missed = [row for row in rows if row.ok is False]
    if missed:
        first = missed[0]
        more = f', and {len(missed) - 1} more' if missed[1:] else ''
        return (
            Word.FAIL,
            f'{first.name}: {first.measured}, wanted {first.wanted}{more}.',
        )
    if gaps:
        tail = f' And {len(gaps) - 1} more.' if gaps[1:] else ''
        return Word.UNKNOWN, gaps[0].why + tail
    if not rows or any(row.ok is None for row in rows):
        return Word.UNKNOWN, 'Nothing was measured.'
    reached = model.plural(len(rows), 'SLO')
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
