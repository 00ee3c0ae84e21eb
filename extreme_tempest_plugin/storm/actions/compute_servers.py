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
"""What all actions on a server share: how it is shown and judged."""

import collections.abc

import msgspec

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_record
from extreme_tempest_plugin.storm.actions import looking

ACTIVE = 'ACTIVE'
BUILD = 'BUILD'
ERROR = 'ERROR'
PAUSED = 'PAUSED'
SHUTOFF = 'SHUTOFF'
SUSPENDED = 'SUSPENDED'
VERIFY_RESIZE = 'VERIFY_RESIZE'

#: States in which nova lets a server's metadata be changed.
SETTLED = frozenset({ACTIVE, PAUSED, SHUTOFF, SUSPENDED})

#: States of a server that is on its way to another one.
TRANSITIONAL = frozenset(
    {
        BUILD,
        'HARD_REBOOT',
        'MIGRATING',
        'PASSWORD',
        'REBOOT',
        'REBUILD',
        'RESIZE',
        'REVERT_RESIZE',
    }
)


class Fault(msgspec.Struct, frozen=True):
    """Why a server is in error."""

    message: str = ''


class Flavor(msgspec.Struct, frozen=True):
    """The flavor of a server."""

    id: str = ''


class Server(msgspec.Struct):
    """A server as nova shows it.

    :param task_state: empty when nova has nothing in hand with it.
    :param host: shown to administrators alone.
    :param host_id: the same for all servers of a project on one host; empty
        while there is none.
    """

    id: str
    name: str
    status: str
    task_state: str | None = msgspec.field(
        name='OS-EXT-STS:task_state', default=None
    )
    host: str | None = msgspec.field(name='OS-EXT-SRV-ATTR:host', default=None)
    host_id: str = msgspec.field(name='hostId', default='')
    metadata: dict[str, str] = {}
    flavor: Flavor = Flavor()
    fault: Fault = Fault()

    @property
    def resting(self) -> bool:
        """Whether nova has nothing in hand with it."""
        return self.status not in TRANSITIONAL and not self.task_state

    @property
    def state(self) -> str:
        """Its status; what nova does with it, if the status does not say."""
        stays = self.status != ERROR and self.status not in TRANSITIONAL
        return self.task_state or self.status if stays else self.status

    @property
    def trouble(self) -> str:
        """What nova says about an error, one line."""
        return outcomes.line(self.fault.message)


class _Body(msgspec.Struct):
    server: Server


class _ListBody(msgspec.Struct):
    servers: list[Server]


def show(cloud: ports.Cloud, server: str) -> Server | None:
    """A server, None if the cloud says that there is none (404)."""
    found = looking.read(cloud.service('nova'), f'servers/{server}', _Body)
    return found.server if found else None


def show_all(cloud: ports.Cloud) -> list[Server]:
    """The servers of the project, at most as many as nova gives at once."""
    found = looking.read(cloud.service('nova'), 'servers/detail', _ListBody)
    return found.servers if found else []


def sight(
    server: Server | None,
    reached: bool,
    error: str = '',
    seen: collections.abc.Mapping[str, str | None] | None = None,
) -> model.Sight:
    """A sight of an action that wants a server to live.

    :param error: what is wrong, where nova itself says nothing.
    :param seen: values of its attributes.
    """
    if server is None:
        return model.Sight(state=looking.MISSING, error='404: no such server')
    return model.Sight(
        state=server.status if reached else server.state,
        reached=reached,
        final=not reached and server.status == ERROR,
        resting=server.resting,
        error=server.trouble or ('' if reached else error),
        seen=seen or {},
    )


def recorded(
    cloud: ports.Cloud,
    server: Server | None,
    state: str,
    event: str,
    request_id: str,
) -> model.Sight:
    """A sight of an action that leaves a server as it was.

    Where a cloud does not show the events there is task_state: nova-api
    saves it in the database before it answers, so a server that is seen
    without one after the answer is one that the compute service has let go.

    :param state: that it must be in.
    :param event: of the service that does the work.
    """
    if server is None or server.status != state or server.task_state:
        return sight(server, False)
    record = compute_record.of(cloud, server.id, request_id)
    if not record.shown:
        return sight(server, True)
    ended = record.ended(event)
    well = ended and record.well
    return model.Sight(
        state=server.status,
        reached=well,
        final=ended,
        error='' if well else f'nova has it as {list(record.results)}',
    )


class ServerAction(model.Action):
    """What the actions on a server that is there have in common."""

    service = 'nova'
    kind = 'server'
    effect = model.Effect.CHANGES

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        server = show(cloud, call.id)
        return server is None or server.resting

    def act(
        self, cloud: ports.Cloud, call: model.Call, what: object
    ) -> ports.Answer:
        """Ask for one of nova's server actions."""
        return cloud.service('nova').post(f'servers/{call.id}/action', what)
