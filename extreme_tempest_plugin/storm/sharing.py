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
"""The resources that all users of a storm act on, created before it begins."""

import collections.abc
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import state as storm_state
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.storm import user

#: Who creates them; its operations are ``shared-1`` and so on.
CREATOR = 'shared'

#: Seconds between two looks at what is being created.
PAUSE = 0.5


def create(
    spec: storm_spec.StormSpec,
    surroundings: around.Surroundings,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> tuple[storm_spec.SharedResource, ...]:
    """Create what the plan shares, kind by kind, and wait until all is there.

    :raises HarnessError: if one of them cannot be had.
    """
    plan = spec.storm
    weighted = actions.weighted(plan)
    creator = user.User(
        name=CREATOR,
        actor='storm/shared',
        prefix=spec.prefix,
        actions=(),
        limits=plan.shared,
        rng=choosing.source(spec.seed, CREATOR),
        deadline=plan.deadline,
        surroundings=surroundings,
    )
    for kind, number in plan.shared.items():
        creator.choose_among(
            (choosing.Weighted(action=actions.creating(kind), weight=1),)
        )
        for _ in range(number):
            # What it needs, a zone for one, may be taken by the one before.
            while not creator.step() and creator.settle():
                sleep(PAUSE)
        while creator.settle():
            sleep(PAUSE)
    made = tuple(
        _shared(resource, [entry.action for entry in weighted])
        for resource in creator.state.resources.values()
        if resource.state != model.UNKNOWN and resource.id
    )
    if len(made) < sum(plan.shared.values()):
        raise errors.HarnessError(
            f'only {len(made)} of {sum(plan.shared.values())} resources that '
            'the plan shares could be created: see the history'
        )
    return made


def _shared(
    resource: model.Resource, acting: list[model.Action]
) -> storm_spec.SharedResource:
    """What the load processes are told of a resource."""
    possible = storm_state.closure(acting, resource.kind, resource.state)
    return storm_spec.SharedResource(
        key=resource.key,
        kind=resource.kind,
        id=resource.id,
        name=resource.name,
        possible=tuple(sorted(possible)),
    )
