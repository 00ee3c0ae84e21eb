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
"""The cloud of ``storm.stub``, with cinder and designate as far as writes go.

Volumes and zones come and go a while after their API has answered.
"""

import dataclasses
import re
import uuid

from extreme_tempest_plugin.tests.functional.storm import stub


class Cloud(stub.Stub):
    """Has them; ``with Cloud() as cloud``.

    :ivar volumes: by id, each with its metadata.
    :ivar zones: by id, each with its recordsets.
    """

    def __init__(self) -> None:
        self.volumes: dict[str, dict] = {}
        self.zones: dict[str, dict] = {}
        super().__init__()

    @property
    def cloud(self):
        types = {'cinder': 'block-storage', 'designate': 'dns'}
        known = super().cloud
        return dataclasses.replace(
            known, catalog_types=known.catalog_types | types
        )

    def endpoints(self):
        return {
            **super().endpoints(),
            'block-storage': f'{self.url}/volume/v3',
            'dns': f'{self.url}/dns',
        }

    def routes(self):
        return {**super().routes(), **_ROUTES}

    def create_volume(self, groups, body, request_id, query):
        asked = body['volume']
        volume = self._new(
            self.volumes, name=asked['name'], size=asked['size'], metadata={}
        )
        self._later(self.volumes, volume, 'creating', 'available')
        return 202, {'volume': volume}

    def list_volumes(self, groups, body, request_id, query):
        return 200, {'volumes': self._page(self.volumes, query)}

    def delete_volume(self, groups, body, request_id, query):
        volume = self.volumes.get(groups[0])
        if volume is None:
            return stub._missing()
        if volume['status'] != 'available':
            refused = 'Volume status must be available or error'
            return 400, {'badRequest': {'message': refused}}
        self._later(self.volumes, volume, 'deleting', '')
        return 202, None

    def add_metadata(self, groups, body, request_id, query):
        if groups[0] not in self.volumes:
            return stub._missing()
        metadata = self.volumes[groups[0]]['metadata']
        metadata.update(body['metadata'])
        return 200, {'metadata': metadata}

    def metadata(self, groups, body, request_id, query):
        volume, key = groups
        if key not in self.volumes.get(volume, {}).get('metadata', {}):
            return stub._missing()
        return 200, {'meta': {key: self.volumes[volume]['metadata'][key]}}

    def delete_metadata(self, groups, body, request_id, query):
        volume, key = groups
        if key not in self.volumes.get(volume, {}).get('metadata', {}):
            return stub._missing()
        del self.volumes[volume]['metadata'][key]
        return 200, None

    def create_zone(self, groups, body, request_id, query):
        if not re.fullmatch(r'([a-z0-9-]+\.)+', body['name']):
            return 400, {'type': 'invalid_object'}
        if body['name'] in [zone['name'] for zone in self.zones.values()]:
            return 409, {'type': 'duplicate_zone'}
        zone = self._new(
            self.zones, name=body['name'], email=body['email'], recordsets={}
        )
        self._later(self.zones, zone, 'PENDING', 'ACTIVE')
        return 202, zone

    def list_zones(self, groups, body, request_id, query):
        return 200, {'zones': self._page(self.zones, query)}

    def delete_zone(self, groups, body, request_id, query):
        zone = self.zones.get(groups[0])
        if zone is None:
            return stub._missing()
        self._later(self.zones, zone, 'PENDING', '')
        return 202, zone

    def create_recordset(self, groups, body, request_id, query):
        zone = self.zones.get(groups[0])
        if zone is None:
            return stub._missing()
        if not body['name'].endswith(f'.{zone["name"]}'):
            return 400, {'type': 'invalid_object'}
        recordset = self._new(zone['recordsets'], **body)
        self._later(zone['recordsets'], recordset, 'PENDING', 'ACTIVE')
        return 202, recordset

    def recordset(self, groups, body, request_id, query):
        zone, one = groups
        if one not in self.zones.get(zone, {}).get('recordsets', {}):
            return stub._missing()
        return 200, self.zones[zone]['recordsets'][one]

    def delete_recordset(self, groups, body, request_id, query):
        status, shown = self.recordset(groups, body, request_id, query)
        if status == 200:
            zone = self.zones[groups[0]]
            self._later(zone['recordsets'], shown, 'PENDING', '')
            status = 202
        return status, shown

    def _new(self, things, **fields):
        id_ = str(uuid.uuid4())
        things[id_] = {'id': id_, **fields}
        return things[id_]

    def _later(self, things, thing, now, then):
        """It is in one state, and then in another; in none if it is gone."""
        thing['status'] = now

        def change():
            with self.lock:
                if then and thing['status'] == now:
                    thing['status'] = then
                elif not then:
                    things.pop(thing['id'], None)

        self.later(change)

    def _page(self, things, query):
        """All of them at once, and nothing after the last."""
        return [] if 'marker=' in query else list(things.values())


_VOLUMES = '/volume/v3/volumes'
_ZONES = '/dns/v2/zones'
_ONE = '/([^/]+)'

_ROUTES = {
    f'POST {_VOLUMES}': Cloud.create_volume,
    f'GET {_VOLUMES}/detail': Cloud.list_volumes,
    f'DELETE {_VOLUMES}{_ONE}': Cloud.delete_volume,
    f'POST {_VOLUMES}{_ONE}/metadata': Cloud.add_metadata,
    f'GET {_VOLUMES}{_ONE}/metadata{_ONE}': Cloud.metadata,
    f'DELETE {_VOLUMES}{_ONE}/metadata{_ONE}': Cloud.delete_metadata,
    f'POST {_ZONES}': Cloud.create_zone,
    f'GET {_ZONES}': Cloud.list_zones,
    f'DELETE {_ZONES}{_ONE}': Cloud.delete_zone,
    f'POST {_ZONES}{_ONE}/recordsets': Cloud.create_recordset,
    f'GET {_ZONES}{_ONE}/recordsets{_ONE}': Cloud.recordset,
    f'DELETE {_ZONES}{_ONE}/recordsets{_ONE}': Cloud.delete_recordset,
}
