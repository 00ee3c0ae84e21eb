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
import math
import statistics

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.checkers import durations
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import outage
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.uptime import availability


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


class OutageRow(msgspec.Struct, frozen=True, kw_only=True):
    """One outage, see ``uptime.outages`` for its edges.

    :param start: UTC, ISO 8601.
    :param seconds: from the first failed sample to the next good answer.
    :param least_s: it lasted at least so long.
    :param most_s: and at most so long.
    :param open: it was not over at the end of the watch.
    :param failed: samples that failed.
    :param faults: the faults that were active; empty if nothing explains it.
    :param marks: what the operator did meanwhile, by his own marks.
    :param shared_s: how much of it the control probe was away, too.
    """

    start: str
    end: str
    seconds: float
    least_s: float
    most_s: float
    open: bool
    failed: int
    errors: dict[str, int]
    faults: tuple[str, ...]
    marks: tuple[str, ...]
    shared_s: float


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """How long answers took, s, exactly, by nearest rank."""

    count: int
    p50_s: float
    p90_s: float
    p99_s: float
    p999_s: float
    max_s: float


class ServiceUptime(msgspec.Struct, frozen=True, kw_only=True):
    """Uptime of a service: the keys of OSIC's api_uptime, and more.

    The first six keys are those that its ``report`` wrote,
    https://github.com/osic/api_uptime (api_uptime/test.py).

    :param uptime_pct: by requests; None if there was none.
    :param start_time: UTC, ISO 8601.
    :param missed_requests: samples that could not be sent when due.
    :param uptime_pct_by_time: share of the watch that it was seen well.
    :param down_time: seconds of all outages.
    :param unknown_time: seconds in which nobody looked.
    :param longest_outage: s.
    :param mttr: mean seconds to repair, of the outages that were over; None
        without one.
    :param latency: corrected for coordinated omission: from when a sample
        was due, and what timed out with as long as it waited.
    :param latency_uncorrected: of good answers, from their sending.
    """

    uptime_pct: float | None
    total_requests: int
    successful_requests: int
    failed_requests: int
    start_time: str
    end_time: str
    missed_requests: int
    uptime_pct_by_time: float | None
    down_time: float
    unknown_time: float
    longest_outage: float
    mttr: float | None
    latency: Percentiles | None
    latency_uncorrected: Percentiles | None
    outages: tuple[OutageRow, ...]


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """One fault.

    :param recovery_s: from the injection to the proven heal; None if it is
        not proven.
    :param phases: phase to the time that it was reached, UTC.
    :param evidence: phase to what proves it.
    """

    fault: str
    kind: str
    target: str
    recovery_s: float | None
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
            median_s=_s(statistics.median(values)),
            p95_s=_s(durations.nearest_rank(values, 95)),
            max_s=_s(values[-1]),
        )
    return table


def uptime(
    checker: outage.Outage, calendar: Calendar
) -> dict[str, ServiceUptime]:
    """Uptime by service, after the checker concluded."""
    return {
        service: _uptime(checker, service, found, calendar)
        for service, found in checker.availability.items()
    }


def _uptime(
    checker: outage.Outage,
    service: str,
    found: availability.Availability,
    calendar: Calendar,
) -> ServiceUptime:
    watched = found.good + found.failed > 0
    return ServiceUptime(
        uptime_pct=_floor(found.uptime_pct_by_requests),
        total_requests=found.good + found.failed,
        successful_requests=found.good,
        failed_requests=found.failed,
        start_time=calendar.utc(found.start_ns) if watched else '',
        end_time=calendar.utc(found.end_ns) if watched else '',
        missed_requests=found.missed,
        uptime_pct_by_time=_floor(found.uptime_pct_by_time),
        down_time=_s(found.down_ns),
        unknown_time=_s(found.unknown_ns),
        longest_outage=_s(found.longest_ns),
        mttr=None if found.mttr_ns is None else _s(found.mttr_ns),
        latency=_percentiles(
            one.done - one.intended
            for one in checker.watched(service)
            if isinstance(one, events.Sample) and one.error in ('', 'timeout')
        ),
        latency_uncorrected=_percentiles(
            one.done - one.sent
            for one in checker.watched(service)
            if isinstance(one, events.Sample) and not one.error
        ),
        outages=tuple(
            OutageRow(
                start=calendar.utc(one.start_ns),
                end=calendar.utc(one.end_ns),
                seconds=_s(one.length_ns),
                least_s=_s(one.least_ns),
                most_s=_s(one.most_ns),
                open=one.open,
                failed=one.failed,
                errors=one.errors,
                faults=checker.faults_of(one),
                marks=checker.marks_of(one),
                shared_s=_s(checker.shared_ns(one)),
            )
            for one in found.outages
        ),
    )


def _percentiles(
    values: collections.abc.Iterable[int],
) -> Percentiles | None:
    ordered = sorted(values)
    if not ordered:
        return None
    return Percentiles(
        count=len(ordered),
        p50_s=_s(durations.nearest_rank(ordered, 50)),
        p90_s=_s(durations.nearest_rank(ordered, 90)),
        p99_s=_s(durations.nearest_rank(ordered, 99)),
        p999_s=_s(durations.nearest_rank(ordered, 99.9)),
        max_s=_s(ordered[-1]),
    )


def fault_rows(
    faults: windows.Faults, calendar: Calendar
) -> tuple[FaultRow, ...]:
    """The faults, in order of their first event."""
    return tuple(
        FaultRow(
            fault=story.fault,
            kind=story.kind,
            target=story.target,
            recovery_s=None
            if story.recovery_ns is None
            else _s(story.recovery_ns),
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


def _s(duration_ns: float) -> float:
    return round(duration_ns / model.SECOND, 3)


def _floor(percent: float | None) -> float | None:
    # Rounded down: 99.999 must not read as 100.
    return None if percent is None else math.floor(percent * 1000) / 1000
