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
"""What a storm does on a cloud that does not offer all that its plan wants.

Pure: what the cloud offers comes in as names. An action that cannot work is
left out and named; the others stay.
"""

import collections.abc
import dataclasses

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model

#: What an administrator's credentials are called among what is offered.
ADMIN = 'admin'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What is left of a storm.

    :param remarks: a line for each thing that is missing, with what is left
        out for it.
    """

    storm: plan_model.Storm
    remarks: tuple[str, ...] = ()


def needs(action: model.Action) -> frozenset[str]:
    """All that a cloud must offer for an action."""
    return (
        action.requires
        | ({action.service} if action.service else frozenset())
        | ({ADMIN} if action.admin else frozenset())
    )


def fit(
    storm: plan_model.Storm,
    offered: collections.abc.Container[str],
    missing: collections.abc.Callable[[str], str],
) -> Fitted:
    """Leave out what cannot work.

    :param offered: names of services and of further things, see
        ``cloud.offer``.
    :param missing: says in a few words that the cloud lacks something.
    :raises UsageError: if nothing is left.
    """
    wanted = {action.name: action for action in actions.wanted(storm)}
    lacking: dict[str, list[str]] = {}
    for name, action in wanted.items():
        lacks = sorted(one for one in needs(action) if one not in offered)
        if lacks:
            why = ' and '.join(map(missing, lacks))
            lacking.setdefault(why, []).append(name)
    out = {name for names in lacking.values() for name in names}
    for name, kind in _orphans(wanted.values(), out):
        lacking.setdefault(f'nothing makes a {kind}', []).append(name)
        out.add(name)
    if not out:
        return Fitted(storm=storm)
    remarks = tuple(
        f'{why}: {", ".join(sorted(names))} left out'
        for why, names in lacking.items()
    )
    left = {
        name: weight
        for name, weight in storm.actions.items()
        if name not in out
    }
    if not any(left.values()):
        raise errors.UsageError(
            f'nothing is left of the storm: {"; ".join(remarks)}'
        )
    shared = {
        kind: number
        for kind, number in storm.shared.items()
        if actions.creating(kind).name not in out
    }
    return Fitted(
        storm=msgspec.structs.replace(storm, actions=left, shared=shared),
        remarks=remarks,
    )


def _orphans(
    wanted: collections.abc.Collection[model.Action], out: set[str]
) -> collections.abc.Iterator[tuple[str, str]]:
    """Actions on resources that nothing creates any more, and their kind."""
    makers = {
        action.kind
        for action in wanted
        if action.effect is model.Effect.CREATES
    }
    gone = set(out)
    while True:
        left = {
            action.kind
            for action in wanted
            if action.effect is model.Effect.CREATES
            and action.name not in gone
        }
        found = [
            (action.name, kind)
            for action in wanted
            if action.name not in gone
            for kind in _takes(action)
            # What the plan itself never creates is not the cloud's fault.
            if kind in makers - left
        ]
        if not found:
            return
        for name, kind in found:
            if name not in gone:
                gone.add(name)
                yield name, kind


def _takes(action: model.Action) -> collections.abc.Iterator[str]:
    if action.effect is not model.Effect.CREATES:
        yield action.kind
    for need in action.partners.values():
        yield need.kind
