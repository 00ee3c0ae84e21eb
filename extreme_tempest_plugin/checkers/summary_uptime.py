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
"""Uptime of each service, as a verdict gives it."""

import collections.abc
import math

import msgspec

from extreme_tempest_plugin.checkers import durations
from extreme_tempest_plugin.checkers import outage
from extreme_tempest_plugin.checkers import summary
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.uptime import availability


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


def uptime(
    checker: outage.Outage, calendar: summary.Calendar
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
    calendar: summary.Calendar,
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
        down_time=summary.in_seconds(found.down_ns),
        unknown_time=summary.in_seconds(found.unknown_ns),
        longest_outage=summary.in_seconds(found.longest_ns),
        mttr=None
        if found.mttr_ns is None
        else summary.in_seconds(found.mttr_ns),
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
                seconds=summary.in_seconds(one.length_ns),
                least_s=summary.in_seconds(one.least_ns),
                most_s=summary.in_seconds(one.most_ns),
                open=one.open,
                failed=one.failed,
                errors=one.errors,
                faults=checker.telling.faults_of(one),
                marks=checker.telling.marks_of(one),
                shared_s=summary.in_seconds(checker.shared_ns(one)),
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
        p50_s=summary.in_seconds(durations.nearest_rank(ordered, 50)),
        p90_s=summary.in_seconds(durations.nearest_rank(ordered, 90)),
        p99_s=summary.in_seconds(durations.nearest_rank(ordered, 99)),
        p999_s=summary.in_seconds(durations.nearest_rank(ordered, 99.9)),
        max_s=summary.in_seconds(ordered[-1]),
    )


def _floor(percent: float | None) -> float | None:
    # Rounded down: 99.999 must not read as 100.
    return None if percent is None else math.floor(percent * 1000) / 1000
