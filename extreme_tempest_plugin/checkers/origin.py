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
"""Whether a history is of one run, and told by one clock.

Parts of several runs, a clock that was set and a machine that slept leave
whole lines in good order. Who did what before whom is then not certain, and
nor is the UTC of a report.
"""

import collections.abc

from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.history import events

#: ns by which the clocks of the processes may differ from UTC. A leap second
#: and the look at two clocks one after the other are within it; the
#: correction by NTP changes both clocks alike.
MOST_APART = 2_000_000_000

#: Characters of an identity that are shown.
_SHOWN = 40


class Origin:
    """Who began to write for which run, and by what clock.

    :param header: of the history.
    """

    name = 'origin'
    wants: tuple[type[events.Event], ...] = (events.Note,)

    def __init__(self, header: events.Header, gone: holes.Holes) -> None:
        self._header = header
        self._holes = gone
        self._strangers: dict[str, str] = {}
        self._clocks: list[events.Note] = []
        self._end: int | None = None

    def see(self, event: events.AnyEvent) -> None:
        if type(event) is not events.Note:
            return
        match event.what:
            case events.Topic.STARTED:
                # Histories of before 2026-11-21 do not name the run here.
                if event.text and event.text != self._header.run:
                    self._strangers.setdefault(event.about, event.text)
            case events.Topic.CLOCK:
                self._clocks.append(event)
            case events.Topic.ENDED if event.about == 'campaign':
                self._end = event.t

    def conclude(self) -> model.Conclusion:
        return model.Conclusion(
            gaps=tuple(
                model.Gap(checker=self.name, why=why)
                for why in (*self._runs(), *self._offsets(), *self._ends())
            )
        )

    def _runs(self) -> collections.abc.Iterator[str]:
        for actor, run in self._strangers.items():
            yield (
                'This is more than one run: the header is that of '
                f'{self._header.run[:_SHOWN]}, and {actor} began to write '
                f'for {run[:_SHOWN]}.'
            )

    def _offsets(self) -> collections.abc.Iterator[str]:
        """What the clocks say against UTC, beside the first that spoke."""
        first: int | None = None
        for note in self._clocks:
            try:
                offset = int(note.text)
            except ValueError:
                yield f'The clock of {note.about} cannot be read.'
                return
            first = offset if first is None else first
            if abs(offset - first) > MOST_APART:
                yield (
                    f'The clock of {note.about} is {_seconds(offset - first)} '
                    f'off that of {self._clocks[0].about} at the start, by '
                    'their UTC: one was set, or a machine slept. What came '
                    'first is not certain.'
                )
                return

    def _ends(self) -> collections.abc.Iterator[str]:
        before = self._header.t - (self._holes.first or self._header.t)
        if before > MOST_APART:
            yield (
                f'The first event is {_seconds(before)} older than the run: '
                'its clock jumped, or it is of another run.'
            )
        after = 0 if self._end is None else self._holes.last - self._end
        if after > MOST_APART:
            yield (
                f'{self._holes.last_actor} wrote {_seconds(after)} after the '
                'end of the campaign: its clock jumped, or it is of another '
                'run.'
            )


def _seconds(duration: int) -> str:
    """Like ``model.seconds``, without a sign."""
    return model.seconds(abs(duration))
