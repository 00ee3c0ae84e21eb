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
"""Resources of the run that the census shows in an error, or on their way.

A resource may be on its way until a deadline after the last thing that is
known to be otherwise: an operation on it, or with it as a partner, that ended
or was seen to have come to rest. It does not matter what became of that
operation.
"""

import collections.abc
import dataclasses
import shlex

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import records
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import names
from extreme_tempest_plugin.plan import model as plan_model

SLO = 'stuck or error states'

CHECKER = 'stuck'


@dataclasses.dataclass(frozen=True, slots=True)
class Left:
    """What the census shows, by resource."""

    findings: dict[str, model.Finding]
    gaps: dict[str, model.Gap]


@dataclasses.dataclass(frozen=True, slots=True)
class _Touch:
    """The last that is known of a resource before the census.

    :param t: when an operation on it ended, or came to rest, ns.
    """

    t: int
    call: operations.Operation


def judge(
    calls: operations.Operations,
    census: censuses.Censuses,
    storm: plan_model.Storm,
) -> Left:
    """The resources of the run that are not at rest after it.

    :param storm: of the plan: what deadlines there are.
    """
    left = Left({}, {})
    touches = _touches(calls)
    for resource, entry in census.after.items():
        kind = resource.partition('/')[0]
        state = states.of(entry)
        moves = states.is_transitional(state, storm.stuck_after.get(kind, ()))
        if resource in census.before or not (moves or states.is_error(state)):
            continue
        if kind == records.KIND:
            # What became of an operation, and nothing that can be stuck.
            continue
        name = entry.refs.get('name', '')
        if name.startswith(names.WATCHED):
            continue
        touch = touches.get(resource, touches.get(f'{kind}/{name}'))
        listing = census.listing(events.CensusPhase.BEFORE, kind)
        limit = storm.deadline(kind, state)
        late = touch and entry.t - touch.t > limit * model.SECOND
        if listing.complete is None and touch is None:
            why = 'whether this run made it is not known'
            left.gaps[resource] = _doubt(resource, state, why)
        elif states.is_error(state):
            if touch and _may_be(touch.call, state):
                continue
            left.findings[resource] = _finding(
                entry,
                (),
                f'{resource} was in {state} when the run was over. '
                'The run made it, and the service itself listed it so.',
            )
        elif touch and late:
            left.findings[resource] = _stuck(entry, state, touch, limit)
        else:
            why = (
                f'a {kind} may be so for {limit:g} s, so whether it comes to '
                'rest is not known'
            )
            left.gaps[resource] = _doubt(resource, state, why)
    return left


def _may_be(call: operations.Operation, state: str) -> bool:
    """Whether the last operation on it may leave it in this error."""
    rest = call.rest
    return rest is not None and rest.reached and rest.state == state


def commands(resource: str) -> tuple[str, ...]:
    """What shows a resource again."""
    kind, _, name = resource.partition('/')
    if not name:
        return ()
    shown = (model.show_resource(resource),)
    if kind != 'server':
        return shown
    return (*shown, f'openstack server event list {shlex.quote(name)}')


def _touches(
    calls: collections.abc.Iterable[operations.Operation],
) -> dict[str, _Touch]:
    """What is known last of each resource.

    What was created without an answer has no id but the name that was asked
    for, which is unique.
    """
    latest: dict[str, _Touch] = {}
    for call in calls:
        key = call.resource
        if not key and call.uncertain:
            key = f'{call.kind}/{call.name}'
        rested = call.rest is not None and call.rest.reached
        t = call.rest.t if call.rest and rested else call.end
        for one in (key, *call.partners.values()):
            if one not in latest or latest[one].t < t:
                latest[one] = _Touch(t, call)
    return latest


def _stuck(
    entry: events.Census, state: str, touch: _Touch, limit: float
) -> model.Finding:
    resource, call = entry.resource, touch.call
    kind = resource.partition('/')[0]
    passed = model.seconds(entry.t - touch.t)
    how = {
        operations.Known.OK: 'was acknowledged',
        operations.Known.FAIL: 'was refused',
    }.get(call.known, 'had no answer')
    if call.rest is not None and call.rest.reached:
        how = f'had come to rest in {call.rest.state}'
    return _finding(
        entry,
        call.evidence(),
        f'{resource} is stuck in {state}. It was so when the run was over, '
        f'{passed} after the last operation on it ({call.action}) {how}; a '
        f'{kind} may be in {state} for {limit:g} s.',
    )


def _finding(
    entry: events.Census, before: tuple[int, ...], what: str
) -> model.Finding:
    numbers = (*before, entry.n)
    return model.Finding(
        checker=CHECKER,
        about=entry.resource,
        service=entry.service,
        slo=SLO,
        what=what,
        events=numbers,
        look_again=(*commands(entry.resource), model.look_at(numbers)),
    )


def _doubt(resource: str, state: str, why: str) -> model.Gap:
    return model.Gap(
        checker=CHECKER,
        why=f'{resource} was in {state} when the census was taken: {why}.',
    )
