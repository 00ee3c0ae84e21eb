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
"""Lost updates: what was written to an attribute and what was seen of it.

An attribute of a resource (its name, a key of its metadata, its size) is a
register. Writes are acknowledged calls that name it in ``writes``; reads are
the looks of the storm (``seen``) and the census after the run. They must be
explained by some order in which each call took effect at one moment between
its sending and its answer, see ``linear``. An element of a set that is written
often (a tag, a role, a member) is a register that is there or not; what lists
show of sets whose elements are made and deleted, see ``sets``.
"""

import collections
import collections.abc
import dataclasses

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import collected
from extreme_tempest_plugin.checkers import linear
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import sets
from extreme_tempest_plugin.history import events

SLO = 'lost updates'

_Operations = collections.abc.Sequence[operations.Operation]


@dataclasses.dataclass(slots=True)
class _Register:
    """What is known of one attribute of one resource."""

    writes: list[linear.Write] = dataclasses.field(default_factory=list)
    reads: list[linear.Read] = dataclasses.field(default_factory=list)


class Registers(collected.Checker):
    """Attributes whose acknowledged writes are not seen."""

    name = 'registers'
    slo = SLO

    def conclude(self) -> model.Conclusion:
        found: list[model.Finding] = []
        judged = 0
        by_event = {}
        for operation in self._calls:
            by_event[operation.n] = operation
            if operation.rest:
                by_event[operation.rest.n] = operation
        for resource, calls in self._by_resource().items():
            for attribute, register in self._registers(resource, calls):
                judged += 1
                violation = linear.check(register.writes, register.reads)
                if violation:
                    found.append(
                        _finding(resource, attribute, violation, by_event)
                    )
        violations, lists = sets.check(self._calls)
        found += map(_of_set, violations)
        certain = self._certain(found)
        return model.Conclusion(
            findings=certain,
            gaps=tuple(self._gaps),
            rows=(self._limit(),) if judged or lists else (),
            measured={
                'lost_updates': len(certain),
                'registers': judged,
                'lists': lists,
            },
        )

    def _by_resource(self) -> dict[str, list[operations.Operation]]:
        found: dict[str, list[operations.Operation]] = collections.defaultdict(
            list
        )
        for operation in self._calls:
            if operation.resource:
                found[operation.resource].append(operation)
        return found

    def _registers(
        self, resource: str, calls: _Operations
    ) -> collections.abc.Iterator[tuple[str, _Register]]:
        """The attributes that were seen, with all that is known of them."""
        create = next((call for call in calls if call.creates), None)
        if create is None:
            # Who knows what was there at first.
            return
        registers: dict[str, _Register] = collections.defaultdict(_Register)
        for call in calls:
            for attribute, read in _reads(call):
                registers[attribute].reads.append(read)
        # What nobody is known to have written may be the service's default.
        written = {
            attribute
            for call in calls
            if call.acknowledged
            for attribute in call.writes
        }
        for attribute, read in self._last_reads(resource, calls):
            if attribute in registers or attribute in written:
                registers[attribute].reads.append(read)
        for attribute, register in registers.items():
            register.writes = list(_writes(attribute, calls, create))
            yield attribute, register

    def _last_reads(
        self, resource: str, calls: _Operations
    ) -> collections.abc.Iterator[tuple[str, linear.Read]]:
        """What the census shows."""
        entry = self._census.after_of(resource)
        kind = resource.partition('/')[0]
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        if entry is None or listing.began is None:
            return
        for attribute, value in entry.refs.items():
            yield (
                attribute,
                linear.Read(
                    # What is shown as nothing is not there.
                    value=value or None,
                    # The list was asked for after the storm had ended; its
                    # first entry came some time later.
                    start=min(
                        listing.began,
                        max((call.end for call in calls), default=0) + 1,
                    ),
                    end=entry.t,
                    event=entry.n,
                ),
            )


def _reads(
    call: operations.Operation,
) -> collections.abc.Iterator[tuple[str, linear.Read]]:
    rest = call.rest
    if rest is None or not rest.seen or censuses.is_gone(rest.state):
        return
    # A look is sent after the answer was there; what a call itself reads is
    # in its answer.
    start = call.began if call.effect == 'reads' else call.end + 1
    for attribute, value in rest.seen.items():
        if attribute.startswith(sets.ALL):
            continue
        yield (
            attribute,
            linear.Read(value=value, start=start, end=rest.t, event=rest.n),
        )


def _writes(
    attribute: str, calls: _Operations, create: operations.Operation
) -> collections.abc.Iterator[linear.Write]:
    if attribute not in create.writes:
        yield linear.Write(
            value=None, start=linear.ALWAYS, end=linear.ALWAYS, event=create.n
        )
    for call in calls:
        if attribute not in call.writes:
            continue
        if call.acknowledged or call.uncertain:
            value = call.writes[attribute]
            text = None if value is None else str(value)
            yield linear.Write(
                value=text,
                start=call.began,
                end=_written(call, attribute, text),
                event=call.n,
            )


def _written(
    call: operations.Operation, attribute: str, value: str | None
) -> int:
    """When a write was there for certain, ns; NEVER if it may not be.

    What is written after the acknowledgement was there when it was seen: if
    somebody else had written the same, it could as well have been this one.
    """
    if not call.acknowledged:
        return linear.NEVER
    if not call.asynchronous:
        return call.end
    seen = call.rest.seen if call.rest else {}
    if call.rest and attribute in seen and seen[attribute] == value:
        return call.rest.t
    return linear.NEVER


def _finding(
    resource: str,
    attribute: str,
    violation: linear.Violation,
    by_event: collections.abc.Mapping[int, operations.Operation],
) -> model.Finding:
    read, write = violation.read, violation.write
    shown = 'nothing' if read.value is None else repr(read.value)
    shown_by = by_event.get(write.event if write else read.event)
    numbers: list[int] = []
    ids: list[str] = []
    for event in (write.event if write else 0, read.event):
        if event in by_event:
            numbers += by_event[event].evidence()
            ids += by_event[event].request_ids()
        elif event:
            numbers.append(event)
    if write is None:
        story = (
            f'{attribute} of {resource} is {shown}, which nobody wrote '
            'before it was seen. No order of the acknowledged requests '
            'explains that.'
        )
    else:
        done = by_event[write.event]
        wrote = 'removed' if write.value is None else f'set to {write.value!r}'
        story = (
            f'{attribute} of {resource} was {wrote} by {done.action} with '
            f'status {done.status}, and was seen as {shown} afterwards. No '
            'order of the requests explains that, so the acknowledged update '
            'was lost.'
        )
    return _make(resource, shown_by, story, numbers, ids)


def _of_set(violation: sets.Violation) -> model.Finding:
    element, look = violation.element, violation.look
    ref = element.create.made
    if violation.missing:
        call = element.create
        story = (
            f'{ref} was created by {call.action} with status {call.status}, '
            f'and {look.action} did not show it afterwards. Nobody had asked '
            'to delete it by then, so the acknowledged update was lost.'
        )
    else:
        assert element.delete is not None
        call = element.delete
        story = (
            f'{ref} was deleted by {call.action} with status {call.status}, '
            f'and {look.action} still showed it afterwards. Nobody created '
            'it again, so the acknowledged update was lost.'
        )
    both = (call, look)
    return _make(
        ref,
        call,
        story,
        [number for one in both for number in one.evidence()],
        [each for one in both for each in one.request_ids()],
    )


def _make(
    about: str,
    shown_by: operations.Operation | None,
    story: str,
    numbers: list[int],
    ids: list[str],
) -> model.Finding:
    unique = tuple(dict.fromkeys(numbers))
    return model.Finding(
        checker='registers',
        about=about,
        service=shown_by.service if shown_by else '',
        action=shown_by.action if shown_by else '',
        slo=SLO,
        what=story,
        events=unique,
        request_ids=tuple(dict.fromkeys(ids)),
        look_again=(
            model.show_resource(about),
            model.look_at(unique),
            *(model.grep_request(each) for each in dict.fromkeys(ids)),
        ),
    )
