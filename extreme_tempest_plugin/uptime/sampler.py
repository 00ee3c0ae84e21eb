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
"""Sends samples at fixed times, whatever becomes of the ones before.

An open loop: a service that hangs does not slow its own measurement down, so
it is away from the moment it hung (facts on coordinated omission: Tene, "How
NOT to Measure Latency", 2013). Nothing is ever sent twice.
"""

import collections.abc
import dataclasses
import threading
import typing

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

#: A request that its own deadline should have ended is given up this long
#: after it; a name that does not resolve is such a one.
GRACE_NS = 100_000_000
_NO_END = 2**62


class Clock(typing.Protocol):
    """Time, and waiting for it."""

    def now(self) -> int:
        """CLOCK_MONOTONIC, ns."""

    def wait_until(self, when: int) -> bool:
        """True at ``when``; False as soon as the monitor is to end."""

    def rest_until(self, when: int) -> None:
        """Wait, whatever comes."""


class Probe(typing.Protocol):
    """See ``probes.Probe``."""

    name: str

    def headers(self) -> dict[str, str]: ...

    def send(
        self, headers: dict[str, str], deadline_ns: int
    ) -> probes.Reply: ...


Launch = collections.abc.Callable[[collections.abc.Callable[[], None]], None]
Record = collections.abc.Callable[[events.Event], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When samples are due, and how many may wait for an answer.

    :param samples: how many are due in all; 0 for no end.
    """

    interval_ns: int
    timeout_ns: int
    in_flight: int
    samples: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class _Flight:
    intended: int
    sent: int


class Sampler:
    """Samples one service until its clock says that it is over.

    :param launch: runs a job beside the others; raises RuntimeError if this
        machine cannot.
    :param record: takes each event, from several threads.
    """

    def __init__(
        self,
        service: str,
        probe: Probe,
        pace: Pace,
        clock: Clock,
        launch: Launch,
        record: Record,
    ) -> None:
        self._service = service
        self._actor = f'uptime/{service}'
        self._probe = probe
        self._pace = pace
        self._clock = clock
        self._launch = launch
        self._record = record
        self._lock = threading.Lock()
        self._flights: dict[int, _Flight] = {}
        self._busy = 0

    def run(self, begun: collections.abc.Callable[[], None]) -> None:
        """Sample until the clock ends it, then wait for the last answers.

        :param begun: called once, when the first sample is on its way.
        """
        due = self._clock.now()
        end = due + (self._pace.samples or _NO_END) * self._pace.interval_ns
        while due < end and self._wait(due):
            due = self._skip_late(due, end)
            self._fire(due)
            due += self._pace.interval_ns
            begun()
            begun = _nothing
        self._drain()

    def _wait(self, due: int) -> bool:
        """Until ``due``, giving up what is overdue meanwhile."""
        while True:
            overdue = self._give_up()
            if overdue is None or overdue > due:
                return self._clock.wait_until(due)
            if not self._clock.wait_until(overdue):
                return False

    def _skip_late(self, due: int, end: int) -> int:
        """Miss the samples whose time has wholly passed, but the last."""
        now = min(self._clock.now(), end - 1)
        while due + self._pace.interval_ns <= now:
            self._miss(due, 'the monitor was not run in time')
            due += self._pace.interval_ns
        return due

    def _fire(self, due: int) -> None:
        with self._lock:
            full = self._busy >= self._pace.in_flight
            if not full:
                self._busy += 1
        if full:
            self._miss(due, f'{self._pace.in_flight} requests in flight')
            return
        try:
            self._launch(lambda: self._sample(due))
        except RuntimeError as error:
            self._leave()
            self._miss(due, f'this machine: {error}')

    def _sample(self, due: int) -> None:
        """One request, in a thread of its own."""
        try:
            headers = self._probe.headers()
            sent = self._clock.now()
            with self._lock:
                self._flights[due] = _Flight(due, sent)
            reply = self._probe.send(headers, sent + self._pace.timeout_ns)
        except tokens.NoToken as trouble:
            self._miss(due, str(trouble))
        except transport.NotSent as trouble:
            if self._land(due):
                self._miss(due, f'this machine: {trouble}')
        except Exception as trouble:
            # Our own failure, which must never look like the service's. Its
            # text could hold the token.
            self._land(due)
            self._miss(due, f'the monitor broke: {type(trouble).__name__}')
        else:
            done = self._clock.now()
            flight = self._land(due)
            if flight:
                self._done(flight, done, reply)
            if reply.after:
                reply.after()
        finally:
            self._leave()

    def _land(self, due: int) -> _Flight | None:
        """Whoever gets the flight records it; None if it was given up."""
        with self._lock:
            return self._flights.pop(due, None)

    def _leave(self) -> None:
        with self._lock:
            self._busy -= 1

    def _give_up(self) -> int | None:
        """Record what is overdue; when to look again, None for never."""
        patience = self._pace.timeout_ns + GRACE_NS
        now = self._clock.now()
        with self._lock:
            overdue = [
                flight
                for flight in self._flights.values()
                if flight.sent + patience <= now
            ]
        for flight in overdue:
            if self._land(flight.intended):
                self._done(flight, now, probes.Reply(error='timeout'))
        with self._lock:
            oldest = min(
                (flight.sent for flight in self._flights.values()),
                default=None,
            )
        return None if oldest is None else oldest + patience

    def _drain(self) -> None:
        """Wait for the requests in flight, as long as they may take."""
        end = self._clock.now() + self._pace.timeout_ns + 2 * GRACE_NS
        while self._clock.now() < end:
            with self._lock:
                if not self._busy:
                    return
            self._clock.rest_until(self._clock.now() + 5_000_000)
        self._give_up()

    def _done(self, flight: _Flight, done: int, reply: probes.Reply) -> None:
        self._record(
            events.Sample(
                t=done,
                actor=self._actor,
                service=self._service,
                probe=self._probe.name,
                intended=flight.intended,
                sent=flight.sent,
                done=done,
                status=reply.status,
                error=reply.error,
            )
        )

    def _miss(self, due: int, why: str) -> None:
        self._record(
            events.Missed(
                t=self._clock.now(),
                actor=self._actor,
                service=self._service,
                probe=self._probe.name,
                intended=due,
                why=why,
            )
        )


def _nothing() -> None:
    pass
