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
"""Outages and availability, computed from the samples of one service.

Pure: the same samples give the same result, in whatever order they came.

A request that is sent at ``sent`` and judged at ``done`` says something about
the service between these two times and nothing more. In order of ``sent``,
an outage is a run of failed samples without a good one in between:

::

    G          F ... L          R
    good       failed           good
    |----------|--- outage -----|---|
    G.sent     F.sent      R.sent   R.done

**Start.** Requests fail from F.sent on; that is ``start``. The service was
well at G.sent or later, so the earliest is G.sent. F was in flight when the
service went away, or was sent afterwards, so the latest is F.done. A hung
request is judged long after the service hung: a service that was well would
have answered F as fast as it answered before, so the latest is at most
F.sent + the allowance, twice the slowest of the last 16 good answers (at
least 50 ms).

**End.** The first good answer to a request that was sent after the last
failed one, in the picture R.done; that is ``end`` and the latest. L failed,
so the earliest is L.sent. If R waited for longer than the allowance, the
service let it wait, and the earliest is ``end`` less the allowance. A hung
service that answers what has waited is so away until it answers; one that
lost these requests until a new one is answered.

A run that begins before the one before it has ended, because the good answer
between them was a late one, is of the same outage.

All bounds but those by the allowance follow from the samples alone; the
allowance takes it that a service which is well is about as fast as it was.

A service that hangs for less than the time-out gives late good answers and no
outage. Missed samples are neither good nor bad. A stretch in which no sample
was in flight for longer than 2.5 intervals is unknown time, never up-time;
within an outage it does not end the outage, because nothing shows an end, and
is told apart in ``unknown_ns``.
"""

import collections
import collections.abc

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.uptime import availability

#: Without a sample for longer than this many intervals, time is unknown.
GAP_INTERVALS = 2.5
#: How many good answers tell how fast the service is.
_RECENT = 16
_LEAST_ALLOWANCE_NS = 50_000_000


def of(
    watched: collections.abc.Iterable[events.Sample | events.Missed],
    interval_ns: int,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> availability.Availability:
    """Availability of one service, from its samples in any order.

    :param watched: samples and missed samples of one service.
    :param interval_ns: between two samples, as in the plan.
    :param since_ns: start of the watch; None for the first event.
    :param until_ns: end of the watch; None for the last event. A monitor
        that died leaves the time from its last sample to here unknown.
    """
    tracker = Tracker(interval_ns, since_ns)
    for event in sorted(watched, key=_order):
        tracker.feed(event)
    return tracker.finish(until_ns)


class Tracker:
    """Computes availability while samples come in.

    :param interval_ns: between two samples.
    :param since_ns: start of the watch; None for the first event.
    """

    def __init__(self, interval_ns: int, since_ns: int | None = None) -> None:
        self._gap_ns = round(GAP_INTERVALS * interval_ns)
        self._since = since_ns
        #: Up to here there was always a sample in flight or just before.
        self._covered = since_ns
        #: The latest time that an event speaks of.
        self._seen = since_ns
        self._position: int | None = None
        self._good = self._failed = self._missed = 0
        self._last_good: events.Sample | None = None
        self._latencies: collections.deque[int] = collections.deque(
            maxlen=_RECENT
        )
        self._run: _Run | None = None
        #: It has ended; a later request may have been answered earlier.
        self._ending: _Run | None = None
        self._runs: list[_Run] = []
        self._unknown: list[availability.Window] = []

    def feed(self, event: events.Sample | events.Missed) -> None:
        """Take the next event, in order of ``sent`` (missed: ``intended``).

        :raises ValueError: if it is out of order; ``of`` puts them in order.
        """
        when = _order(event)[0]
        if self._position is not None and when < self._position:
            raise ValueError(f'{when} comes after {self._position}')
        self._position = when
        if self._since is None or when < self._since:
            self._since = self._covered = when
        if isinstance(event, events.Missed):
            self._missed += 1
            if self._run is not None:
                self._run.missed += 1
            self._seen = max(self._seen or when, when)
            return
        self._cover(event.sent, event.done)
        self._seen = max(self._seen or when, event.done)
        if event.error:
            self._bad(event)
        else:
            self._well(event)

    def finish(self, until_ns: int | None = None) -> availability.Availability:
        """The result; feed nothing more afterwards.

        :param until_ns: end of the watch; None for the last event.
        """
        since, until = self._since or 0, self._seen or 0
        if until_ns is not None:
            until = max(until, until_ns)
        if self._since is not None:
            self._cover(until, until)
        found = availability.joined(
            (run.outage(self._unknown, until) for run in self._runs),
            self._unknown,
        )
        down = sum(one.length_ns - one.unknown_ns for one in found)
        unknown = sum(end - start for start, end in self._unknown)
        return availability.Availability(
            start_ns=since,
            end_ns=until,
            good=self._good,
            failed=self._failed,
            missed=self._missed,
            up_ns=until - since - down - unknown,
            down_ns=down,
            unknown_ns=unknown,
            outages=found,
        )

    def _cover(self, sent: int, done: int) -> None:
        covered = sent if self._covered is None else self._covered
        if sent - covered > self._gap_ns:
            self._unknown.append((covered, sent))
        self._covered = max(covered, done)

    def _well(self, sample: events.Sample) -> None:
        self._good += 1
        self._last_good = sample
        self._latencies.append(sample.done - sample.sent)
        if self._run is not None:
            self._ending, self._run = self._run, None
        if self._ending is not None and not self._ending.answered(sample):
            self._ending = None

    def _bad(self, sample: events.Sample) -> None:
        self._failed += 1
        self._ending = None
        if self._run is None:
            self._run = self._begin(sample)
            self._runs.append(self._run)
        self._run.last_sent = sample.sent
        self._run.errors[sample.error] += 1

    def _begin(self, first: events.Sample) -> '_Run':
        if self._last_good is None:
            earliest = first.sent if self._since is None else self._since
            return _Run(first, earliest, None)
        allowance = max(_LEAST_ALLOWANCE_NS, 2 * max(self._latencies))
        return _Run(first, self._last_good.sent, allowance)


class _Run:
    """Failed samples without a good one in between.

    :param earliest: when it may have begun.
    :param allowance: how long a good answer may take; None if nobody knows.
    """

    def __init__(
        self, first: events.Sample, earliest: int, allowance: int | None
    ) -> None:
        self.first = first
        self.earliest = earliest
        self.allowance = allowance
        self.last_sent = first.sent
        self.back: events.Sample | None = None
        self.ended: int | None = None
        self.missed = 0
        self.errors: collections.Counter[str] = collections.Counter()

    def answered(self, sample: events.Sample) -> bool:
        """A good one was sent after it; whether later ones may matter."""
        if self.back is None:
            self.back = sample
        if self.ended is None or sample.done < self.ended:
            self.ended = sample.done
        return sample.sent < self.ended

    def outage(
        self,
        unknown: collections.abc.Sequence[availability.Window],
        until: int,
    ) -> availability.Outage:
        end = until if self.ended is None else self.ended
        return availability.Outage(
            start_ns=self.first.sent,
            start_earliest_ns=self.earliest,
            start_latest_ns=self._start_latest(),
            end_ns=end,
            end_earliest_ns=self._end_earliest(),
            end_latest_ns=end,
            open=self.ended is None,
            failed=self.errors.total(),
            missed=self.missed,
            unknown_ns=availability.overlap(unknown, self.first.sent, end),
            errors=dict(sorted(self.errors.items())),
        )

    def _start_latest(self) -> int:
        if self.allowance is None:
            return self.first.done
        return min(self.first.done, self.first.sent + self.allowance)

    def _end_earliest(self) -> int:
        if self.back is None or self.ended is None or self.allowance is None:
            return self.last_sent
        waited = self.ended - self.allowance
        # It had to wait, or it says nothing of the time before it was sent.
        return waited if waited > self.back.sent else self.last_sent


def _order(event: events.Sample | events.Missed) -> tuple[int, int, str]:
    # The rest of the key only makes a tie the same in each order of arrival.
    if isinstance(event, events.Missed):
        return event.intended, event.intended, event.why
    return event.sent, event.done, event.error
