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
"""The operations of a history, to be issued again.

Pure. A resource is another one in a replay, so each is named by the operation
that created it, as the choices in a history do.
"""

import collections
import collections.abc
import math

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import model

#: Digits of the number of a user, in a history that may be damaged.
MOST_DIGITS = 9

#: How the choice of an operation names its resource and its partners.
MADE_BY = 'made_by'
PARTNER = 'with_'


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One operation to issue again.

    :param at: after the storm began, ns.
    :param made_by: the operation that created what it acts on; empty if it
        acts on nothing.
    :param partners: the operations that created its partners, by role.
    """

    at: int
    op: str
    action: str
    made_by: str = ''
    partners: dict[str, str] = {}
    args: model.Arguments = {}
    choice: model.Arguments = {}


#: What each user does, by its index over all workers.
Script = dict[int, tuple[Step, ...]]


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """All of a history that is issued again.

    :param run: identity of the run that is repeated.
    :param plan: of that run, with its storm alone, as long as its script.
    """

    run: str
    plan: plan_model.Plan
    script: Script


def read(
    header: events.Header, source: collections.abc.Iterable[events.AnyEvent]
) -> Replay:
    """What a history says of its operations.

    :raises HistoryError: if it has none.
    :raises PlanError: if this version cannot read its plan.
    """
    plan = loader.of_builtins(header.plan)
    began: int | None = None
    invoked: list[tuple[int, events.Invoke]] = []
    for event in source:
        match event:
            case events.Invoke():
                name = event.op.partition('-')[0]
                # What all users share is created by the plan.
                if name.isdecimal() and len(name) <= MOST_DIGITS:
                    invoked.append((int(name), event))
            case events.Note(what=events.Topic.STARTED) if (
                event.actor.startswith('storm/') and began is None
            ):
                began = event.t
    if plan.storm is None or not invoked:
        raise errors.HistoryError(
            f'run {header.run}: there are no operations of a storm in its '
            'history: nothing to replay'
        )
    first = invoked[0][1].t if began is None else began
    script: dict[int, list[Step]] = collections.defaultdict(list)
    for user, event in invoked:
        script[user].append(_step(event, first))
    # It may have been stopped early, or late as a replay may be; what comes
    # after that was dated by a clock that jumped.
    last = math.ceil(max(steps[-1].at for steps in script.values()) / 1e9)
    longest = plan.duration + plan.storm.deadline('')
    return Replay(
        run=header.run,
        plan=msgspec.structs.replace(
            plan.of_storm(),
            # Who begins when is in the script.
            storm=msgspec.structs.replace(plan.storm, ramp=0.0),
            duration=min(float(last or 1), longest),
        ),
        script={user: tuple(steps) for user, steps in script.items()},
    )


def renamed(script: Script, old: str, new: str) -> Script:
    """A script with the names of another run.

    :param old: prefix of the names of the run that is repeated.
    :param new: prefix of those of the run that repeats it.
    """
    return {
        user: tuple(
            msgspec.structs.replace(
                step,
                args={
                    key: value.replace(old, new)
                    if isinstance(value, str)
                    else value
                    for key, value in step.args.items()
                },
            )
            for step in steps
        )
        for user, steps in script.items()
    }


def _step(event: events.Invoke, began: int) -> Step:
    return Step(
        at=max(0, event.t - began),
        op=event.op,
        action=event.action,
        made_by=str(event.choice.get(MADE_BY, '')),
        partners={
            key.removeprefix(PARTNER): str(value)
            for key, value in event.choice.items()
            if key.startswith(PARTNER)
        },
        args=event.args,
        choice=event.choice,
    )
