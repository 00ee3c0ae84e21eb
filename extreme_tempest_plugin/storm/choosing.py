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

from extreme_tempest_plugin.storm import model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """An action and how often it is chosen, relative to the others."""

    action: model.Action
    weight: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision.

    :param resource: what to act on; None for an action that creates.
    :param record: for the history; names the resource by the operation that
        created it, for its id is another one in a replay.
    """

    action: model.Action
    resource: model.Resource | None
    record: model.Arguments


def source(seed: int, user: int, purpose: str = 'choices') -> random.Random:
    """The random source of one user.

    :param user: index over all workers.
    :param purpose: choices, or think times, which must not disturb them.
    """
    return random.Random(f'{seed}/{user}/{purpose}')


def choose(
    state: model.State,
    actions: collections.abc.Iterable[Weighted],
    rng: random.Random,
) -> Choice | None:
    """Draw among the actions whose precondition holds.

    :returns: None if none may be taken; nothing is drawn then.
    """
    # By name, so that the order in which a plan lists them does not matter.
    open_to = sorted(
        (
            entry
            for entry in actions
            if entry.weight > 0 and entry.action.permitted(state)
        ),
        key=lambda entry: entry.action.name,
    )
    if not open_to:
        return None
    sums = list(itertools.accumulate(entry.weight for entry in open_to))
    drawn = bisect.bisect_right(sums, rng.random() * sums[-1])
    # random() < 1, but the product may be rounded up to the whole sum.
    action = open_to[min(drawn, len(open_to) - 1)].action
    record: model.Arguments = {'among': len(open_to)}
    if action.effect is model.Effect.CREATES:
        return Choice(action=action, resource=None, record=record)
    candidates = action.candidates(state)
    pick = rng.randrange(len(candidates))
    record |= {
        'candidates': len(candidates),
        'pick': pick,
        'made_by': candidates[pick].key,
    }
    return Choice(action=action, resource=candidates[pick], record=record)
