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
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import catalogue

CATALOG = (
    catalogue.Entry(
        'compute',
        (
            catalogue.Endpoint('http://admin', 'admin', 'one'),
            catalogue.Endpoint('http://one', 'public', 'one'),
            catalogue.Endpoint('http://two', 'public', 'two'),
        ),
    ),
    catalogue.Entry('image'),
)


class TestFind(testtools.TestCase):
    def find(self, kind='compute', region='two', interface='public'):
        return catalogue.find(CATALOG, 'nova', kind, region, interface)

    def test_by_region_and_interface(self):
        self.assertEqual('http://two', self.find())
        self.assertEqual('http://one', self.find(region=''))
        self.assertEqual(
            'http://admin', self.find(region='one', interface='admin')
        )

    def test_missing(self):
        for given in (
            {'kind': 'network'},
            {'kind': 'image'},
            {'region': 'three'},
            {'interface': 'internal'},
        ):
            error = self.assertRaises(
                errors.UsageError, lambda given=given: self.find(**given)
            )
            self.assertIn('nova: the catalog has no', str(error))
            self.assertIn('compute, image', str(error))
