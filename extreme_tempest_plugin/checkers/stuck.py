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
"""Stuck and error states.

An acknowledged operation must come to rest, in the state that it wanted,
before its deadline. Afterwards no resource of the run may be in an error or
on its way.
"""

import collections.abc

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.checkers import stuck_census
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

SLO = stuck_census.SLO

#: Kind of the operations that are tests of Tempest, and no resource.
TEST = 'tempest'


class Stuck:
    """Operations that did not come to rest, resources that did not.

    :param allowed: resources that the plan allows to get stuck.
    :param storm: of the plan: what deadlines there are.
    :param named: resources that the findings of other checkers name already.
    """

    name = 'stuck'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self,
        calls: operations.Operations,
        census: censuses.Censuses,
        faults: windows.Faults,
        allowed: int,
        storm: plan_model.Storm,
        named: collections.abc.Iterable[collections.abc.Container[str]],
    ) -> None:
        self._calls = calls
        self._census = census
        self._faults = faults
        self._allowed = allowed
        self._storm = storm
        self._named = tuple(named)
        self._gaps: list[model.Gap] = []
        self._found: dict[str, model.Finding] = {}

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        self._cover = windows.Cover(self._faults.windows())
        unsettled: list[operations.Operation] = []
        unseen: list[operations.Operation] = []
        for operation in self._calls:
            if not operation.acknowledged:
                continue
            if operation.rest is None:
                unsettled.append(operation)
            elif not operation.rest.reached:
                if states.is_unseen(operation.rest):
                    unseen.append(operation)
                else:
                    self._judge(operation, operation.rest)
        self._gap(
            unsettled, 'was never seen at rest', 'were never seen at rest'
        )
        self._gap(
            unseen,
            'could not be looked at until the deadline',
            'could not be looked at until the deadline',
        )
        self._add(stuck_census.judge(self._calls, self._census, self._storm))
        found = tuple(self._found.values())
        limit = model.Limit(
            name=SLO, allowed=self._allowed, doubtful=bool(self._gaps)
        )
        return model.Conclusion(
            findings=found,
            gaps=tuple(self._gaps),
            rows=(limit,) if len(self._calls) else (),
            measured={'stuck': len(found)},
        )

    def _add(self, left: stuck_census.Left) -> None:
        """What the census shows and no operation does."""
        for resource, finding in left.findings.items():
            if resource not in self._found and not self._is_named(resource):
                self._found[resource] = finding
        for resource, gap in left.gaps.items():
            if resource not in self._found and not self._is_named(resource):
                self._gaps.append(gap)

    def _gap(
        self,
        calls: collections.abc.Sequence[operations.Operation],
        one: str,
        many: str,
    ) -> None:
        if not calls:
            return
        first = calls[0]
        subject = model.plural(len(calls), 'acknowledged operation')
        verb = one if len(calls) == 1 else many
        self._gaps.append(
            model.Gap(
                checker=self.name,
                why=f'{subject} {verb}, first {first.action} '
                f'{first.op} at event {first.n}.',
            )
        )

    def _judge(
        self, operation: operations.Operation, settled: operations.Rest
    ) -> None:
        about = operation.resource or f'operation {operation.op}'
        if operation.kind == TEST:
            about = operation.action.partition(':')[2]
        if about in self._found:
            return
        if censuses.is_gone(settled.state) and not self._census.after_of(
            about
        ):
            # Gone for good without a delete is for ``lost`` to say.
            return
        if self._is_named(about) and settled.seen:
            # It is about the attribute that was seen.
            return
        limit = self._storm.deadline(operation.kind, settled.state)
        if self._moves(operation, settled) and (
            settled.after_ns < limit * model.SECOND
        ):
            # The storm had another plan, and less patience.
            self._gaps.append(
                model.Gap(
                    checker=self.name,
                    why=f'{about} was in {settled.state} '
                    f'{model.seconds(settled.after_ns)} after '
                    f'{operation.action} when the storm gave it up: whether '
                    f'it came to rest within {limit:g} s is not known.',
                )
            )
            return
        self._found[about] = model.Finding(
            checker=self.name,
            about=about,
            service=operation.service,
            action=operation.action,
            slo=SLO,
            what=self._story(about, operation, settled),
            events=operation.evidence(),
            request_ids=operation.request_ids(),
            look_again=(
                *stuck_census.commands(about),
                model.look_at(operation.evidence()),
                *map(model.grep_request, operation.request_ids()),
            ),
        )

    def _story(
        self,
        about: str,
        operation: operations.Operation,
        settled: operations.Rest,
    ) -> str:
        action = operation.action
        if operation.kind == TEST:
            return (
                f'The test {about} failed: {settled.error}'
                f'{self._during(operation.began, settled.t)}. All of it is '
                'in locust.log.'
            )
        waited = model.seconds(settled.after_ns)
        because = f' ({settled.error})' if settled.error else ''
        said = f'{action} was acknowledged with status {operation.status}'
        if states.is_error(settled.state):
            return (
                f'{about} went into an error state. The {said} and '
                f'{waited} later the service itself showed '
                f'{settled.state}{because}'
                f'{self._during(operation.began, settled.t)}.'
            )
        if self._moves(operation, settled):
            limit = self._storm.deadline(operation.kind, settled.state)
            return (
                f'{about} is stuck in {settled.state}. The {said}, and it '
                f'had not come to rest {waited} later; a {operation.kind} '
                f'may be in {settled.state} for {limit:g} s'
                f'{self._during(operation.began, settled.t)}.'
            )
        limit = self._storm.deadline(operation.kind, settled.state)
        late = settled.after_ns >= limit * model.SECOND
        return (
            f'The {action} of {about} did not happen. It was acknowledged '
            f'with status {operation.status}, yet {waited} later'
            f'{", at its deadline," if late else ""} the state was '
            f'{settled.state}{because}'
            f'{self._during(operation.began, settled.t)}.'
        )

    def _moves(
        self, operation: operations.Operation, settled: operations.Rest
    ) -> bool:
        also = self._storm.stuck_after.get(operation.kind, ())
        return states.is_transitional(settled.state, also)

    def _during(self, start: int, end: int) -> str:
        names = self._cover.of(start, end)
        stories = [str(self._faults.stories[name]) for name in names]
        if not stories:
            return ''
        verb = 'was' if len(stories) == 1 else 'were'
        return f'; {" and ".join(stories)} {verb} active meanwhile'

    def _is_named(self, resource: str) -> bool:
        return any(resource in names for names in self._named)
