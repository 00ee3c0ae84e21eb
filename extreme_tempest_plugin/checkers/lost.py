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

from extreme_tempest_plugin.checkers import collected
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.history import events

#: Kinds whose deletion is done when it is acknowledged.
SYNCHRONOUS = frozenset({'keypair'})

#: Kinds that no service lists: a token ends by itself, and a test of Tempest
#: is no resource at all. There is nothing to hold against their operations.
UNLISTED = frozenset({'token', 'tempest'})

SLO = 'lost acknowledged requests'

_Operations = collections.abc.Sequence[operations.Operation]


class Lost(collected.Checker):
    """Acknowledged creates, deletes and renames against the census."""

    name = 'lost'
    slo = SLO

    def conclude(self) -> model.Conclusion:
        by_resource: dict[str, list[operations.Operation]] = (
            collections.defaultdict(list)
        )
        kinds: dict[str, None] = {}
        for operation in self._calls:
            if operation.kind in UNLISTED:
                continue
            kinds[operation.kind] = None
            if operation.resource:
                by_resource[operation.resource].append(operation)
        self._unlisted = {kind for kind in kinds if not self._listed(kind)}
        found = self._certain(
            finding
            for resource, calls in by_resource.items()
            for finding in self._judge(resource, calls)
        )
        return model.Conclusion(
            findings=found,
            gaps=tuple(self._gaps),
            rows=(self._limit(),) if len(self._calls) else (),
            measured={'lost': len(found)},
        )

    def _listed(self, kind: str) -> bool:
        """Whether there is a complete census of it; if not, a gap."""
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        if listing.complete is not None:
            return True
        self._gaps.append(
            model.Gap(
                checker=self.name,
                why=f'No complete census of each {kind} after the run: '
                'whether acknowledged requests were lost is not known.',
            )
        )
        return False

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
        calls = [call for call in calls if call.began <= listing.complete.t]
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

    def _lost_create(
        self, resource: str, calls: _Operations, complete: events.Note
    ) -> collections.abc.Iterator[model.Finding]:
        create = _last(call for call in calls if call.creates)
        if create is None:
            return
        for call in calls:
            deleted = call.consumes and (call.acknowledged or call.uncertain)
            # A delete that ended before this create began is another life
            # of the same name; one with no outcome may come late.
            if deleted and (call.uncertain or call.end >= create.began):
                return
        yield model.Finding(
            checker='lost',
            about=resource,
            service=create.service,
            action=create.action,
            slo=SLO,
            what=f'{resource} was created with status {create.status} and '
            'is not there after the run. The list of the service is '
            'complete, and nobody asked to delete it.',
            events=(*create.evidence(), complete.n),
            request_ids=create.request_ids(),
            look_again=_commands(resource, create),
        )


def _last(
    calls: collections.abc.Iterable[operations.Operation],
) -> operations.Operation | None:
    """The acknowledged call that was acknowledged last."""
    done = (call for call in calls if call.acknowledged)
    return max(done, key=lambda call: call.end, default=None)


def _came_back(
    resource: str, calls: _Operations, entry: events.Census
) -> collections.abc.Iterator[model.Finding]:
    delete = _last(call for call in calls if call.consumes)
    if delete is None or not _must_be_gone(delete, resource):
        return
    for call in calls:
        created = call.creates and (call.acknowledged or call.uncertain)
        if created and (call.uncertain or call.end >= delete.began):
            return
    seen = delete.rest is not None and delete.rest.reached
    story = 'was seen gone' if seen else 'should be gone'
    yield model.Finding(
        checker='lost',
        about=resource,
        service=delete.service,
        action=delete.action,
        slo=SLO,
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
    if delete.rest is None:
        return resource.partition('/')[0] in SYNCHRONOUS
    return delete.rest.reached or states.is_unseen(delete.rest)


def _commands(resource: str, call: operations.Operation) -> tuple[str, ...]:
    return (
        model.show_resource(resource),
        model.look_at(call.evidence()),
        *(model.grep_request(each) for each in call.request_ids()),
    )
