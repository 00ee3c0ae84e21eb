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
"""What nova has recorded of acknowledged requests, and what it has not.

nova-api starts a record before it answers. So a request that it has
acknowledged has one, and the services that worked on it have said how it
ended. After a service that died in the middle of its work there is an event
without an end: what overlaps a fault is excused.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events

#: Kind of the census, see ``cloud.census_records``.
KIND = 'instance_action'

#: Actions of which nova starts a record (nova/compute/instance_actions.py).
#: A deletion is not among them: of what has no host yet it needs none.
RECORDED = frozenset(
    {
        'image.snapshot_server',
        'server.attach_interface',
        'server.confirm_resize',
        'server.create',
        'server.create_from_image',
        'server.create_in_group',
        'server.create_with_keypair',
        'server.detach_interface',
        'server.live_migrate',
        'server.migrate',
        'server.pause',
        'server.reboot_hard',
        'server.reboot_soft',
        'server.rebuild',
        'server.resize',
        'server.resume',
        'server.revert_resize',
        'server.start',
        'server.stop',
        'server.suspend',
        'server.unpause',
        'volume.attach',
        'volume.detach',
    }
)

#: How a record may have ended, see ``cloud.census_records.Result``.
_UNFINISHED, _ERROR = 'unfinished', 'error'

_Calls = collections.abc.Sequence[operations.Operation]
Story = tuple[operations.Operation, str, events.Census | None]


def broken(
    calls: collections.abc.Iterable[operations.Operation],
    census: censuses.Censuses,
    cover: windows.Cover,
) -> collections.abc.Iterator[Story]:
    """Acknowledged operations whose record is not as it must be.

    :returns: the operation, what is wrong, and the record, if there is one.
    """
    listing = census.listing(events.CensusPhase.AFTER, KIND)
    if listing.complete is None:
        return
    rows: dict[str, dict[str, events.Census]] = collections.defaultdict(dict)
    for resource, row in census.after.items():
        if resource.startswith(f'{KIND}/'):
            server = f'server/{row.refs.get("server", "")}'
            rows[server][row.refs.get('request', '')] = row
    by_server: dict[str, list[operations.Operation]] = collections.defaultdict(
        list
    )
    for call in calls:
        by_server[server_of(call)].append(call)
    for server, theirs in by_server.items():
        # Of one that no cell has ever had there is no list.
        if server not in rows and census.after_of(server) is None:
            continue
        for call in theirs:
            if call.acknowledged and call.action in RECORDED:
                yield from _judge(call, rows[server], theirs, cover)


def server_of(call: operations.Operation) -> str:
    """The server that nova records an operation for; empty if none."""
    if call.kind == 'server':
        return call.resource
    return call.partners.get('server', '')


def _judge(
    call: operations.Operation,
    rows: collections.abc.Mapping[str, events.Census],
    theirs: _Calls,
    cover: windows.Cover,
) -> collections.abc.Iterator[Story]:
    if not call.request_id:
        return
    row = rows.get(call.request_id)
    if row is None:
        what = (
            f'{call.action} of {server_of(call)} was acknowledged with status '
            f'{call.status}, and nova has no record of the request. It starts '
            'one before it answers, so the request or its record was lost.'
        )
        yield call, what, None
        return
    if cover.of(call.began, _ended(call)):
        return
    event = row.refs.get('event', '')
    if row.state == _UNFINISHED and not _cut_short(call, theirs):
        what = (
            f'{call.action} of {server_of(call)} was acknowledged with status '
            f'{call.status}, and by the record of nova its {event} has not '
            'ended. The storm had settled and nothing was broken, so it never '
            'will.'
        )
        yield call, what, row
    elif row.state == _ERROR and _reached(call) and _alone(call, theirs):
        what = (
            f'{call.action} of {server_of(call)} was acknowledged with status '
            f'{call.status} and seen done, and by the record of nova its '
            f'{event} ended in an error. Nothing else was in hand with the '
            'server, so one of the two is wrong.'
        )
        yield call, what, row


def _reached(call: operations.Operation) -> bool:
    return (
        call.rest is not None
        and call.rest.reached
        # One that may end in an error, and did.
        and not states.is_error(call.rest.state)
    )


def _ended(call: operations.Operation) -> int:
    return call.rest.t if call.rest else call.end


def _cut_short(call: operations.Operation, theirs: _Calls) -> bool:
    """Whether the end of the server was asked for before it had ended."""
    return any(
        other.consumes and other.began <= _ended(call) for other in theirs
    )


def _alone(call: operations.Operation, theirs: _Calls) -> bool:
    """Whether no other operation on the server overlapped."""
    return all(
        other is call
        or other.effect == 'reads'
        or other.began > _ended(call)
        # One that nobody knows the end of may have come at any time.
        or (_ended(other) < call.began and not other.uncertain)
        for other in theirs
    )
