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
"""Services that do not agree about each other's resources.

A server and its allocation in placement, a server and its ports, a volume and
its attachments in cinder and in nova: what one service knows and another does
not is an orphan, and it stays so when no request failed. What is shown and
what is there (``asked_twice``), and what was acknowledged and what nova has on
record (``records``), must agree, too.
"""

import collections
import collections.abc
import shlex

import msgspec

from extreme_tempest_plugin.checkers import asked_twice
from extreme_tempest_plugin.checkers import attachments
from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import collected
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import orphans
from extreme_tempest_plugin.checkers import records
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events

SLO = 'disagreements of services'

#: Nova removes a server's allocation when it removes the server; ns after
#: which the one may not be without the other, while something is broken.
#: Later a compute that comes back would tidy up, and nobody would see it.
PATIENCE = 30 * model.SECOND

#: Kinds of the census that are what one service says of another's resources,
#: see ``cloud.census_compute``.
ALLOCATION = 'allocation'
ATTACHMENT = 'volume_attachment'
SERVER_VOLUME = 'server_volume'

_Entries = collections.abc.Sequence[events.Census]


class References(collected.Checker):
    """Orphans and disagreements in the census after the run."""

    name = 'references'
    slo = SLO

    def __init__(
        self,
        calls: operations.Operations,
        census: censuses.Censuses,
        gone: holes.Holes,
        allowed: int,
        faults: windows.Faults,
    ) -> None:
        super().__init__(calls, census, gone, allowed)
        self._faults = faults

    def conclude(self) -> model.Conclusion:
        self._by_kind: dict[str, list[events.Census]] = (
            collections.defaultdict(list)
        )
        for resource, entry in self._census.after.items():
            if not censuses.is_gone(entry.state):
                self._by_kind[resource.partition('/')[0]].append(entry)
        found: list[model.Finding] = [*self._held_while_broken()]
        if self._complete('server'):
            found += self._servers()
        if self._complete(ATTACHMENT) and self._complete(SERVER_VOLUME):
            found += [
                _finding(*story)
                for story in attachments.differing(
                    self._by_kind['volume'],
                    self._by_kind[ATTACHMENT],
                    self._by_kind[SERVER_VOLUME],
                )
            ]
        found += self._answers()
        found += self._records()
        found += self._orphans()
        certain = self._certain(found)
        seen = (
            bool(found)
            or any(
                self._complete(kind)
                for kind in (
                    ALLOCATION,
                    ATTACHMENT,
                    SERVER_VOLUME,
                    records.KIND,
                )
            )
            or any(map(asked_twice.compared, self._census.after.values()))
        )
        return model.Conclusion(
            findings=certain,
            gaps=tuple(self._gaps),
            rows=(self._limit(),) if seen else (),
            measured={'disagreements': len(certain)} if seen else {},
        )

    def _complete(self, kind: str) -> bool:
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        return listing.complete is not None

    def _held_while_broken(self) -> collections.abc.Iterator[model.Finding]:
        held = [
            entry
            for entry in self._census.during
            if entry.resource.startswith(f'{ALLOCATION}/')
        ]
        if not held:
            return
        gone = {
            call.resource: call.rest
            for call in self._calls
            if call.consumes and call.rest and call.rest.reached
        }
        for entry in held:
            server = f'server/{entry.refs.get("server", "")}'
            rest = gone.get(server)
            if rest is not None and entry.t - rest.t > PATIENCE:
                yield _finding(
                    server,
                    f'Placement held an allocation for {server} '
                    f'{model.seconds(entry.t - rest.t)} after nova had '
                    'answered that there is no such server. What it took '
                    'was lost to the cloud at least for that time.',
                    (entry,),
                )

    def _answers(self) -> collections.abc.Iterator[model.Finding]:
        after = self._census.after.values()
        for about, what, entry in asked_twice.differing(after):
            finding = _finding(about, what, (entry,))
            again = (*asked_twice.look_again(entry), *finding.look_again)
            yield msgspec.structs.replace(finding, look_again=again)

    def _records(self) -> collections.abc.Iterator[model.Finding]:
        cover = windows.Cover(self._faults.windows())
        for call, what, row in records.broken(
            self._calls, self._census, cover
        ):
            server = records.server_of(call)
            again = (
                'openstack server event list '
                f'{shlex.quote(server.partition("/")[2])}'
            )
            yield _of_call(call, server, what, row, again)

    def _orphans(self) -> collections.abc.Iterator[model.Finding]:
        for call, what, row in orphans.left(self._calls, self._census):
            again = model.show_resource(row.resource)
            yield _of_call(call, row.resource, what, row, again)

    def _servers(self) -> collections.abc.Iterator[model.Finding]:
        alive = {
            entry.resource.partition('/')[2]: entry
            for entry in self._by_kind['server']
        }
        holding = {
            entry.refs.get('server') for entry in self._by_kind[ALLOCATION]
        }
        for entry in self._by_kind[ALLOCATION]:
            server = entry.refs.get('server', '')
            if server not in alive:
                yield _finding(
                    f'server/{server}',
                    f'Placement holds an allocation for server/{server}, '
                    'which is gone. The list of nova is complete, so what it '
                    'took is lost to the cloud.',
                    (entry,),
                )
        if self._complete(ALLOCATION):
            yield from self._unallocated(alive, holding)
        for entry in self._by_kind['port']:
            device = entry.refs.get('device', '')
            owner = entry.refs.get('device_owner', '')
            if owner.startswith('compute:') and device not in alive:
                yield _finding(
                    entry.resource,
                    f'{entry.resource} is bound to server/{device}, which is '
                    'gone. Both lists are complete, so the port is an '
                    'orphan.',
                    (entry,),
                )

    def _unallocated(
        self,
        alive: collections.abc.Mapping[str, events.Census],
        holding: collections.abc.Container[str | None],
    ) -> collections.abc.Iterator[model.Finding]:
        # Of one that should be gone, what is left of it is no news.
        deleted = {
            call.resource
            for call in self._calls
            if call.consumes and call.acknowledged
        }
        for id_, entry in alive.items():
            # One that was shelved or never scheduled has none.
            if entry.state != 'ACTIVE' or id_ in holding:
                continue
            if entry.resource not in deleted:
                yield _finding(
                    entry.resource,
                    f'{entry.resource} is {entry.state} and has no '
                    'allocation in placement. What it takes may be given to '
                    'another one.',
                    (entry,),
                )


def _of_call(
    call: operations.Operation,
    about: str,
    what: str,
    row: events.Census | None,
    again: str,
) -> model.Finding:
    """A finding on an operation and an entry of the census.

    :param again: a command that shows it.
    """
    numbers = (*call.evidence(), *((row.n,) if row else ()))
    return model.Finding(
        checker=References.name,
        about=about,
        what=what,
        events=numbers,
        request_ids=call.request_ids(),
        look_again=(
            again,
            model.look_at(numbers),
            *map(model.grep_request, call.request_ids()),
        ),
        service=call.service,
        action=call.action,
        slo=SLO,
    )


def _finding(about: str, what: str, entries: _Entries) -> model.Finding:
    numbers = tuple(entry.n for entry in entries[: model.MOST_EVIDENCE])
    return model.Finding(
        checker='references',
        about=about,
        what=what,
        events=numbers,
        look_again=(model.show_resource(about), model.look_at(numbers)),
        service=entries[0].service,
        slo=SLO,
    )
