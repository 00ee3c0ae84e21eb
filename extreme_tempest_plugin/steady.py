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
"""The steady state of the cloud, as its checks saw it last.

The history is told when what a check says changes, and once after each
injection and each heal. Who judges does so by that alone, see
``checkers.steadiness``.
"""

import collections.abc
import dataclasses
import threading
import time

from extreme_tempest_plugin.faults import bystanders
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes

_SECOND = 1_000_000_000
#: Between two looks where nothing is broken, and how long after a heal that
#: begins.
_SELDOM_NS = 15 * _SECOND
_CALM_NS = 15 * _SECOND
#: A look that takes long costs its host something, as rabbitmqctl does: the
#: next one waits for so many times as long, at most as long as in calm.
_REST = 2
#: Seconds after which nobody waits for a look any more. The longest is that of
#: a canary, which deletes what it made, kind by kind.
LONGEST = 600.0


def _nothing() -> None:
    """Nothing is to be done at the end."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something by which the steady state is known.

    :param name: as the history calls it.
    :param look: asks once, in bounded time, and says what is not steady:
        empty if all is, None if nobody knows.
    :param tries: it changes the cloud, so it is asked only while nothing is
        broken, and not again once it was steady.
    :param blind: why, where nobody knows.
    :param end: called when nobody asks any more.
    """

    name: str
    look: collections.abc.Callable[[], str | None]
    tries: bool = False
    blind: str = 'nobody knows'
    end: collections.abc.Callable[[], None] = _nothing


@dataclasses.dataclass(slots=True)
class _Last:
    """The last look, and what the history was told of it.

    :ivar began: of the look, ns; -1 before the first since something was
        broken or healed.
    :ivar took: the look, ns.
    :ivar asked: it still can be.
    """

    check: Check
    began: int = -1
    ended: int = 0
    took: int = 0
    said: str | None = None
    told: bool | None = None
    asked: bool = True

    @property
    def rests_until(self) -> int:
        """Before then it is not asked again, ns."""
        return self.ended + min(_REST * self.took, _SELDOM_NS)


class State:
    """What the checks say, and what is broken meanwhile; for many threads.

    :param record: takes each event.
    :param note: writes notes.
    :param others: what must be there between two faults, too.
    :param within: seconds after a heal for which it is waited for.
    :param now: CLOCK_MONOTONIC, ns.
    """

    def __init__(
        self,
        record: collections.abc.Callable[[events.Event], None],
        note: notes.Notes,
        others: bystanders.Bystanders,
        within: float,
        now: collections.abc.Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._write = record
        self._note = note
        self._others = others
        # A little more, so that what is late is so for certain.
        self._within_ns = round((within + 2.0) * _SECOND)
        self._now = now
        self._lock = threading.Lock()
        self._last: dict[str, _Last] = {}
        self._active: set[str] = set()
        #: Of the last injection, and of that or the last heal, ns.
        self._injected = self._since = 0

    def add(self, check: Check) -> None:
        """One that will be asked from now on."""
        with self._lock:
            self._last[check.name] = _Last(check)

    def due(self, check: Check) -> bool:
        """Whether a check is to be asked now."""
        with self._lock:
            last, now = self._last[check.name], self._now()
            steady = last.said == '' and last.began >= self._since
            if check.tries:
                unknown = last.said is None and last.began >= self._since
                return not (self._active or steady or unknown)
            if last.began >= self._since and now < last.rests_until:
                return False
            if self._active or not steady or now - self._since < _CALM_NS:
                return True
            return now - last.ended >= _SELDOM_NS

    def take(self, check: Check, began: int, said: str | None) -> None:
        """What a look said that began then.

        One that began before the last injection or heal says nothing of now.
        """
        with self._lock:
            last = self._last[check.name]
            last.ended = self._now()
            last.took = last.ended - began
            if began < self._since:
                return
            last.began, last.said = began, said
            if said is None or last.told is (not said):
                return
            last.told = not said
            self._note(events.Topic.STEADY, check.name, said)

    def give_up(self, check: Check, why: str) -> None:
        """It cannot be asked any more, for a reason of ours."""
        with self._lock:
            self._last[check.name].asked = False
        self._note.unmeasured(f'steady/{check.name}', why)

    def record(self, event: events.Event) -> None:
        """Take an event of a fault in, and write it."""
        if isinstance(event, events.Fault):
            with self._lock:
                self._see(event)
        self._write(event)

    def _see(self, event: events.Fault) -> None:
        if event.phase is events.FaultPhase.INJECTED:
            self._active.add(event.fault)
            self._injected = event.t
        elif event.phase is events.FaultPhase.HEAL_EVIDENCED:
            self._active.discard(event.fault)
        else:
            return
        # A heal is known a little after its time, and what was looked at
        # meanwhile is looked at again: the history is to have it.
        self._since = max(self._since, event.t)
        for last in self._last.values():
            last.began, last.told = -1, None

    def remember(self) -> None:
        """See ``Bystanders.remember``; who did not say is a note."""
        for host in self._others.remember():
            self._note.unmeasured(
                'steady/services',
                f'{host} did not say which of its services run, so nobody '
                'misses what it loses',
            )

    def lost(self) -> tuple[str, ...]:
        """What was there before the first fault and is not now."""
        return (*self._others.lost(), *self.unsteady(), *self._silent())

    def unsteady(self) -> dict[str, str]:
        """What is not steady since the last heal, by check."""
        with self._lock:
            return {
                name: last.said
                for name, last in self._last.items()
                if last.asked and last.began >= self._since and last.said
            }

    def unknown(self) -> dict[str, str]:
        """Why nobody knows since the last heal, by check."""
        with self._lock:
            return {
                name: last.check.blind
                for name, last in self._last.items()
                if last.asked
                and last.began >= self._since
                and last.said is None
            }

    def _silent(self) -> tuple[str, ...]:
        """Checks that do not know since the last heal, and may yet."""
        return tuple(
            name for name in self.unknown() if not self._last[name].check.tries
        )

    def awaited(self) -> tuple[str, ...]:
        """Checks that were not asked since the last heal."""
        with self._lock:
            return tuple(
                name
                for name, last in self._last.items()
                if last.asked and last.began < self._since
            )

    def unsettled(self) -> tuple[str, ...]:
        """Checks that are worth waiting for at the end of a campaign."""
        with self._lock:
            left = self._since + self._within_ns - self._now()
            if not self._injected or self._active or left <= 0:
                return ()
        return (*self.unsteady(), *self._silent(), *self.awaited())
