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
"""Whether a history has holes: events that were written and are not there.

What rests on the absence of an event ("nobody deleted it") is certain only
in a history without holes.
"""

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.history import events


class Holes:
    """Watches the numbers of the events and the notes of torn parts.

    :ivar torn: the notes about torn or unreadable parts.
    :ivar breaks: places where the numbers do not go on by one.
    :ivar first_break: number of the event at the first break, 0 if none.
    :ivar last: time of the latest event, ns.
    :ivar last_actor: who wrote it.
    :ivar seen: events in all.
    """

    wants: tuple[type[events.Event], ...] = (
        events.Invoke,
        events.Ok,
        events.Fail,
        events.Info,
        events.Settled,
        events.Sample,
        events.Missed,
        events.Fault,
        events.Census,
        events.Log,
        events.Violation,
        events.Note,
    )

    def __init__(self) -> None:
        self.torn: list[events.Note] = []
        self.breaks = 0
        self.first_break = 0
        self.backwards = 0
        self.first: int | None = None
        self.last = 0
        self.last_actor = ''
        self.seen = 0
        self._expected = 1
        self._previous = 0

    def see(self, event: events.AnyEvent) -> None:
        if event.n != self._expected:
            self.breaks += 1
            self.first_break = self.first_break or self.seen + 1
        self._expected = event.n + 1
        if self.first is None:
            self.first = event.t
        elif event.t < self._previous:
            self.backwards += 1
        self._previous = event.t
        if event.t > self.last:
            self.last, self.last_actor = event.t, event.actor
        self.seen += 1
        if type(event) is events.Note and event.what is events.Topic.TORN:
            self.torn.append(event)

    def __bool__(self) -> bool:
        return bool(self.torn or self.breaks or self.backwards)

    def gaps(self, checker: str) -> list[model.Gap]:
        """What the holes leave unknown."""
        found = [
            model.Gap(
                checker=checker,
                why=f'{note.about}: {note.text}; what followed is lost.',
            )
            for note in self.torn
        ]
        if self.breaks:
            found.append(
                model.Gap(
                    checker=checker,
                    why='Events are missing, doubled or out of order: the '
                    f'numbers break {model.plural(self.breaks, "time")}, '
                    f'first at line {self.first_break + 1} of the history.',
                )
            )
        if self.backwards:
            found.append(
                model.Gap(
                    checker=checker,
                    why='The time of the events goes back '
                    f'{model.plural(self.backwards, "time")}: this is no '
                    'merged history of one machine.',
                )
            )
        return found
