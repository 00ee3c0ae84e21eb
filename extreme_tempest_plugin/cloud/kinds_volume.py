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
"""Kinds of cinder, in the order in which they can be deleted.

https://docs.openstack.org/api-ref/block-storage/v3/
"""

import msgspec

from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports


def _take_back(cloud: ports.Cloud, volume: listing.Found) -> None:
    """Withdraw the offers of a volume that is to be transferred."""
    if volume.state != 'awaiting-transfer':
        return
    cinder = cloud.service('cinder')
    listed = cinder.get('os-volume-transfer/detail').read(_Transfers)
    for one in listed.transfers:
        if one.volume_id == volume.id:
            cinder.delete(f'os-volume-transfer/{one.id}')


class _Transfer(msgspec.Struct):
    id: str
    volume_id: str


class _Transfers(msgspec.Struct):
    transfers: list[_Transfer]


KINDS = (
    listing.Kind(
        name='volume_backup',
        service='cinder',
        listing='backups/detail',
        items='backups',
        member='backups/{id}',
        refs={'volume': 'volume_id'},
    ),
    listing.Kind(
        name='volume_snapshot',
        service='cinder',
        listing='snapshots/detail',
        items='snapshots',
        member='snapshots/{id}',
        owner='os-extended-snapshot-attributes:project_id',
        refs={'volume': 'volume_id', 'size': 'size'},
    ),
    listing.Kind(
        name='volume',
        service='cinder',
        listing='volumes/detail',
        items='volumes',
        member='volumes/{id}',
        owner='os-vol-tenant-attr:tenant_id',
        refs={
            'snapshot': 'snapshot_id',
            'source': 'source_volid',
            'size': 'size',
        },
        undo=_take_back,
    ),
)
