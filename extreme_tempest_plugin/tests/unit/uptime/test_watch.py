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

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit import configuration
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import watch


class Credentials:
    username = 'demo'
    password = 'secret'
    user_domain = 'Default'
    project_id = 'p'


class TestSpecs(testtools.TestCase):
    def specs(self, **uptime):
        return watch.specs(
            configuration.settings(),
            Credentials(),
            model.Uptime(**uptime),
            'run-1',
            pathlib.Path('/parts'),
        )

    def test_services_of_the_settings(self):
        keystone, nova = self.specs()
        self.assertEqual('keystone', keystone.service)
        self.assertEqual('compute', nova.catalog_type)
        self.assertEqual('/parts/uptime-nova.jsonl', nova.part)
        self.assertEqual('uptime/nova', nova.actor)
        self.assertEqual('run-1', nova.run)

    def test_services_of_the_plan(self):
        (nova,) = self.specs(services=('nova',), interval=0.02)
        self.assertEqual(20_000_000, nova.interval_ns)

    def test_unknown_service(self):
        for call in (
            lambda: self.specs(services=('mistral',)),
            lambda: watch.check(model.Uptime(services=('mistral',))),
        ):
            error = self.assertRaises(errors.UsageError, call)
            self.assertIn("'mistral'", str(error))
            self.assertIn('glance, keystone, neutron, nova', str(error))

    def test_requests_in_flight_are_bounded(self):
        (nova,) = self.specs(services=('nova',))
        self.assertEqual(24, nova.in_flight)
        (nova,) = self.specs(services=('nova',), interval=0.02)
        self.assertEqual(256, nova.in_flight)

    def test_line(self):
        nova = self.specs()[1]
        line = spec_.encode(nova)
        self.assertEqual(1, line.count(b'\n'))
        self.assertEqual(nova, spec_.decode(line))
        self.assertNotIn('secret', repr(nova))

    def test_a_bad_line_is_not_shown(self):
        error = self.assertRaises(
            errors.UsageError, spec_.decode, b'{"password": "secret"'
        )
        self.assertNotIn('secret', str(error))
