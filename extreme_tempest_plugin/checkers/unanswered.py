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
"""What became of the operations that nobody answered.

``info`` is neither a yes nor a no, and the census after the run is both: what
was asked for is there, or it is not. Where the census cannot show it, nobody
knows, and that is a gap. For a finding it takes an answer, see ``lost``.
"""

import collections.abc
import enum

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import lost
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events


class Side(enum.StrEnum):
    """What an operation came to; the value is its name in ``measured``."""

    DONE = 'unanswered_done'
    NOT_DONE = 'unanswered_not_done'
    #: A reboot: afterwards all is as before.
    NO_TRACE = 'unanswered_without_trace'
    UNKNOWN = 'unanswered_unknown'


class Unanswered:
    """Each operation without an answer, resolved to one side."""

    name = 'unanswered'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self, calls: operations.Operations, census: censuses.Censuses
    ) -> None:
        self._calls = calls
        self._census = census
        #: Kind and name of each resource that is there.
        self._there: set[str] = set()

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        self._there = {
            f'{resource.partition("/")[0]}/{entry.refs.get("name", "")}'
            for resource, entry in self._census.after.items()
            if self._census.after_of(resource)
        }
        sides: dict[Side, list[operations.Operation]] = {
            side: [] for side in Side
        }
        for call in self._calls:
            reads = call.effect == 'reads' or call.kind in lost.UNLISTED
            if call.uncertain and not reads:
                sides[self._side(call)].append(call)
        return model.Conclusion(
            gaps=tuple(_gaps(sides[Side.UNKNOWN])),
            measured={
                side.value: len(calls)
                for side, calls in sides.items()
                if any(sides.values())
            },
        )

    def _side(self, call: operations.Operation) -> Side:
        resource = call.resource
        kind = resource.partition('/')[0] or call.kind
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        # What ended later may have been done before the list, or after it.
        if listing.complete is None or call.end >= (listing.began or 0):
            return Side.UNKNOWN
        if call.consumes:
            gone = self._census.after_of(resource) is None
            return Side.DONE if gone else Side.NOT_DONE
        if call.creates:
            return self._made(call)
        return self._written(call)

    def _made(self, call: operations.Operation) -> Side:
        there = call.resource and self._census.after_of(call.resource)
        if there or f'{call.kind}/{call.name}' in self._there:
            return Side.DONE
        # By its name it would be found, if it is known by that or another.
        known = call.resource or isinstance(call.name, str)
        return Side.NOT_DONE if known else Side.UNKNOWN

    def _written(self, call: operations.Operation) -> Side:
        if not call.writes:
            return Side.NO_TRACE
        entry = self._census.after_of(call.resource)
        if entry is None:
            # It was deleted, and what was written with it.
            return Side.NO_TRACE
        shown = {
            attribute: value
            for attribute, value in call.writes.items()
            if attribute in entry.refs
        }
        if not shown:
            return Side.UNKNOWN
        done = all(
            entry.refs[attribute] == ('' if value is None else str(value))
            for attribute, value in shown.items()
        )
        return Side.DONE if done else Side.NOT_DONE


def _gaps(
    calls: collections.abc.Sequence[operations.Operation],
) -> collections.abc.Iterator[model.Gap]:
    if not calls:
        return
    first = calls[0]
    count = model.plural(len(calls), 'operation')
    yield model.Gap(
        checker=Unanswered.name,
        why=f'{count} without an answer, first {first.action} {first.op} at '
        f'event {first.n}: the census does not show whether they were done.',
    )
