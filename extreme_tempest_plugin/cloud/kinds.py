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
"""Every kind of resource that a run may create.

The clean-up deletes in the order of KINDS; the census lists all of it. A new
kind is a new row.
"""

from extreme_tempest_plugin.cloud import kinds_dns
from extreme_tempest_plugin.cloud import kinds_identity
from extreme_tempest_plugin.cloud import kinds_network
from extreme_tempest_plugin.cloud import kinds_objects
from extreme_tempest_plugin.cloud import kinds_volume
from extreme_tempest_plugin.cloud import listing

Kind = listing.Kind
Found = listing.Found
found = listing.found


def _checksum(image: listing.Shown) -> str:
    """Of its data; by MD5, where glance has nothing better."""
    return str(image.get('os_hash_value') or image.get('checksum') or '')


#: In the order in which they can be deleted: what depends comes first.
KINDS = (
    Kind(
        name='server',
        service='nova',
        listing='servers/detail',
        items='servers',
        member='servers/{id}',
        owner='tenant_id',
        refs={
            'host': 'OS-EXT-SRV-ATTR:host',
            'image': 'image.id',
            'task_state': 'OS-EXT-STS:task_state',
        },
    ),
    Kind(
        name='server_group',
        service='nova',
        # Before it soft policies break the schema of nova's own answer.
        version='2.64',
        listing='os-server-groups',
        items='server_groups',
        member='os-server-groups/{id}',
        state='',
        paged=False,
    ),
    Kind(
        name='keypair',
        service='nova',
        listing='os-keypairs',
        items='keypairs',
        item='keypair',
        member='os-keypairs/{id}',
        id='name',
        state='',
        paged=False,
    ),
    *kinds_volume.KINDS,
    Kind(
        name='image',
        service='glance',
        # What others show to us is not ours.
        listing='v2/images?owner={project}',
        items='images',
        member='v2/images/{id}',
        owner='owner',
        refs={
            'size': 'size',
            'algorithm': 'os_hash_algo',
            'checksum': _checksum,
        },
        always=frozenset({'size'}),
    ),
    *kinds_network.KINDS,
    *kinds_dns.KINDS,
    *kinds_objects.KINDS,
    *kinds_identity.KINDS,
)

BY_NAME = {kind.name: kind for kind in KINDS}
