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
import pathlib
import tempfile
from typing import Any

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.tests.unit.faults import world

C1, C2 = '203.0.113.1', '203.0.113.2'


class TestClusters(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.world = world.World(pathlib.Path(directory.name))

    def test_by_address_or_fqdn(self) -> None:
        galera, rabbitmq, ovn = self.world.read().clusters
        everywhere = (C1, C2, '203.0.113.3')
        for cluster in (galera, rabbitmq, ovn):
            self.assertEqual(everywhere, cluster.members)
            self.assertEqual(2, cluster.majority)
        self.assertEqual(('mariadb',), galera.units)
        self.assertEqual(('rabbitmq-server',), rabbitmq.units)
        self.assertEqual((), ovn.units)

    def test_majority(self) -> None:
        names = [*world.ADDRESSES]
        for count, majority in ((2, 2), (3, 2), (4, 3)):
            self.world.configure(clusters={'c': {'hosts': names[:count]}})
            (cluster,) = self.world.read().clusters
            self.assertEqual(majority, cluster.majority)

    def test_how_its_members_are_asked(self) -> None:
        hosts = [C1, C2]
        self.world.configure(
            clusters={
                'db': {'hosts': hosts, 'kind': 'galera'},
                'other': {'hosts': hosts},
            }
        )
        self.assertEqual(
            ['galera', ''], [one.kind for one in self.world.read().clusters]
        )

    def test_a_service_that_cannot_be_broken(self) -> None:
        services = world.file()['services']
        services['app'] = {'driver': 'process', 'args': {'grep': 'app'}}
        self.world.configure(
            services=services,
            clusters={'c': {'hosts': [C1, C2], 'services': ['app']}},
        )
        self.assertEqual((), self.world.read().clusters[0].units)

    def test_each_mistake_is_refused_in_one_line(self) -> None:
        cases: list[tuple[str, Any, str, str]] = [
            ('c', {'hosts': [C1]}, 'clusters.c.hosts', 'length'),
            ('c', {'hosts': [C1, 'nobody']}, 'clusters.c.hosts', 'no ip or'),
            ('c', {'hosts': [C1, '']}, 'clusters.c.hosts', 'no ip or fqdn'),
            ('c', {'hosts': [C1, 'ctl1']}, 'clusters.c.hosts', 'there twice'),
            (
                'c',
                {'hosts': [C1, C2], 'services': ['mysqll']},
                'clusters.c.services',
                "'mysqll' is none of services",
            ),
            ('c', {'hosts': [C1, C2], 'size': 3}, 'clusters.c', 'size'),
            ('c', {'hosts': [C1, C2], 'kind': 'etcd'}, 'clusters.c.kind', ''),
            ('canary', {'hosts': [C1, C2]}, 'clusters.canary', 'that name'),
            ('a;b', {'hosts': [C1, C2]}, 'clusters.a;b', 'refused'),
            ('c', [C1, C2], 'clusters.c', 'object'),
        ]
        for name, given, key, reason in cases:
            self.world.configure(clusters={name: given})
            error = self.assertRaises(errors.UsageError, self.world.read)
            text = str(error)
            self.assertIn(f': {key}', text)
            self.assertIn(reason, text)
            self.assertNotIn('\n', text)
