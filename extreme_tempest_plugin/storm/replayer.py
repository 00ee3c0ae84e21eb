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
"""A virtual user that does again what a history says that it did."""

import collections
import collections.abc
import typing

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import replay
from extreme_tempest_plugin.storm import user

#: After the storm began, ns: when a user is due that has nothing more to do.
NEVER = 10**15


class Replayer(user.User):
    """A virtual user with a script; also its own pace, see ``pacing.Pace``.

    It keeps to the order of its script and to its times. What is late is
    issued at once. An operation waits for its resource to come to rest; one
    whose resource is not there this time is left out, and the history says
    so.

    :param steps: in their order.
    """

    open = False

    def __init__(
        self,
        *,
        steps: collections.abc.Sequence[replay.Step],
        actions: tuple[choosing.Weighted, ...],
        **rest: typing.Any,
    ) -> None:
        super().__init__(actions=actions, **rest)
        self._known = {entry.action.name: entry.action for entry in actions}
        self._steps = collections.deque(steps)
        self._begin = 0

    @property
    def left(self) -> int:
        """Operations that were not issued."""
        return len(self._steps)

    def first(self, begin: int) -> int:
        """When the first operation is due, ns.

        :param begin: when the storm began, ns.
        """
        self._begin = begin
        return self._due()

    def after(self, due: int, ended: int) -> int:
        """When the next one is due, ns."""
        return self._due()

    def _due(self) -> int:
        return self._begin + (self._steps[0].at if self._steps else NEVER)

    def _next(self) -> model.Call | None:
        while self._steps:
            step = self._steps[0]
            if self._around.clock() < self._begin + step.at:
                return None
            why = self._why_not(step)
            if why is None:
                return None
            self._steps.popleft()
            if not why:
                return self._call(step)
            self._skipped(step, why)
        return None

    def _why_not(self, step: replay.Step) -> str | None:
        """Why an operation cannot be issued; None while that may change."""
        action = self._known.get(step.action)
        if action is None:
            return 'the cloud does not offer it, or it is not known'
        wanted = {step.made_by: action.states} if step.made_by else {}
        for role, key in step.partners.items():
            wanted[key] = action.partners[role].states
        for key, states in wanted.items():
            resource = self.state.resources.get(key)
            if resource is None:
                return f'what {key} created is not there'
            if resource.busy:
                return None
            if not resource.id or not resource.may_be(states):
                return f'what {key} created is in {resource.state}'
        if action.effect is not model.Effect.CREATES:
            return ''
        if self.state.room(action.kind) > 0:
            return ''
        waiting = any(
            one.kind == action.kind and one.busy
            for one in self.state.resources.values()
        )
        return None if waiting else f'no room for another {action.kind}'

    def _call(self, step: replay.Step) -> model.Call:
        action, resources = self._known[step.action], self.state.resources
        chosen = model.Chosen(
            resource=resources[step.made_by] if step.made_by else None,
            partners={
                role: resources[key] for role, key in step.partners.items()
            },
        )
        return model.Call(
            op=step.op,
            action=action,
            resource=chosen.resource,
            partners=chosen.partners,
            args=step.args,
            choice=step.choice,
            allowed=self.state.allowed(action, chosen),
        )

    def _skipped(self, step: replay.Step, why: str) -> None:
        self._around.record(
            events.Note(
                t=self._around.clock(),
                actor=self._actor,
                what=events.Topic.REMARK,
                about=step.op,
                text=f'{step.action} {step.op} is left out: {why}',
            )
        )
