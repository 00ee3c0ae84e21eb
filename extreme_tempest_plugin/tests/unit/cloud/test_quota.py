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

from extreme_tempest_plugin.cloud import quota

SMALL = {'vcpus': 2, 'ram': 512}


class RoomTest(testtools.TestCase):
    def _servers(self, flavor=SMALL, **absolute: int) -> int | None:
        return quota.room(absolute, flavor, 0).servers

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
        room = quota.room({'maxTotalKeypairs': 100}, SMALL, 98)
        self.assertEqual(2, room.keypairs)
        self.assertIsNone(quota.room({}, SMALL, 98).keypairs)
