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
"""Which action a user takes next, on which of its resources.

Pure. The same state and the same random source give the same choice, on any
machine and with any number of workers.
"""

import bisect
import collections.abc
import dataclasses
import itertools
import random

import msgspec

from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import state as storm_state


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """An action and how often it is chosen, relative to the others."""

    action: model.Action
    weight: float


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """A decision.

    :param chosen: what to act on.
    :param record: for the history; names each resource by the operation that
        created it, for its id is another one in a replay.
    """

    action: model.Action
    chosen: model.Chosen
    record: model.Arguments


def source(
    seed: int, user: int | str, purpose: str = 'choices'
) -> random.Random:
    """The random source of one user.

    :param user: index over all workers.
    :param purpose: choices, or think times, which must not disturb them.
    """
    return random.Random(f'{seed}/{user}/{purpose}')


class Chooser:
    """Draws among the actions whose precondition holds.

    What may be done is a function of the state, so it is found once for each
    state: after a user has only looked at something, it is the same.

    :param actions: with their weights; their order does not matter.
    """

    def __init__(self, actions: collections.abc.Iterable[Weighted]) -> None:
        self._actions = ordered(actions)
        self._state: storm_state.State | None = None
        self._open: list[tuple[Weighted, tuple[model.Resource, ...]]] = []
        self._sums: list[float] = []

    def choose(
        self, state: storm_state.State, rng: random.Random
    ) -> Choice | None:
        """Choose an action and what it acts on.

        :returns: None if none may be taken; nothing is drawn then.
        """
        if state is not self._state:
            self._open = list(_open_to(state, self._actions))
            self._sums = list(
                itertools.accumulate(entry.weight for entry, _ in self._open)
            )
            self._state = state
        if not self._open:
            return None
        drawn = bisect.bisect_right(self._sums, rng.random() * self._sums[-1])
        # random() < 1, but the product may be rounded up to the whole sum.
        entry, candidates = self._open[min(drawn, len(self._open) - 1)]
        record: model.Arguments = {'among': len(self._open)}
        resource = None
        if candidates:
            pick = rng.randrange(len(candidates))
            resource = candidates[pick]
            record['candidates'] = len(candidates)
            record['pick'] = pick
            record['made_by'] = resource.key
        partners = {}
        for role in entry.action.partners:
            fitting = state.partners(entry.action, role, resource)
            partners[role] = fitting[rng.randrange(len(fitting))]
            record[f'with_{role}'] = partners[role].key
        return Choice(
            action=entry.action,
            chosen=model.Chosen(resource=resource, partners=partners),
            record=record,
        )


def _open_to(
    state: storm_state.State, actions: collections.abc.Iterable[Weighted]
) -> collections.abc.Iterator[tuple[Weighted, tuple[model.Resource, ...]]]:
    """The actions that may be taken, each with what it may act on."""
    for entry in actions:
        if entry.action.effect is model.Effect.CREATES:
            if state.may_create(entry.action):
                yield entry, ()
        elif not entry.action.states:
            # It reads, and needs nothing.
            yield entry, ()
        elif candidates := state.candidates(entry.action):
            yield entry, candidates


def ordered(
    actions: collections.abc.Iterable[Weighted],
) -> tuple[Weighted, ...]:
    """Those that may be chosen, by name.

    So that the order in which a plan lists them does not matter.
    """
    return tuple(
        sorted(
            (entry for entry in actions if entry.weight > 0),
            key=lambda entry: entry.action.name,
        )
    )
