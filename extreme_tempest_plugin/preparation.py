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

import collections.abc
import random

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.cloud import reported
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import shares
from extreme_tempest_plugin.uptime import orders


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
    _check_times(plan)
    if plan.storm:
        actions.check(plan.storm)
        _check_states(plan.storm)
        boots = {'server'} & {*actions.created(plan.storm), *plan.storm.shared}
        if boots and not settings.cloud.image:
            raise errors.UsageError(
                'no image to boot: set [compute] image_ref in tempest.conf'
            )
    if plan.uptime:
        orders.check(plan.uptime)
        _check_boots(plan, settings)
    if plan.chaos:
        plan = _drawn(plan, plan.chaos, settings)
    if plan.faults:
        guard.permitted(plan.faults, settings.destructive, plan.bounds)
        _check_steady(plan, settings)
    return plan


def _drawn(
    plan: model.Plan, chaos: model.Chaos, settings: settings_.Settings
) -> model.Plan:
    """The plan with the faults that its seed draws.

    :raises UsageError: if one that may be drawn is refused, or none can be.
    """
    for fault in chaos.faults:
        guard.permitted((fault,), settings.destructive, plan.bounds)
    assert plan.seed is not None
    faults = chaos.drawn(plan.seed, plan.duration)
    if not faults:
        raise errors.PlanError(
            f'chaos: no fault would be over before the end at '
            f'{plan.duration:g} s: raise `duration` or lower `pause`',
            ('chaos',),
        )
    return msgspec.structs.replace(plan, faults=faults, chaos=None)


def _check_steady(plan: model.Plan, settings: settings_.Settings) -> None:
    """See whether each check of the steady state is one.

    :raises PlanError: if not: a misspelt one would never be asked, or would
        be asked all the same.
    """
    key = 'without' if plan.steady.without else 'checks'
    names = plan.steady.without or plan.steady.checks or ()
    if not names:
        return
    offered = reading.read(settings.destructive.os_faults_config)
    known = (
        *reported.NAMES,
        model.APIS,
        model.CANARY,
        *(cluster.name for cluster in offered.clusters),
    )
    for name in names:
        if name not in known:
            raise errors.PlanError(
                f'steady.{key}: {name}: there is no such check; there are '
                f'{", ".join(known)}',
                ('steady', key),
            )


def _check_boots(plan: model.Plan, settings: settings_.Settings) -> None:
    """See whether what is watched by booting servers can be.

    :raises UsageError: if not.
    """
    services = (plan.uptime and plan.uptime.services) or ()
    if not any(map(model.boots, services)):
        return
    if plan.storm:
        raise errors.UsageError(
            'uptime: nova/boot: not beside a storm, whose census would count '
            'its servers; the storm has slo.settle for server.create'
        )
    if not settings.cloud.image or not settings.cloud.flavor:
        raise errors.UsageError(
            'uptime: nova/boot: no server to boot: set [compute] image_ref '
            'and flavor_ref in tempest.conf'
        )


def _complete_storm(
    storm: model.Storm, settings: settings_.Settings
) -> model.Storm:
    users = storm.users or settings.users
    max_instances = storm.max_instances or settings.max_instances
    think_time = storm.think_time
    if storm.rate is None and think_time is None:
        think_time = model.THINK_TIME
    complete = msgspec.structs.replace(
        storm,
        users=users,
        max_instances=max_instances,
        think_time=think_time,
    )
    if complete.processes > users:
        raise errors.UsageError(
            f'storm.processes: {users} users cannot be shared by '
            f'{complete.processes}: give at most the number of users'
        )
    shares.limits(complete, actions.created(complete))
    _check_shared(complete.shared)
    return complete


def _check_shared(kinds: collections.abc.Iterable[str]) -> None:
    """See whether what a plan shares can be created, in its order.

    :raises PlanError: if not.
    """
    there: set[str] = set()
    for kind in kinds:
        for need in actions.creating(kind).partners.values():
            if need.kind not in there:
                raise errors.PlanError(
                    f'storm.shared.{kind}: takes a {need.kind}, which must be '
                    'shared, too, and stand above it',
                    ('storm', 'shared', kind),
                )
        there.add(kind)


def _check_states(storm: model.Storm) -> None:
    """See whether each deadline of a state is one of a kind of the storm.

    :raises PlanError: if not: a misspelt one would never hold.
    """
    known = {*actions.kinds(storm), *storm.shared}
    for kind in storm.stuck_after:
        if kind not in known:
            raise errors.PlanError(
                f'storm.stuck_after.{kind}: the storm has nothing to do with '
                f'that; it deals with {", ".join(sorted(known))}',
                ('storm', 'stuck_after', kind),
            )


def _check_times(plan: model.Plan) -> None:
    """See whether each limit of time is one of an action of the storm.

    :raises PlanError: if not: a misspelt one would measure nothing.
    """
    known = (
        {action.name for action in actions.wanted(plan.storm)}
        if plan.storm
        else set()
    )
    for key, limits in (
        ('latency', plan.slo.latency),
        ('settle', plan.slo.settle),
    ):
        for name in limits:
            if name not in {*known, model.DEFAULT}:
                raise errors.PlanError(
                    f'slo.{key}.{name}: the storm has no such action',
                    ('slo', key, name),
                )


def _complete_uptime(
    uptime: model.Uptime, settings: settings_.Settings
) -> model.Uptime:
    services, control = uptime.services, uptime.control
    return msgspec.structs.replace(
        uptime,
        services=settings.services if services is None else services,
        control=(settings.control or None) if control is None else control,
    )
