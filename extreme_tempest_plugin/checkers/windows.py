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
"""Faults of a history and the windows in which they excuse errors."""

import bisect
import collections.abc
import dataclasses
import itertools

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

#: After the heal is proven, clients of the healed service still reconnect:
#: oslo.messaging waits up to some seconds between its attempts. Errors until
#: then are the fault's.
GRACE_NS = 10 * model.SECOND

#: End of a window that nothing closed.
OPEN = 2**63 - 1


@dataclasses.dataclass(slots=True)
class Story:
    """One fault, phase by phase.

    :ivar planned: what the plan says of it, None if it says nothing.
    """

    fault: str
    kind: str
    target: str
    phases: dict[events.FaultPhase, events.Fault]
    planned: plan_model.Fault | None = None

    def at(self, phase: events.FaultPhase) -> int | None:
        """When a phase was reached, ns."""
        event = self.phases.get(phase)
        return None if event is None else event.t

    @property
    def recovery_ns(self) -> int | None:
        """From the injection to the proven heal, ns."""
        start = self.at(events.FaultPhase.INJECTED)
        end = self.at(events.FaultPhase.HEAL_EVIDENCED)
        return None if start is None or end is None else end - start

    def numbers(self) -> tuple[int, ...]:
        """Numbers of its events."""
        return tuple(sorted(event.n for event in self.phases.values()))

    def __str__(self) -> str:
        return f'{self.fault} ({self.kind} of {self.target})'


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """When a fault excuses errors, ns."""

    fault: str
    start: int
    end: int


class Faults:
    """Collects the faults of a history.

    :param planned: the faults of the plan, in order: ``fault-1`` is the
        first.
    """

    wants: tuple[type[events.Event], ...] = (events.Fault,)

    def __init__(
        self, planned: collections.abc.Sequence[plan_model.Fault]
    ) -> None:
        self._planned = {
            f'fault-{number}': fault
            for number, fault in enumerate(planned, start=1)
        }
        self.stories: dict[str, Story] = {}

    def see(self, event: events.AnyEvent) -> None:
        if not isinstance(event, events.Fault):
            return
        story = self.stories.get(event.fault)
        if story is None:
            story = Story(
                event.fault,
                event.kind,
                event.target,
                {},
                self._plan_of(event),
            )
            self.stories[event.fault] = story
        story.phases.setdefault(event.phase, event)

    def missing(
        self,
    ) -> collections.abc.Iterator[tuple[str, plan_model.Fault]]:
        """Planned faults of which the history has no event."""
        for name, planned in self._planned.items():
            if name not in self.stories:
                yield name, planned

    def windows(self) -> list[Window]:
        """The windows, by their start."""
        found = []
        for story in self.stories.values():
            start = self._start(story)
            if start is not None:
                found.append(Window(story.fault, start, _end(story)))
        return sorted(found, key=lambda window: (window.start, window.end))

    @staticmethod
    def _start(story: Story) -> int | None:
        """The injection; what is certain to come after it, without it."""
        for phase in (
            events.FaultPhase.INJECTED,
            events.FaultPhase.EVIDENCED,
            events.FaultPhase.HEALED,
            events.FaultPhase.HEAL_EVIDENCED,
        ):
            start = story.at(phase)
            if start is not None:
                return start
        return None

    def _plan_of(self, event: events.Fault) -> plan_model.Fault | None:
        planned = self._planned.get(event.fault)
        if planned is None:
            return None
        same = planned.fault == event.kind and planned.target == event.target
        return planned if same else None


def _end(story: Story) -> int:
    healed = story.at(events.FaultPhase.HEAL_EVIDENCED)
    return OPEN if healed is None else healed + GRACE_NS


class Cover:
    """Finds the windows that overlap a time.

    :param windows: sorted by their start.
    """

    def __init__(self, windows: collections.abc.Sequence[Window]) -> None:
        self._windows = windows
        self._starts = [window.start for window in windows]
        # The latest end of this window and of all before it: looking back
        # stops where nothing earlier reaches far enough.
        self._reach = list(
            itertools.accumulate((window.end for window in windows), max)
        )

    def of(self, start: int, end: int) -> tuple[str, ...]:
        """Names of the faults whose windows overlap ``[start, end]``, ns."""
        found = []
        position = bisect.bisect_right(self._starts, end) - 1
        while position >= 0 and self._reach[position] >= start:
            if self._windows[position].end >= start:
                found.append(self._windows[position].fault)
            position -= 1
        return tuple(reversed(found))
