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
"""Zones and what belongs to them, as designate lists them.

https://docs.openstack.org/api-ref/dns/
"""

import functools

from extreme_tempest_plugin.cloud import listing


def _records(recordset: listing.Shown) -> str:
    return ','.join(map(str, recordset.get('records') or ()))


_kind = functools.partial(
    listing.Kind, service='designate', owner='project_id'
)

KINDS = (
    _kind(
        name='zone_transfer',
        listing='v2/zones/tasks/transfer_requests',
        items='transfer_requests',
        member='v2/zones/tasks/transfer_requests/{id}',
        label='description',
        refs={'zone': 'zone_id'},
    ),
    _kind(
        name='recordset',
        listing='v2/recordsets',
        items='recordsets',
        member='v2/zones/{}/recordsets/{}',
        id='zone_id/id',
        label='description',
        refs={
            'zone': 'zone_id',
            'record': 'name',
            'type': 'type',
            'address': _records,
            'ttl': 'ttl',
        },
        always=frozenset({'address', 'ttl'}),
    ),
    _kind(
        name='zone',
        listing='v2/zones',
        items='zones',
        member='v2/zones/{id}',
        refs={'serial': 'serial', 'email': 'email', 'ttl': 'ttl'},
        always=frozenset({'email', 'ttl'}),
    ),
)
