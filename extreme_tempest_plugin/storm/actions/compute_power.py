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
"""Servers on and off, and built anew.

nova-api saves task_state before it answers, so the status that was asked
for, without a task_state, is the end of what was asked for. Where the status
is the same before and after, nova's record of the request proves it.
"""

import typing

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers


class _Turn(servers.ServerAction):
    """From one status to another.

    :cvar asks: nova's name of the action.
    :cvar to: the status that it wants.
    """

    asks: typing.ClassVar[str]
    to: typing.ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.leads_to = frozenset({cls.to})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.act(cloud, call, {self.asks: None})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = servers.show(cloud, call.id)
        return servers.sight(
            server,
            server is not None and server.status == self.to and server.resting,
        )


class StopServer(_Turn):
    """The server is SHUTOFF."""

    name = 'server.stop'
    asks = 'os-stop'
    states = frozenset({servers.ACTIVE})
    to = servers.SHUTOFF


class StartServer(_Turn):
    """The server is ACTIVE."""

    name = 'server.start'
    asks = 'os-start'
    states = frozenset({servers.SHUTOFF})
    to = servers.ACTIVE


class PauseServer(_Turn):
    """The server is PAUSED."""

    name = 'server.pause'
    requires = frozenset({'compute:pause'})
    asks = 'pause'
    states = frozenset({servers.ACTIVE})
    to = servers.PAUSED


class UnpauseServer(_Turn):
    """The server is ACTIVE."""

    name = 'server.unpause'
    requires = frozenset({'compute:pause'})
    asks = 'unpause'
    states = frozenset({servers.PAUSED})
    to = servers.ACTIVE


class SuspendServer(_Turn):
    """The server is SUSPENDED."""

    name = 'server.suspend'
    requires = frozenset({'compute:suspend'})
    asks = 'suspend'
    states = frozenset({servers.ACTIVE})
    to = servers.SUSPENDED


class ResumeServer(_Turn):
    """The server is ACTIVE."""

    name = 'server.resume'
    requires = frozenset({'compute:suspend'})
    asks = 'resume'
    states = frozenset({servers.SUSPENDED})
    to = servers.ACTIVE


class _Again(servers.ServerAction):
    """ACTIVE before and after: nova's record says whether it was done.

    :cvar event: that the compute service records.
    """

    states = frozenset({servers.ACTIVE})
    leads_to = frozenset({servers.ACTIVE})
    event: typing.ClassVar[str]

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return servers.recorded(
            cloud,
            servers.show(cloud, call.id),
            servers.ACTIVE,
            self.event,
            answer.request_id,
        )


class _RebootServer(_Again):
    event = 'compute_reboot_instance'
    type: typing.ClassVar[str]

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.act(cloud, call, {'reboot': {'type': self.type}})


class RebootServerSoft(_RebootServer):
    """Nova has recorded the reboot, and the server is ACTIVE."""

    name = 'server.reboot_soft'
    type = 'SOFT'


class RebootServerHard(_RebootServer):
    """Nova has recorded the reboot, and the server is ACTIVE."""

    name = 'server.reboot_hard'
    type = 'HARD'


class RebuildServer(_Again):
    """Nova has recorded the rebuild, and the server is ACTIVE."""

    name = 'server.rebuild'
    event = 'compute_rebuild_instance'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.act(
            cloud, call, {'rebuild': {'imageRef': cloud.boot.image}}
        )


ACTIONS: tuple[model.Action, ...] = (
    StopServer(),
    StartServer(),
    PauseServer(),
    UnpauseServer(),
    SuspendServer(),
    ResumeServer(),
    RebootServerSoft(),
    RebootServerHard(),
    RebuildServer(),
)
