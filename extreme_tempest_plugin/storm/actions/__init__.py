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
"""The catalogue of actions, one file for each service."""

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute

#: Every action, by its name in a plan.
CATALOGUE: dict[str, model.Action] = {
    action.name: action
    for action in (
        compute.CreateServer(),
        compute.DeleteServer(),
        compute.RebootServerSoft(),
        compute.RebootServerHard(),
        compute.RenameServer(),
        compute.CreateKeypair(),
        compute.DeleteKeypair(),
    )
}


def check(storm: plan_model.Storm, source: str = 'plan') -> None:
    """See whether a plan names actions that there are.

    :param source: file name for the message.
    :raises PlanError: naming the key and the actions that there are.
    """
    weighted(storm, source)


def weighted(
    storm: plan_model.Storm, source: str = 'plan'
) -> tuple[choosing.Weighted, ...]:
    """The actions of a plan with their weights.

    :raises PlanError: if there is no action of that name.
    """
    for name in storm.actions:
        if name not in CATALOGUE:
            known = ', '.join(sorted(CATALOGUE))
            raise errors.PlanError(
                f'{source}: storm.actions.{name}: unknown action; there are '
                f'{known}'
            )
    return tuple(
        choosing.Weighted(action=CATALOGUE[name], weight=weight)
        for name, weight in storm.actions.items()
    )
