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
"""Room that a quota leaves."""

import testtools

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import quota
from extreme_tempest_plugin.tests.unit.storm import canned

SMALL = {'vcpus': 2, 'ram': 512}


class RoomTest(testtools.TestCase):
    def _servers(self, flavor=SMALL, **absolute: int) -> int | None:
        return quota.compute_room(absolute, flavor, 0).get('server')

    def test_instances(self):
        self.assertEqual(10, self._servers(maxTotalInstances=10))
        self.assertEqual(
            7, self._servers(maxTotalInstances=10, totalInstancesUsed=3)
        )

    def test_the_least_counts(self):
        self.assertEqual(
            3, self._servers(maxTotalInstances=10, maxTotalCores=7)
        )
        self.assertEqual(
            1, self._servers(maxTotalCores=7, maxTotalRAMSize=1000)
        )

    def test_no_limit(self):
        self.assertIsNone(self._servers())
        self.assertIsNone(
            self._servers(maxTotalInstances=-1, maxTotalCores=-1)
        )

    def test_a_flavor_without_memory(self):
        self.assertIsNone(
            self._servers({'vcpus': 1, 'ram': 0}, maxTotalRAMSize=0)
        )

    def test_never_below_nothing(self):
        self.assertEqual(
            0, self._servers(maxTotalInstances=1, totalInstancesUsed=5)
        )

    def test_keypairs(self):
        room = quota.compute_room({'maxTotalKeypairs': 100}, SMALL, 98)
        self.assertEqual(2, room['keypair'])
        self.assertIsNone(quota.compute_room({}, SMALL, 98).get('keypair'))

    def test_server_groups(self):
        absolute = {
            'maxTotalInstances': 50,
            'maxServerGroups': 10,
            'totalServerGroupsUsed': 4,
            'maxServerGroupMembers': 8,
        }
        room = quota.compute_room(absolute, SMALL, 0)
        self.assertEqual({'server': 50, 'server_group': 6}, room)
        # They may all be asked to join one group.
        room = quota.compute_room(absolute, SMALL, 0, grouped=True)
        self.assertEqual({'server': 8, 'server_group': 6}, room)


class VolumeRoomTest(testtools.TestCase):
    def test_numbers(self):
        absolute = {
            'maxTotalVolumes': 10,
            'totalVolumesUsed': 3,
            'maxTotalSnapshots': -1,
            'maxTotalBackups': 2,
            'totalBackupsUsed': 5,
        }
        self.assertEqual(
            {'volume': 7, 'volume_backup': 0},
            quota.volume_room(absolute, ('volume', 'volume_snapshot')),
        )

    def test_gigabytes_are_shared(self):
        """Each volume may become 3 GiB, and each snapshot with it."""
        absolute = {
            'maxTotalVolumes': 100,
            'maxTotalSnapshots': 4,
            'maxTotalVolumeGigabytes': 40,
            'totalGigabytesUsed': 4,
        }
        self.assertEqual(
            {'volume': 6, 'volume_snapshot': 4},
            quota.volume_room(absolute, ('volume', 'volume_snapshot')),
        )
        self.assertEqual(
            12, quota.volume_room(absolute, ('volume',))['volume']
        )

    def test_only_what_is_wanted_is_asked_for(self):
        limits = {'limits': {'absolute': {'maxTotalVolumes': 5}}}
        cloud = canned.Cloud({'cinder:limits': limits})
        self.assertEqual(
            {'volume': 5}, quota.room(cloud, ('volume', 'container'))
        )
        self.assertEqual(
            ['cinder:limits'], [path for _, path, _ in cloud.sent]
        )


class TakeBackTest(testtools.TestCase):
    def _undone(self, state):
        """What is sent before a volume is deleted."""
        offers = {'transfers': [{'id': 't', 'volume_id': 'v'}]}
        cloud = canned.Cloud(
            {
                'cinder:os-volume-transfer/detail': offers,
                'cinder:os-volume-transfer/t': {},
            }
        )
        undo = kinds.BY_NAME['volume'].undo
        undo(cloud, kinds.Found(id='v', name='n', state=state))
        undo(cloud, kinds.Found(id='w', name='n', state=state))
        return [path for method, path, _ in cloud.sent if method == 'DELETE']

    def test_an_offer_is_withdrawn(self):
        self.assertEqual(
            ['cinder:os-volume-transfer/t'],
            self._undone('awaiting-transfer'),
        )
        self.assertEqual([], self._undone('available'))


class NetworkRoomTest(testtools.TestCase):
    def _room(self, **limits):
        details = {
            name: {'limit': limit, 'used': used, 'reserved': reserved}
            for name, (limit, used, reserved) in limits.items()
        }
        bodies = {'neutron:v2.0/quotas/project-1/details': {'quota': details}}
        return quota.room(canned.Cloud(bodies), ['port'])

    def test_what_is_left(self):
        self.assertEqual(
            {'network': 7, 'floating_ip': 0},
            self._room(network=(10, 2, 1), floatingip=(3, 5, 0)),
        )

    def test_no_limit(self):
        self.assertEqual({}, self._room(network=(-1, 2, 0)))

    def test_routers_and_servers_take_ports(self):
        room = self._room(port=(100, 10, 0), subnet=(21, 1, 0))
        self.assertEqual(35, room['port'])

    def test_each_group_brings_rules(self):
        room = self._room(
            security_group=(10, 1, 0), security_group_rule=(100, 4, 0)
        )
        self.assertEqual(9, room['security_group'])
        self.assertEqual(100 - 4 - 2 * 9, room['security_group_rule'])


class ZoneRoomTest(testtools.TestCase):
    def _room(self, **quotas):
        zone = {'id': 'z', 'name': 'z', 'status': 'ACTIVE'}
        return quota.room(
            canned.Cloud(
                {
                    'designate:v2/quotas/project-1': quotas,
                    'designate:v2/zones?limit=200': {'zones': [zone]},
                    'designate:v2/zones?limit=200&marker=z': {'zones': []},
                }
            ),
            ['recordset'],
        )

    def test_what_is_left(self):
        self.assertEqual({'zone': 9}, self._room(zones=10))

    def test_no_limit(self):
        self.assertEqual({}, self._room(zones=-1))
        self.assertEqual({}, self._room())
