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
"""Complete a plan from the configuration and check it, before anything."""

import random

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model as storm_model
from extreme_tempest_plugin.uptime import watch


def prepare(plan: model.Plan, settings: settings_.Settings) -> model.Plan:
    """Fill in what the plan leaves open and check all of it.

    Nothing of the cloud is touched.

    :raises UsageError: for an unknown action, service or fault, or a fault
        that the guard refuses.
    """
    if not settings.cloud.auth_url:
        raise errors.UsageError(
            'no cloud: set [identity] uri_v3 in tempest.conf'
        )
    plan = msgspec.structs.replace(
        plan,
        seed=random.SystemRandom().getrandbits(32)
        if plan.seed is None
        else plan.seed,
        storm=plan.storm and _complete_storm(plan.storm, settings),
        uptime=plan.uptime and _complete_uptime(plan.uptime, settings),
    )
    if plan.storm:
        actions.check(plan.storm)
        if not settings.cloud.image:
            raise errors.UsageError(
                'no image to boot: set [compute] image_ref in tempest.conf'
            )
    if plan.uptime:
        watch.check(plan.uptime)
    if plan.faults:
        guard.permitted(plan.faults, settings.destructive)
    return plan


def _complete_storm(
    storm: model.Storm, settings: settings_.Settings
) -> model.Storm:
    users = storm.users or settings.users
    max_instances = storm.max_instances or settings.max_instances
    storm_model.limits(users, max_instances)
    return msgspec.structs.replace(
        storm, users=users, max_instances=max_instances
    )


def _complete_uptime(
    uptime: model.Uptime, settings: settings_.Settings
) -> model.Uptime:
    services = uptime.services
    return msgspec.structs.replace(
        uptime, services=settings.services if services is None else services
    )
