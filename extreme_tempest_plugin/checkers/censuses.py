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
"""The census of a history, by phase and resource."""

import dataclasses

from extreme_tempest_plugin.history import events

#: States in which a service lists what it has already deleted, and that of
#: what it does not find.
GONE = frozenset({'deleted', 'soft_deleted', 'missing'})


@dataclasses.dataclass(slots=True)
class Listing:
    """What was listed of one kind.

    :ivar began: time of its first event, ns; None if there is none.
    :ivar complete: the note that says that all of it was listed.
    """

    began: int | None = None
    complete: events.Note | None = None


class Censuses:
    """Collects the census.

    :ivar before: what was there before the run, by resource.
    :ivar during: what was seen while something was broken.
    :ivar after: what was there after it, by resource.
    """

    wants: tuple[type[events.Event], ...] = (events.Census, events.Note)

    def __init__(self) -> None:
        self.before: dict[str, events.Census] = {}
        self.during: list[events.Census] = []
        self.after: dict[str, events.Census] = {}
        self._listings: dict[tuple[str, str], Listing] = {}

    def see(self, event: events.AnyEvent) -> None:
        match event:
            case events.Census(phase=events.CensusPhase.DURING):
                self.during.append(event)
            case events.Census():
                phase = event.phase
                resources = (
                    self.before
                    if phase is events.CensusPhase.BEFORE
                    else self.after
                )
                # Several services may know a resource: the first one owns
                # it, as the census lists a kind at its owner first.
                resources.setdefault(event.resource, event)
                kind = event.resource.partition('/')[0]
                self._begin(phase, kind, event.t)
            case events.Note(what=events.Topic.CENSUS_COMPLETE):
                phase_name, _, kind = event.about.partition('/')
                listing = self._begin(phase_name, kind, event.t)
                listing.complete = event

    def listing(self, phase: events.CensusPhase, kind: str) -> Listing:
        """What was listed of ``kind``; nothing is an empty listing."""
        return self._listings.get((phase.value, kind), Listing())

    def after_of(self, resource: str) -> events.Census | None:
        """The resource as it was after the run, None if it was gone."""
        entry = self.after.get(resource)
        return None if entry is None or is_gone(entry.state) else entry

    def _begin(self, phase: str, kind: str, t: int) -> Listing:
        listing = self._listings.setdefault((str(phase), kind), Listing())
        if listing.began is None or t < listing.began:
            listing.began = t
        return listing


def is_gone(state: str) -> bool:
    """Whether a service lists it only as a memory."""
    return state.lower() in GONE
