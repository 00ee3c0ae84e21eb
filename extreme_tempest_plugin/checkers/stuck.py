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

import collections
import collections.abc
import shlex

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events

SLO = 'stuck or error states'

#: Kind of the operations that are tests of Tempest, and no resource.
TEST = 'tempest'


class Stuck:
    """Operations that did not come to rest, resources that did not.

    :param allowed: resources that the plan allows to get stuck.
    :param settle_ns: how long an operation may take to rest, ns.
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
        settle_ns: int,
        named: collections.abc.Iterable[collections.abc.Container[str]],
    ) -> None:
        self._calls = calls
        self._census = census
        self._faults = faults
        self._allowed = allowed
        self._settle_ns = settle_ns
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
        self._judge_census()
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
        if self._is_named(about) and _renames(operation):
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
                *_commands(about),
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
        if states.is_transitional(settled.state):
            return (
                f'{about} is stuck in {settled.state}. The {said}, and it '
                f'had not come to rest {waited} later, at its deadline'
                f'{self._during(operation.began, settled.t)}.'
            )
        return (
            f'The {action} of {about} did not happen. It was acknowledged '
            f'with status {operation.status}, yet {waited} later, at its '
            f'deadline, the state was still {settled.state}{because}'
            f'{self._during(operation.began, settled.t)}.'
        )

    def _during(self, start: int, end: int) -> str:
        names = self._cover.of(start, end)
        stories = [str(self._faults.stories[name]) for name in names]
        if not stories:
            return ''
        verb = 'was' if len(stories) == 1 else 'were'
        return f'; {" and ".join(stories)} {verb} active meanwhile'

    def _is_named(self, resource: str) -> bool:
        return any(resource in names for names in self._named)

    def _judge_census(self) -> None:
        last_touched = self._last_touched()
        for resource, entry in self._census.after.items():
            error = states.is_error(entry.state)
            if not error and not states.is_transitional(entry.state):
                continue
            if (
                resource in self._census.before
                or resource in self._found
                or self._is_named(resource)
            ):
                continue
            kind = resource.partition('/')[0]
            name = entry.refs.get('name', '')
            touched = last_touched.get(
                resource, last_touched.get(f'{kind}/{name}')
            )
            late = touched is not None and (
                entry.t - touched > self._settle_ns
            )
            if not self._is_ours(resource, kind, touched is not None):
                self._doubt(
                    resource, entry, 'whether this run made it is not known'
                )
            elif error or late:
                self._found[resource] = _left(resource, entry)
            else:
                self._doubt(
                    resource,
                    entry,
                    'that is before its deadline, so whether it comes to '
                    'rest is not known',
                )

    def _is_ours(self, resource: str, kind: str, known: bool) -> bool:
        """An operation is about it, or it is proven not to be older."""
        listing = self._census.listing(events.CensusPhase.BEFORE, kind)
        return listing.complete is not None or known

    def _doubt(self, resource: str, entry: events.Census, why: str) -> None:
        self._gaps.append(
            model.Gap(
                checker=self.name,
                why=f'{resource} was in {entry.state} when the census was '
                f'taken: {why}.',
            )
        )

    def _last_touched(self) -> dict[str, int]:
        """When an operation on it ended, ns, by resource.

        What was created without an answer has no id but the name that was
        asked for, which is unique.
        """
        latest: dict[str, int] = collections.defaultdict(int)
        for operation in self._calls:
            key = operation.resource
            if not key and operation.uncertain:
                key = f'{operation.kind}/{operation.name}'
            latest[key] = max(latest[key], operation.end)
        return dict(latest)


def _left(resource: str, entry: events.Census) -> model.Finding:
    return model.Finding(
        checker='stuck',
        about=resource,
        service=entry.service,
        slo=SLO,
        what=f'{resource} was in {entry.state} when the run was over. The '
        'run made it, and the service itself listed it so after its '
        'deadline.',
        events=(entry.n,),
        look_again=(*_commands(resource), model.look_at((entry.n,))),
    )


def _commands(resource: str) -> tuple[str, ...]:
    kind, _, name = resource.partition('/')
    if not name:
        return ()
    shown = (model.show_resource(resource),)
    if kind != 'server':
        return shown
    return (*shown, f'openstack server event list {shlex.quote(name)}')


def _renames(operation: operations.Operation) -> bool:
    return 'name' in operation.args and not operation.creates
