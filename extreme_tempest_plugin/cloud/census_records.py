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
"""What nova has recorded of the requests to the servers of a run.

nova-api starts a record before it answers, and each service that works on
the request adds an event, with its result once it is done; see
``storm.actions.compute_record``, which looks at single ones.

https://docs.openstack.org/api-ref/compute/#servers-actions-servers-os-instance-actions
"""

import collections.abc
import dataclasses
import enum
import time
import typing

import msgspec

from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports

KIND = 'instance_action'

#: From here on nova shows events to the owner; deleted servers since 2.21.
_MICROVERSION = '2.51'

#: Records whose events are asked for, one by one, at most: the latest.
MOST = 500

#: Seconds after which what runs is taken for what runs for ever.
PATIENCE = 15.0
PAUSE = 1.0


class Result(enum.StrEnum):
    """What the events of a record come to."""

    SUCCESS = 'success'
    ERROR = 'error'
    #: A service began to work on it and never said that it had ended.
    UNFINISHED = 'unfinished'
    #: No service has begun.
    NOTHING = 'nothing'
    #: Not asked for, or not shown.
    UNKNOWN = 'unknown'


class _Action(msgspec.Struct):
    action: str
    request_id: str
    start_time: str = ''


class _Actions(msgspec.Struct):
    actions: list[_Action] = msgspec.field(name='instanceActions')


class _Event(msgspec.Struct):
    event: str
    result: str | None = None
    finish_time: str | None = None


class _Events(msgspec.Struct):
    events: list[_Event] | None = None


class _Body(msgspec.Struct):
    action: _Events = msgspec.field(name='instanceAction')


_Shape = typing.TypeVar('_Shape')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of some servers.

    :param made: ids of all servers that the run made; those that are gone
        have records, too.
    """

    cloud: ports.Cloud
    made: collections.abc.Collection[str]
    sleep: collections.abc.Callable[[float], None] = time.sleep

    def view(self) -> census_views.View:
        """The view of them."""
        return census_views.View(kind=KIND, service='nova', rows=self._rows)

    def _rows(self) -> collections.abc.Iterator[census_views.Row]:
        alive = listing.found(self.cloud, kinds.BY_NAME['server'])
        servers = census_views.bounded(
            {*(server.id for server in alive), *self.made}, 'servers'
        )
        records = [
            (server, action)
            for server in servers
            for action in self._of(server)
        ]
        records.sort(key=lambda record: record[1].start_time, reverse=True)
        left = PATIENCE
        for number, (server, action) in enumerate(records):
            result, event = Result.UNKNOWN, ''
            if number < MOST:
                result, event = self._result(server, action)
            while result is Result.UNFINISHED and left > 0:
                self.sleep(PAUSE)
                left -= PAUSE
                result, event = self._result(server, action)
            yield census_views.Row(
                id=f'{server}.{action.request_id}.{number}',
                state=result.value,
                refs={
                    'server': server,
                    'request': action.request_id,
                    'action': action.action,
                    'event': event,
                },
            )

    def _of(self, server: str) -> list[_Action]:
        """The records of a server; none if no cell has ever had it."""
        found = self._ask(f'servers/{server}/os-instance-actions', _Actions)
        return found.actions if found else []

    def _result(self, server: str, action: _Action) -> tuple[Result, str]:
        """What the events of a record come to, and which of them it is."""
        path = f'servers/{server}/os-instance-actions/{action.request_id}'
        found = self._ask(path, _Body)
        if found is None or found.action.events is None:
            return Result.UNKNOWN, ''
        return _result(found.action.events)

    def _ask(self, path: str, shape: type[_Shape]) -> _Shape | None:
        """What is at a path; None if nothing is (404)."""
        try:
            answer = self.cloud.service('nova').get(
                path, version=_MICROVERSION
            )
        except ports.CallError as error:
            if error.refusal.status == 404:
                return None
            raise
        return answer.read(shape)


def _result(found: collections.abc.Sequence[_Event]) -> tuple[Result, str]:
    """What events come to.

    A server that is built on a second host has two events of one name, of
    which nova ends only the first (``action_event_finish``), with what came
    last. So a name has ended when one of its events has.
    """
    if not found:
        return Result.NOTHING, ''
    ended: dict[str, _Event] = {}
    for one in sorted(found, key=lambda event: event.finish_time or ''):
        if one.result is not None:
            ended[one.event] = one
    for one in found:
        if one.event not in ended:
            return Result.UNFINISHED, one.event
    for one in ended.values():
        if one.result != 'Success':
            return Result.ERROR, one.event
    return Result.SUCCESS, ''
