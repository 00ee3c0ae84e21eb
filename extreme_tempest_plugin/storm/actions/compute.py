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
"""Actions on servers and keypairs."""

import random

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model

ACTIVE = 'ACTIVE'
ERROR = 'ERROR'
PRESENT = 'present'
DELETED = 'deleted'
MISSING = 'missing'

#: States of a server that is on its way to another one.
TRANSITIONAL = frozenset({'BUILD', 'REBOOT', 'HARD_REBOOT'})


def _id(call: model.Call) -> str:
    assert call.resource is not None
    return call.resource.id


def _show(cloud: ports.Cloud, server: str) -> ports.Server | None:
    """A server, None if the cloud says that there is none (404)."""
    try:
        return cloud.compute.show_server(server)
    except ports.CallError as error:
        if error.refusal.status == 404:
            return None
        raise


def _resting(server: ports.Server | None) -> bool:
    """Whether nova has nothing in hand with a server."""
    return server is None or (
        server.status not in TRANSITIONAL and not server.task_state
    )


def _sight(server: ports.Server | None, reached: bool) -> model.Sight:
    """A sight of an action that wants a server to live."""
    if server is None:
        return model.Sight(state=MISSING, error='404: no such server')
    return model.Sight(
        state=server.status,
        reached=reached,
        final=not reached and server.status == ERROR,
        error=server.fault,
    )


class _ServerAction(model.Action):
    """What the actions on a server that is there have in common."""

    service = 'nova'
    kind = 'server'

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        return _resting(_show(cloud, _id(call)))


class CreateServer(model.Action):
    """A server; its name tells it apart if the answer is lost."""

    name = 'server.create'
    service = 'nova'
    kind = 'server'
    effect = model.Effect.CREATES

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        return all(
            _resting(server)
            for server in cloud.compute.list_servers()
            if server.name == call.args['name']
        )

    def arguments(self, rng: random.Random, fresh: str) -> model.Arguments:
        return {'name': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.compute.create_server(str(call.args['name']))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = _show(cloud, answer.value)
        return _sight(
            server,
            server is not None
            and server.status == ACTIVE
            and not server.task_state,
        )


class DeleteServer(_ServerAction):
    """The end of a server, also of one in error."""

    name = 'server.delete'
    effect = model.Effect.CONSUMES
    states = frozenset({ACTIVE, ERROR})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.compute.delete_server(_id(call))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = _show(cloud, _id(call))
        if server is None:
            return model.Sight(state=DELETED, reached=True)
        return model.Sight(
            state=server.status,
            # nova-api has set task_state before it answered, so an error
            # without one is the end of this deletion, not an older error.
            final=server.status == ERROR and not server.task_state,
            error=server.fault,
        )


class _RebootServer(_ServerAction):
    """A reboot, settled when nova has recorded its end.

    ACTIVE alone proves nothing: a server is ACTIVE before the reboot, too,
    and with a request that was lost on its way to the compute service it
    stays so. What proves it is nova's record of this very request
    (os-instance-actions/<request id>): nova-api starts it before it answers,
    and the compute service writes the event ``compute_reboot_instance`` with
    its result after the driver is done and task_state is cleared.

    Where a cloud does not show the events (before 2.51, or by policy) there
    is task_state: nova-api saves ``rebooting`` in the database before it
    answers, so a server that is seen without a task_state after the answer
    is one that the compute service has let go.
    """

    effect = model.Effect.CHANGES
    states = frozenset({ACTIVE})
    hard = False

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.compute.reboot_server(_id(call), self.hard)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = _show(cloud, _id(call))
        if server is None or server.status != ACTIVE or server.task_state:
            return _sight(server, False)
        progress = ports.Progress.HIDDEN
        if answer.request_id:
            progress = cloud.compute.show_progress(
                server.id, answer.request_id
            )
        if progress in (ports.Progress.DONE, ports.Progress.HIDDEN):
            return _sight(server, True)
        return model.Sight(
            state=server.status,
            final=progress is ports.Progress.FAILED,
            error=f'nova has the reboot as {progress.value}',
        )


class RebootServerSoft(_RebootServer):
    """A soft reboot."""

    name = 'server.reboot_soft'


class RebootServerHard(_RebootServer):
    """A hard reboot."""

    name = 'server.reboot_hard'
    hard = True


class RenameServer(_ServerAction):
    """Another name, which must be the one that is shown."""

    name = 'server.rename'
    effect = model.Effect.CHANGES
    states = frozenset({ACTIVE})

    def arguments(self, rng: random.Random, fresh: str) -> model.Arguments:
        return {'name': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.compute.rename_server(_id(call), str(call.args['name']))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        server = _show(cloud, _id(call))
        if server is not None and server.name != call.args['name']:
            return model.Sight(
                state=server.status,
                final=server.status == ERROR,
                error=f'its name is still {server.name}',
            )
        return _sight(server, server is not None)


class CreateKeypair(model.Action):
    """A keypair that nova makes."""

    name = 'keypair.create'
    service = 'nova'
    kind = 'keypair'
    effect = model.Effect.CREATES

    def arguments(self, rng: random.Random, fresh: str) -> model.Arguments:
        return {'name': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.compute.create_keypair(str(call.args['name']))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        if _keypair_there(cloud, answer.value):
            return model.Sight(state=PRESENT, reached=True)
        return model.Sight(state=MISSING, error='404: no such keypair')


class DeleteKeypair(model.Action):
    """The end of a keypair."""

    name = 'keypair.delete'
    service = 'nova'
    kind = 'keypair'
    effect = model.Effect.CONSUMES
    states = frozenset({PRESENT})

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.compute.delete_keypair(_id(call))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        if _keypair_there(cloud, _id(call)):
            return model.Sight(state=PRESENT)
        return model.Sight(state=DELETED, reached=True)


def _keypair_there(cloud: ports.Cloud, name: str) -> bool:
    try:
        cloud.compute.show_keypair(name)
    except ports.CallError as error:
        if error.refusal.status == 404:
            return False
        raise
    return True
