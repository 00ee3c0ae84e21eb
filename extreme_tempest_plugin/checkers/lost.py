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
"""Lost acknowledged requests.

The cloud said yes (2xx) and the census after the run says otherwise. An
operation whose outcome nobody knows may explain either, and then there is no
finding. After Jepsen's set checker: an element that was acknowledged must be
in the final read, https://github.com/jepsen-io/jepsen (checker.clj).
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.history import events

#: Kinds whose deletion is done when it is acknowledged.
SYNCHRONOUS = frozenset({'keypair'})

_Operations = collections.abc.Sequence[operations.Operation]


class Lost:
    """Acknowledged creates, deletes and renames against the census.

    :param allowed: lost requests that the plan allows.
    """

    name = 'lost'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self,
        calls: operations.Operations,
        census: censuses.Censuses,
        gone: holes.Holes,
        allowed: int,
    ) -> None:
        self._calls = calls
        self._census = census
        self._holes = gone
        self._allowed = allowed
        self._gaps: list[model.Gap] = []
        self._unlisted: set[str] = set()
        #: After ``conclude``: the resources that its findings are about.
        self.named: set[str] = set()

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        by_resource: dict[str, list[operations.Operation]] = (
            collections.defaultdict(list)
        )
        kinds: dict[str, None] = {}
        for operation in self._calls:
            kinds[operation.kind] = None
            if operation.resource:
                by_resource[operation.resource].append(operation)
        for kind in kinds:
            self._require_listing(kind)
        found = [
            finding
            for resource, calls in by_resource.items()
            for finding in self._judge(resource, calls)
        ]
        if self._holes and found:
            self._gaps.extend(_doubt(finding) for finding in found)
            found = []
        self.named.update(finding.about for finding in found)
        row = model.at_most(
            'lost acknowledged requests',
            self._allowed,
            len(found),
            self._gaps,
        )
        return model.Conclusion(
            findings=tuple(found),
            gaps=tuple(self._gaps),
            rows=(row,) if len(self._calls) else (),
            measured={'lost': len(found)},
        )

    def _require_listing(self, kind: str) -> None:
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        if listing.complete is None:
            self._unlisted.add(kind)
            self._gaps.append(
                model.Gap(
                    checker=self.name,
                    why=f'No complete census of each {kind} after the run: '
                    'whether acknowledged requests were lost is not known.',
                )
            )

    def _judge(
        self, resource: str, calls: _Operations
    ) -> collections.abc.Iterator[model.Finding]:
        kind = resource.partition('/')[0]
        if kind in self._unlisted:
            return
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        if listing.complete is None or listing.began is None:
            return
        # What was asked for after the listing cannot have changed it.
        calls = [call for call in calls if call.invoke.t <= listing.complete.t]
        if any(
            call.acknowledged and call.end >= listing.began for call in calls
        ):
            self._gaps.append(
                model.Gap(
                    checker=self.name,
                    why=f'{resource} was changed while the census was '
                    'taken: what it shows is not certain.',
                )
            )
            return
        entry = self._census.after_of(resource)
        if entry is None:
            yield from self._lost_create(resource, calls, listing.complete)
        else:
            yield from _came_back(resource, calls, entry)
            yield from _lost_name(resource, calls, entry)

    def _lost_create(
        self, resource: str, calls: _Operations, complete: events.Note
    ) -> collections.abc.Iterator[model.Finding]:
        create = _last(calls, 'create')
        if create is None:
            return
        for call in calls:
            deleted = call.verb == 'delete' and (
                call.acknowledged or call.uncertain
            )
            # A delete that ended before this create began is another life
            # of the same name; one with no outcome may come late.
            if deleted and (call.uncertain or call.end >= create.invoke.t):
                return
        yield model.Finding(
            checker='lost',
            about=resource,
            what=f'{resource} was created with status {create.status} and '
            'is not there after the run. The list of the service is '
            'complete, and nobody asked to delete it.',
            events=(*create.evidence(), complete.n),
            request_ids=create.request_ids(),
            look_again=_commands(resource, create),
        )


def _last(calls: _Operations, verb: str) -> operations.Operation | None:
    """The acknowledged call of this verb that was acknowledged last."""
    done = [call for call in calls if call.verb == verb and call.acknowledged]
    return max(done, key=lambda call: call.end, default=None)


def _came_back(
    resource: str, calls: _Operations, entry: events.Census
) -> collections.abc.Iterator[model.Finding]:
    delete = _last(calls, 'delete')
    if delete is None or not _must_be_gone(delete, resource):
        return
    for call in calls:
        created = call.verb == 'create' and (
            call.acknowledged or call.uncertain
        )
        if created and (call.uncertain or call.end >= delete.invoke.t):
            return
    seen = delete.settled is not None and delete.settled.reached
    story = 'was seen gone' if seen else 'should be gone'
    yield model.Finding(
        checker='lost',
        about=resource,
        what=f'The delete of {resource} was acknowledged with status '
        f'{delete.status} and it {story}, yet after the run it is there as '
        f'{entry.state}. Nobody created it again, so the acknowledged delete '
        'was lost.',
        events=(*delete.evidence(), entry.n),
        request_ids=delete.request_ids(),
        look_again=_commands(resource, delete),
    )


def _must_be_gone(delete: operations.Operation, resource: str) -> bool:
    """Whether it is certain that the delete should be done.

    One that was seen stuck is a finding of the checker ``stuck``.
    """
    if delete.settled is None:
        return resource.partition('/')[0] in SYNCHRONOUS
    return delete.settled.reached or states.is_unseen(delete.settled)


def _lost_name(
    resource: str, calls: _Operations, entry: events.Census
) -> collections.abc.Iterator[model.Finding]:
    name = entry.refs.get('name')
    named = [call for call in calls if call.verb in ('create', 'rename')]
    last = max(
        (call for call in named if call.acknowledged),
        key=lambda call: call.end,
        default=None,
    )
    if last is None or name is None:
        return
    # A name is over if another acknowledged one was given after its answer.
    latest = max(call.invoke.t for call in named if call.acknowledged)
    possible = {
        call.invoke.args.get('name')
        for call in named
        if call.uncertain or (call.acknowledged and call.end >= latest)
    }
    if name in possible or None in possible:
        return
    wanted = last.invoke.args.get('name')
    did = 'renamed to' if last.verb == 'rename' else 'created as'
    yield model.Finding(
        checker='lost',
        about=resource,
        what=f'{resource} was {did} {wanted!r} with status {last.status}, '
        f'yet after the run its name is {name!r}. No later rename explains '
        'that, so the acknowledged name was lost.',
        events=(*last.evidence(), entry.n),
        request_ids=last.request_ids(),
        look_again=_commands(resource, last),
    )


def _commands(resource: str, call: operations.Operation) -> tuple[str, ...]:
    return (
        model.show_resource(resource),
        model.look_at(call.evidence()),
        *(model.grep_request(each) for each in call.request_ids()),
    )


def _doubt(finding: model.Finding) -> model.Gap:
    return model.Gap(
        checker=finding.checker,
        why='It looks so, but the history has holes, so it is not certain: '
        + finding.what,
    )
