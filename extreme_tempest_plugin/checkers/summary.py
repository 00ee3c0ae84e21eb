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
"""Numbers of a run for people and for the next machine."""

import collections
import collections.abc
import datetime
import statistics

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.checkers import durations
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import steadiness
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Operations of one action, by what is known of their outcome."""

    ok: int = 0
    fail: int = 0
    info: int = 0
    pending: int = 0


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long the operations of one action took, s.

    :param p95_s: by nearest rank.
    """

    count: int
    median_s: float
    p95_s: float
    max_s: float


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault.

    :param recovery_s: from the injection to the proven heal; None if it is
        not proven.
    :param worked_s: from the injection until the service did again what it
        was asked for, by service of the storm: the first operation that was
        invoked when the fault was proven, and came to rest as it should; None
        if there was none.
    :param steady_s: from the injection until what a check of the steady state
        asks for was so again and stayed so, by check; None if it was not.
    :param phases: phase to the time that it was reached, UTC.
    :param evidence: phase to what proves it.
    """

    fault: str
    kind: str
    target: str
    recovery_s: float | None
    worked_s: dict[str, float | None]
    steady_s: dict[str, float | None]
    phases: dict[str, str]
    evidence: dict[str, str]


class Calendar:
    """Turns the times of a history into UTC.

    :raises HistoryError: if the header's time is none.
    """

    def __init__(self, header: events.Header) -> None:
        try:
            start = datetime.datetime.fromisoformat(header.utc)
        except ValueError:
            raise errors.HistoryError(
                f'the header of the history says utc {header.utc!r}, which '
                'is no ISO 8601 time: it was damaged'
            ) from None
        if start.tzinfo is None:
            start = start.replace(tzinfo=datetime.UTC)
        self._start = start.astimezone(datetime.UTC)
        self._t = header.t

    @property
    def day(self) -> datetime.date:
        """Day of the run, UTC."""
        return self._start.date()

    def utc(self, t: int) -> str:
        """UTC of a time, ISO 8601 in ms.

        :param t: CLOCK_MONOTONIC, ns.
        """
        try:
            moment = self._start + datetime.timedelta(
                microseconds=(t - self._t) // 1000
            )
        except OverflowError:
            return 'unknown'
        return moment.isoformat(timespec='milliseconds')


def count(calls: operations.Operations) -> dict[str, Counts]:
    """Operations by action and outcome."""
    table: dict[str, collections.Counter[operations.Known]] = (
        collections.defaultdict(collections.Counter)
    )
    for operation in calls:
        table[operation.action][operation.known] += 1
    return {
        action: Counts(
            ok=by[operations.Known.OK],
            fail=by[operations.Known.FAIL],
            info=by[operations.Known.INFO],
            pending=by[operations.Known.PENDING],
        )
        for action, by in sorted(table.items())
    }


def latencies(calls: operations.Operations) -> dict[str, Times]:
    """Time to the acknowledgement by action, from when it was due or sent."""
    found: dict[str, list[int]] = collections.defaultdict(list)
    for operation in calls:
        if operation.acknowledged:
            since = operation.intended or operation.began
            found[operation.action].append(operation.end - since)
    return _times(found)


def settle_times(calls: operations.Operations) -> dict[str, Times]:
    """Time from the acknowledgement to rest by action, of those at rest."""
    found: dict[str, list[int]] = collections.defaultdict(list)
    for operation in calls:
        if operation.rest is not None and operation.rest.reached:
            found[operation.action].append(operation.rest.after_ns)
    return _times(found)


def _times(
    found: collections.abc.Mapping[str, list[int]],
) -> dict[str, Times]:
    table = {}
    for action, values in sorted(found.items()):
        values.sort()
        table[action] = Times(
            count=len(values),
            median_s=in_seconds(statistics.median(values)),
            p95_s=in_seconds(durations.nearest_rank(values, 95)),
            max_s=in_seconds(values[-1]),
        )
    return table


def fault_rows(
    faults: windows.Faults,
    calls: operations.Operations,
    steady: steadiness.Steadiness,
    calendar: Calendar,
) -> tuple[FaultRow, ...]:
    """The faults, in order of their first event."""
    return tuple(
        FaultRow(
            fault=story.fault,
            kind=story.kind,
            target=story.target,
            recovery_s=None
            if story.recovery_ns is None
            else in_seconds(story.recovery_ns),
            worked_s=_worked(story, calls),
            steady_s={
                name: None if took is None else in_seconds(took)
                for name, took in steady.took(story).items()
            },
            phases={
                phase.value: calendar.utc(event.t)
                for phase, event in story.phases.items()
            },
            evidence={
                phase.value: event.evidence
                for phase, event in story.phases.items()
                if event.evidence
            },
        )
        for story in faults.stories.values()
    )


def _worked(
    story: windows.Story, calls: operations.Operations
) -> dict[str, float | None]:
    injected = story.at(events.FaultPhase.INJECTED)
    proven = story.at(events.FaultPhase.EVIDENCED)
    if injected is None or proven is None:
        return {}
    first: dict[str, int | None] = {}
    for call in calls:
        known = first.setdefault(call.service, None)
        if call.began >= proven and call.rest and call.rest.reached:
            at = call.rest.t
            first[call.service] = at if known is None else min(known, at)
    return {
        service: None if at is None else in_seconds(at - injected)
        for service, at in sorted(first.items())
    }


def in_seconds(duration_ns: float) -> float:
    """Nanoseconds, rounded to milliseconds."""
    return round(duration_ns / model.SECOND, 3)
