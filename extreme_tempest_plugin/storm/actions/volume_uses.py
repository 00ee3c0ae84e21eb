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
"""Volumes that are attached to servers, and given away.

Attaching is proven on both sides: cinder has the volume in use by the
server, and nova has it among the server's volumes.
"""

import collections.abc
import random

import msgspec

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import compute_servers as servers
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import volume_states as volumes

#: States of a server in which nova attaches volumes.
_READY = frozenset({servers.ACTIVE, servers.PAUSED, servers.SHUTOFF})


#: Name of the servers that have a volume among its attributes.
ATTACHED = 'attached'


class _Attachment(msgspec.Struct):
    volume_id: str = msgspec.field(name='volumeId')


class _Attachments(msgspec.Struct):
    attachments: list[_Attachment] = msgspec.field(name='volumeAttachments')


class _Use(volumes.VolumeAction):
    """Both sides must agree."""

    service = 'nova'
    asynchronous = True

    def _seen(
        self, cloud: ports.Cloud, call: model.Call, to: str, attached: bool
    ) -> model.Sight:
        volume = volumes.show(cloud, f'volumes/{call.id}')
        if volume is None:
            return volumes.sight(None, False)
        server = call.partners['server'].id
        times = _times(cloud, server, call.id)
        of_nova = times > 0
        users = [one.server_id for one in volume.attachments]
        return volumes.sight(
            volume,
            volume.status == to
            and of_nova == attached
            and (server in users) == attached,
            error=f'cinder has it attached to {users or "nothing"}; '
            f'nova {"has" if of_nova else "has not"} attached it',
            seen={ATTACHED: _attached(users, server, times)}
            if volume.status in volumes.RESTING
            else {},
        )


def _times(cloud: ports.Cloud, server: str, volume: str) -> int:
    """How often nova lists a volume at a server."""
    found = looking.read(
        cloud.service('nova'),
        f'servers/{server}/os-volume_attachments',
        _Attachments,
    )
    listed = found.attachments if found else []
    return sum(one.volume_id == volume for one in listed)


def _attached(users: list[str], server: str, times: int) -> str | None:
    """The servers that have a volume: one, if all is well.

    Cinder may have two attachments to one server while it migrates; what nova
    lists twice is there twice.
    """
    refs = [f'server/{user}' for user in sorted(set(users))]
    if server in users:
        refs += [f'server/{server}'] * (times - 1)
    return ' '.join(refs) or None


class AttachVolume(_Use):
    """The volume is in use by the server, say both nova and cinder."""

    name = 'volume.attach'
    states = frozenset({volumes.AVAILABLE})
    partners = {'server': model.Need(kind='server', states=_READY)}
    links = model.Links.ADDS
    leads_to = frozenset({volumes.IN_USE})

    def attributes(self, call: model.Call) -> model.Arguments:
        return {ATTACHED: call.partners['server'].ref}

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        # A snapshot of a volume in use cannot be deleted everywhere (NFS).
        return not any(one.kind == 'volume_snapshot' for one in holders)

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').post(
            f'servers/{call.partners["server"].id}/os-volume_attachments',
            {'volumeAttachment': {'volumeId': call.id}},
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self._seen(cloud, call, volumes.IN_USE, attached=True)


class DetachVolume(_Use):
    """The volume is available, and neither service has it attached."""

    name = 'volume.detach'
    states = frozenset({volumes.IN_USE})
    partners = {
        'server': model.Need(kind='server', states=_READY, linked=True)
    }
    links = model.Links.REMOVES
    leads_to = frozenset({volumes.AVAILABLE})

    def attributes(self, call: model.Call) -> model.Arguments:
        return {ATTACHED: None}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('nova').delete(
            f'servers/{call.partners["server"].id}'
            f'/os-volume_attachments/{call.id}'
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self._seen(cloud, call, volumes.AVAILABLE, attached=False)


class _Transfer(msgspec.Struct):
    id: str
    auth_key: str


class _TransferBody(msgspec.Struct):
    transfer: _Transfer


class _Taken(msgspec.Struct):
    id: str


class _TakenBody(msgspec.Struct):
    transfer: _Taken


class TransferVolume(volumes.VolumeAction):
    """The volume is available, and the offer is taken.

    Two requests in one operation, as the key that accepts is a secret, which
    is in no state and no history. The same project gives and takes.
    """

    name = 'volume.transfer'
    states = frozenset({volumes.AVAILABLE})

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        # Cinder transfers no volume with snapshots before 3.55.
        return not holders

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'transfer': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        cinder = cloud.service('cinder')
        asked = {'volume_id': call.id, 'name': call.args['transfer']}
        answer = cinder.post('os-volume-transfer', {'transfer': asked})
        offer = answer.read(_TransferBody).transfer
        try:
            return cinder.post(
                f'os-volume-transfer/{offer.id}/accept',
                {'accept': {'auth_key': offer.auth_key}},
            )
        except ports.CallError as error:
            # The offer stands, whatever became of its acceptance.
            raise ports.CallError(
                ports.Refusal(
                    kind=ports.Kind.INFO,
                    status=error.refusal.status,
                    request_id=error.refusal.request_id,
                    error=outcomes.line(f'accept: {error.refusal.error}'),
                )
            ) from error

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        offer = answer.read(_TakenBody).transfer.id
        open_ = looking.find(
            cloud.service('cinder'), f'os-volume-transfer/{offer}'
        )
        volume = volumes.show(cloud, f'volumes/{call.id}')
        return volumes.sight(
            volume,
            volume is not None
            and volume.status == volumes.AVAILABLE
            and open_ is None,
            error='the offer is still open' if open_ else '',
        )


ACTIONS: tuple[model.Action, ...] = (
    AttachVolume(),
    DetachVolume(),
    TransferVolume(),
)
