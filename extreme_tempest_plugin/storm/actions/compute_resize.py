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
"""Servers that change their flavor or their host.

A migration asks for an administrator. Its proof is nova's record of the
request, and its record of the migration to the host that the server is on.

https://docs.openstack.org/api-ref/compute/#list-migrations
"""

import random
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_record
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking

#: Which of the two flavors a server has; the first one where nothing is said.
FLAVOR = 'flavor'

#: The flavor that a revert goes back to.
BEFORE = 'flavor_before'

FIRST, ALT = 'first', 'alt'

#: From here on the newest migration comes first.
_MIGRATIONS_MICROVERSION = '2.59'


class _Migration(msgspec.Struct):
    status: str
    source: str | None = msgspec.field(name='source_compute', default=None)
    dest: str | None = msgspec.field(name='dest_compute', default=None)


class _MigrationsBody(msgspec.Struct):
    migrations: list[_Migration]


def _flavor(cloud: ports.Cloud, which: object) -> str:
    return cloud.boot.flavor_alt if which == ALT else cloud.boot.flavor


def _has(resource: model.Resource | None) -> str:
    """The flavor that one's own server has."""
    assert resource is not None
    return str(resource.attributes.get(FLAVOR, FIRST))


def _must_have(
    cloud: ports.Cloud,
    call: model.Call,
    state: str,
    flavor: str,
) -> model.Sight:
    """A server must be in a state, and have a flavor if it is one's own."""
    server = servers.show(cloud, call.id)
    if server is None or server.status != state or not server.resting:
        return servers.sight(server, False)
    if call.shared and call.action.name != ResizeServer.name:
        # Who knows which flavor others have given it.
        return servers.sight(server, True)
    return servers.sight(
        server,
        server.flavor.id == flavor,
        error=f'its flavor is {server.flavor.id}, not {flavor}',
    )


class ResizeServer(servers.ServerAction):
    """The server is in VERIFY_RESIZE and has the other flavor."""

    name = 'server.resize'
    states = frozenset({servers.ACTIVE})
    leads_to = frozenset({servers.VERIFY_RESIZE})
    requires = frozenset({'resize', 'compute:resize'})
    # 400: it has this flavor already.
    conflicts = frozenset({400, 409})

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        resource = chosen.resource
        if resource is not None and resource.shared:
            return {FLAVOR: rng.choice((FIRST, ALT))}
        return {FLAVOR: ALT if _has(resource) == FIRST else FIRST}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        flavor = _flavor(cloud, call.args[FLAVOR])
        return self.act(cloud, call, {'resize': {'flavorRef': flavor}})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return _must_have(
            cloud,
            call,
            servers.VERIFY_RESIZE,
            _flavor(cloud, call.args[FLAVOR]),
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        return {FLAVOR: call.args[FLAVOR], BEFORE: _has(call.resource)}


class ConfirmResize(servers.ServerAction):
    """The server is ACTIVE and has kept the new flavor."""

    name = 'server.confirm_resize'
    states = frozenset({servers.VERIFY_RESIZE})
    leads_to = frozenset({servers.ACTIVE, servers.SHUTOFF})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.act(cloud, call, {'confirmResize': None})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        flavor = _flavor(cloud, _has(call.resource))
        return _must_have(cloud, call, servers.ACTIVE, flavor)


class RevertResize(servers.ServerAction):
    """The server is ACTIVE and has its old flavor again."""

    name = 'server.revert_resize'
    states = frozenset({servers.VERIFY_RESIZE})
    leads_to = frozenset({servers.ACTIVE, servers.SHUTOFF})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.act(cloud, call, {'revertResize': None})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        flavor = _flavor(cloud, self._before(call))
        return _must_have(cloud, call, servers.ACTIVE, flavor)

    def attributes(self, call: model.Call) -> model.Arguments:
        return {FLAVOR: self._before(call)}

    @staticmethod
    def _before(call: model.Call) -> str:
        assert call.resource is not None
        return str(call.resource.attributes.get(BEFORE, FIRST))


class _Migrate(servers.ServerAction):
    """A server must come to another host.

    :cvar event: that ends the work for nova.
    :cvar done: status of the migration then.
    :cvar to: status of the server then.
    """

    admin = True
    event: typing.ClassVar[str]
    done: typing.ClassVar[str]
    to: typing.ClassVar[str]

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = servers.show(cloud, call.id)
        if server is None or server.status != self.to or not server.resting:
            return servers.sight(server, False)
        record = compute_record.of(cloud, call.id, answer.request_id)
        if not record.ended(self.event) or not record.well:
            why = f'nova has it as {list(record.results)}'
            return servers.sight(server, False, error=why)
        last = _last_migration(cloud, call.id)
        moved = (
            last is not None
            and last.status == self.done
            and last.dest == server.host
            and last.dest != last.source
        )
        return servers.sight(
            server,
            moved,
            error=f'its host is {server.host}, its last migration {last}',
        )


def _last_migration(cloud: ports.Cloud, server: str) -> _Migration | None:
    found = looking.read(
        cloud.service('nova'),
        f'os-migrations?instance_uuid={server}',
        _MigrationsBody,
        version=_MIGRATIONS_MICROVERSION,
    )
    return found.migrations[0] if found and found.migrations else None


class MigrateServer(_Migrate):
    """The server is in VERIFY_RESIZE on another host; by an administrator."""

    name = 'server.migrate'
    requires = frozenset({'computes:2', 'compute:cold_migration'})
    states = frozenset({servers.ACTIVE})
    leads_to = frozenset({servers.VERIFY_RESIZE})
    event = 'compute_finish_resize'
    done = 'finished'
    to = servers.VERIFY_RESIZE

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.act(cloud, call, {'migrate': None})

    def attributes(self, call: model.Call) -> model.Arguments:
        return {BEFORE: _has(call.resource)}


class LiveMigrateServer(_Migrate):
    """The server is ACTIVE on another host; by an administrator."""

    name = 'server.live_migrate'
    requires = frozenset({'computes:2', 'compute:live_migration'})
    states = frozenset({servers.ACTIVE})
    leads_to = frozenset({servers.ACTIVE})
    event = 'compute_post_live_migration_at_destination'
    done = 'completed'
    to = servers.ACTIVE

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        # From 2.25 on nova finds out whether the disks must be copied.
        return cloud.service('nova').post(
            f'servers/{call.id}/action',
            {'os-migrateLive': {'host': None, 'block_migration': 'auto'}},
            version='2.30',
        )


ACTIONS: tuple[model.Action, ...] = (
    ResizeServer(),
    ConfirmResize(),
    RevertResize(),
    MigrateServer(),
    LiveMigrateServer(),
)
