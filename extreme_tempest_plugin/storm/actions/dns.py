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
"""Zones, recordsets and transfers: what a storm does with designate.

Each change is handed to a worker, which makes the name servers take it: it
is done when designate shows ACTIVE. A zone in ERROR is tried again by
designate's producer, so that is not the end of it.

https://docs.openstack.org/api-ref/dns/
"""

import random

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import plain

ACTIVE = 'ACTIVE'
ERROR = 'ERROR'
COMPLETE = 'COMPLETE'

#: Below a domain that nobody has (RFC 2606).
_DOMAIN = 'example.'

#: Who is responsible for a zone; also of RFC 2606.
_EMAIL = 'example.org'

#: Names that users ask for in a zone that they share: few, so that the same
#: one is asked for at the same time. Designate allows one of them.
_SHARED_NAMES = ('a', 'b', 'c')

#: Seconds that a record may be kept, as designate allows them.
_TTLS = (60, 300, 3600)


def _address(rng: random.Random) -> str:
    """An address of the documentation (RFC 5737)."""
    return f'198.51.100.{rng.randrange(1, 255)}'


class _Dns(plain.Plain):
    service = 'designate'
    stateful = True
    good = frozenset({ACTIVE})
    moving = frozenset({'PENDING'})

    def at_rest(self, cloud: ports.Cloud, call: model.Call) -> bool:
        if call.resource is None:
            return True
        shown = self.show(cloud, call.id)
        return shown is None or shown.get('status') not in self.moving


class _Zone(_Dns):
    kind = 'zone'
    registers = frozenset({'ttl', 'email'})


class CreateZone(_Zone, plain.Create):
    """A zone of its own below example."""

    name = 'zone.create'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': f'{fresh}.{_DOMAIN}', 'email': f'storm@{_EMAIL}'}

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'name': call.args['name'], 'email': call.args['email']}


class _UpdateZone(_Zone, plain.Update):
    method = 'PATCH'
    states = frozenset({ACTIVE})
    leads_to = frozenset({ACTIVE})


class SetZoneTtl(_UpdateZone):
    """Another time to live of a zone."""

    name = 'zone.set_ttl'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'ttl': rng.choice(_TTLS)}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'ttl': call.args['ttl']}


class SetZoneEmail(_UpdateZone):
    """Another address of who is responsible for a zone."""

    name = 'zone.set_email'

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'email': f'{fresh}@{_EMAIL}'}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'email': call.args['email']}


class DeleteZone(_Zone, plain.Delete):
    """The end of a zone."""

    name = 'zone.delete'
    states = frozenset({ACTIVE, ERROR})


class _Recordset(_Dns):
    kind = 'recordset'
    registers = frozenset({'ttl', 'address'})

    def value(self, shown: plain.Fields, register: str) -> str | None:
        if register == 'address':
            return ','.join(shown.get('records') or []) or None
        return super().value(shown, register)


class CreateRecordset(_Recordset, plain.Create):
    """An A record; in a shared zone others want the same name."""

    name = 'recordset.create'
    partners = {'zone': model.Need(kind='zone', states=frozenset({ACTIVE}))}

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        zone = chosen.partners['zone']
        own = f'r{plain.sequence(fresh)[1]}'
        label = rng.choice(_SHARED_NAMES) if zone.shared else own
        return {
            'name': fresh,
            'record': f'{label}.{zone.name}',
            'address': _address(rng),
        }

    def collection(self, cloud: ports.Cloud, call: model.Call) -> str:
        return f'v2/zones/{call.partners["zone"].id}/recordsets'

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'name': call.args['record'],
            'type': 'A',
            'records': [call.args['address']],
            'description': call.args['name'],
        }


class SetRecords(_Recordset, plain.Update):
    """Another address in a recordset."""

    name = 'recordset.update'
    states = frozenset({ACTIVE})
    leads_to = frozenset({ACTIVE})

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'address': _address(rng), 'ttl': rng.choice(_TTLS)}

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {
            'records': [call.args['address']],
            'ttl': call.args['ttl'],
        }


class DeleteRecordset(_Recordset, plain.Delete):
    """The end of a recordset."""

    name = 'recordset.delete'
    states = frozenset({ACTIVE, ERROR})


class _Transfer(_Dns):
    kind = 'zone_transfer'


class _Key(msgspec.Struct, frozen=True):
    """The key of a transfer; whoever has it may take the zone."""

    key: str


class CreateTransfer(_Transfer, plain.Create):
    """A zone is offered to whoever has the key of the offer."""

    name = 'zone_transfer.create'
    partners = {'zone': model.Need(kind='zone', states=frozenset({ACTIVE}))}
    conflicts = frozenset({400, 404, 409})

    def fits(
        self,
        role: str,
        partner: model.Resource,
        resource: model.Resource | None,
        around: model.Around,
    ) -> bool:
        holders = around.holders(partner.key)
        return all(one.kind != 'zone_transfer' for one in holders)

    def collection(self, cloud: ports.Cloud, call: model.Call) -> str:
        zone = call.partners['zone'].id
        return f'v2/zones/{zone}/tasks/transfer_requests'

    def wanted(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {'description': call.args['name']}


class AcceptTransfer(_Transfer, plain.Update):
    """The offer of a zone is accepted; here the zone stays in its project.

    The key is a secret: it is asked for, used, and kept nowhere.
    """

    name = 'zone_transfer.accept'
    states = frozenset({ACTIVE})
    leads_to = frozenset({COMPLETE})
    good = frozenset({COMPLETE})
    conflicts = frozenset({400, 404, 409})

    def changes(self, cloud: ports.Cloud, call: model.Call) -> plain.Fields:
        return {}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        designate = cloud.service('designate')
        key = designate.get(self.path(cloud, call.id)).read(_Key).key
        return designate.post(
            'v2/zones/tasks/transfer_accepts',
            {'zone_transfer_request_id': call.id, 'key': key},
        )


class DeleteTransfer(_Transfer, plain.Delete):
    """The offer of a zone is taken back, or forgotten."""

    name = 'zone_transfer.delete'
    states = frozenset({ACTIVE, COMPLETE})


ACTIONS: tuple[model.Action, ...] = (
    CreateZone(),
    SetZoneTtl(),
    SetZoneEmail(),
    DeleteZone(),
    CreateRecordset(),
    SetRecords(),
    DeleteRecordset(),
    CreateTransfer(),
    AcceptTransfer(),
    DeleteTransfer(),
)
