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
"""What a storm can do: one file a service.

Others add theirs by the entry point ``extreme_tempest_plugin.actions``: each
names an instance of ``storm.model.Action``, or a sequence of them.
"""

import functools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import others
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute
from extreme_tempest_plugin.storm.actions import compute_floating
from extreme_tempest_plugin.storm.actions import compute_groups
from extreme_tempest_plugin.storm.actions import compute_keys
from extreme_tempest_plugin.storm.actions import compute_metadata
from extreme_tempest_plugin.storm.actions import compute_network
from extreme_tempest_plugin.storm.actions import compute_power
from extreme_tempest_plugin.storm.actions import compute_reading
from extreme_tempest_plugin.storm.actions import compute_resize
from extreme_tempest_plugin.storm.actions import compute_tags
from extreme_tempest_plugin.storm.actions import dns
from extreme_tempest_plugin.storm.actions import identity
from extreme_tempest_plugin.storm.actions import identity_roles
from extreme_tempest_plugin.storm.actions import identity_token
from extreme_tempest_plugin.storm.actions import identity_users
from extreme_tempest_plugin.storm.actions import image
from extreme_tempest_plugin.storm.actions import image_details
from extreme_tempest_plugin.storm.actions import lists
from extreme_tempest_plugin.storm.actions import network
from extreme_tempest_plugin.storm.actions import network_router
from extreme_tempest_plugin.storm.actions import network_security
from extreme_tempest_plugin.storm.actions import objects
from extreme_tempest_plugin.storm.actions import objects_data
from extreme_tempest_plugin.storm.actions import objects_large
from extreme_tempest_plugin.storm.actions import tempest_test
from extreme_tempest_plugin.storm.actions import volume
from extreme_tempest_plugin.storm.actions import volume_copies
from extreme_tempest_plugin.storm.actions import volume_uses

NAMESPACE = 'extreme_tempest_plugin.actions'

_OWN = (
    *compute.ACTIONS,
    *compute_floating.ACTIONS,
    *compute_keys.ACTIONS,
    *compute_groups.ACTIONS,
    *compute_metadata.ACTIONS,
    *compute_network.ACTIONS,
    *compute_power.ACTIONS,
    *compute_reading.ACTIONS,
    *compute_resize.ACTIONS,
    *compute_tags.ACTIONS,
    *image.ACTIONS,
    *image_details.ACTIONS,
    *volume.ACTIONS,
    *volume_copies.ACTIONS,
    *volume_uses.ACTIONS,
    *network.ACTIONS,
    *network_router.ACTIONS,
    *network_security.ACTIONS,
    *lists.ACTIONS,
    *dns.ACTIONS,
    *objects.ACTIONS,
    *objects_data.ACTIONS,
    *objects_large.ACTIONS,
    *identity.ACTIONS,
    *identity_users.ACTIONS,
    *identity_roles.ACTIONS,
    *identity_token.ACTIONS,
)


def own() -> tuple[model.Action, ...]:
    """The actions of this plugin, without those that others add."""
    return _OWN


@functools.cache
def catalogue() -> dict[str, model.Action]:
    """Every action, by its name in a plan.

    :raises UsageError: if one that others add cannot be loaded, or takes the
        name of another one.
    """
    found: dict[str, model.Action] = {}
    for source, action in (
        *(('this plugin', action) for action in _OWN),
        *others.added(
            NAMESPACE,
            model.Action,  # type: ignore[type-abstract]
            'action',
        ),
    ):
        if action.name in found:
            raise errors.UsageError(
                f'action {action.name} of {source} is there already: remove '
                'the package that brings it'
            )
        found[action.name] = action
    return found


def weighted(storm: plan_model.Storm) -> tuple[choosing.Weighted, ...]:
    """The actions of a plan with their weights.

    :raises PlanError: if there is no action of that name.
    """
    return tuple(
        choosing.Weighted(action=_named(name), weight=weight)
        for name, weight in storm.actions.items()
    )


def _named(name: str) -> model.Action:
    known = catalogue()
    action = known.get(name) or tempest_test.named(name)
    if action is None:
        raise errors.PlanError(
            f'storm.actions.{name}: unknown action; there are '
            f'{", ".join(sorted(known))}, and {tempest_test.PREFIX} with the '
            'name of a test of Tempest',
            ('storm', 'actions', name),
        )
    return action


def check(storm: plan_model.Storm) -> None:
    """See whether each test of Tempest in a plan is there.

    It imports them, so it is not for a load process.

    :raises PlanError: for an unknown action or test.
    """
    for entry in weighted(storm):
        name = entry.action.name
        why = tempest_test.check(name) if tempest_test.named(name) else ''
        if why:
            raise errors.PlanError(
                f'storm.actions.{name}: no such test of Tempest: {why}',
                ('storm', 'actions', name),
            )


def longest(storm: plan_model.Storm) -> float:
    """Seconds that a call of a plan may take over the time-out of HTTP."""
    return max(entry.action.longest for entry in weighted(storm))


def kinds(storm: plan_model.Storm) -> tuple[str, ...]:
    """Kinds of resources that the actions of a plan deal with."""
    found: dict[str, None] = {}
    for entry in weighted(storm):
        found[entry.action.kind] = None
        for need in entry.action.partners.values():
            found[need.kind] = None
    return tuple(found)


def created(storm: plan_model.Storm) -> tuple[str, ...]:
    """Kinds of resources that the actions of a plan create."""
    return tuple(
        dict.fromkeys(
            entry.action.kind
            for entry in weighted(storm)
            if entry.action.effect is model.Effect.CREATES
        )
    )


def creating(kind: str) -> model.Action:
    """The action that creates a kind of resource.

    :raises PlanError: if there is none.
    """
    action = catalogue().get(f'{kind}.create')
    if action is None or action.effect is not model.Effect.CREATES:
        known = sorted(
            one.kind
            for one in catalogue().values()
            if one.effect is model.Effect.CREATES
        )
        raise errors.PlanError(
            f'storm.shared.{kind}: there is no such kind of resource; there '
            f'are {", ".join(dict.fromkeys(known))}',
            ('storm', 'shared', kind),
        )
    return action


def wanted(storm: plan_model.Storm) -> tuple[model.Action, ...]:
    """What users may choose, and what creates the things that they share."""
    chosen = [entry.action for entry in weighted(storm) if entry.weight > 0]
    shared = [creating(kind) for kind in storm.shared]
    return tuple(
        {action.name: action for action in (*chosen, *shared)}.values()
    )


def need_admin(storm: plan_model.Storm) -> bool:
    """Whether an administrator acts in a storm."""
    return any(action.admin for action in wanted(storm))
