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
from extreme_tempest_plugin.uptime import orders
from extreme_tempest_plugin.uptime import spec as spec_


class Credentials:
    username = 'demo'
    password = 'secret'
    user_domain = 'Default'
    project_id = 'p'
    network = 'n'


class TestSpecs(testtools.TestCase):
    def specs(self, **uptime):
        return orders.specs(
            configuration.settings(),
            Credentials(),
            model.Uptime(**uptime),
            'run-1',
            pathlib.Path('/run'),
        )

    def test_services_of_the_settings(self):
        keystone, nova = self.specs()
        self.assertEqual('keystone', keystone.service)
        self.assertEqual('compute', nova.catalog_type)
        self.assertEqual('/run/parts/uptime-nova.jsonl', nova.part)
        self.assertEqual('/run/ledgers/uptime-nova.jsonl', nova.ledger)
        self.assertEqual('uptime/nova', nova.actor)
        self.assertEqual('run-1', nova.run)

    def test_services_of_the_plan(self):
        (nova,) = self.specs(services=('nova',), interval=0.02)
        self.assertEqual(20_000_000, nova.interval_ns)

    def test_each_way_to_watch_a_service(self):
        specs = self.specs(
            services=('nova/kept', 'nova@10.0.0.11:8774', 'tcp:10.0.0.7:22')
        )
        self.assertEqual(
            ['compute', 'compute', ''], [one.catalog_type for one in specs]
        )
        self.assertEqual('uptime/nova/kept', specs[0].actor)
        self.assertEqual('/run/parts/uptime-nova_kept.jsonl', specs[0].part)
        self.assertEqual(
            '/run/parts/uptime-nova_10.0.0.11_8774.jsonl', specs[1].part
        )

    def test_services_by_their_type(self):
        heat, mistral = self.specs(services=('heat', 'workflowv2'))
        self.assertEqual('orchestration', heat.catalog_type)
        self.assertEqual('workflowv2', mistral.catalog_type)

    def test_control(self):
        _, control = self.specs(services=('nova',), control='tcp:10.0.0.1:22')
        self.assertEqual('control', control.service)
        self.assertEqual('tcp:10.0.0.1:22', control.target)

    def test_what_cannot_be_watched(self):
        for uptime, said in (
            ({'services': ('nova/',)}, "'nova/'"),
            ({'services': ('tcp:10.0.0.7',)}, 'tcp:HOST:PORT'),
            (
                {'services': ('heat/write',)},
                'glance, keystone, neutron, nova',
            ),
            ({'services': ('cinder/boot',)}, 'only nova boots'),
            ({'control': 'nova'}, 'not of the cloud'),
            ({'control': 'tcp:1'}, "'tcp:1'"),
        ):
            error = self.assertRaises(errors.UsageError, self.specs, **uptime)
            self.assertIn(said, str(error))
            error = self.assertRaises(
                errors.UsageError, orders.check, model.Uptime(**uptime)
            )
            self.assertIn(said, str(error))

    def test_requests_in_flight_are_bounded(self):
        (nova,) = self.specs(services=('nova',))
        self.assertEqual(24, nova.in_flight)
        (nova,) = self.specs(services=('nova',), interval=0.02)
        self.assertEqual(256, nova.in_flight)

    def test_boots_have_a_pace_and_an_image_of_their_own(self):
        boot, backend, nova = self.specs(
            services=('nova/boot', 'nova/boot@10.0.0.11:8774', 'nova'),
            interval=0.1,
            timeout=2.0,
        )
        for one in (boot, backend):
            self.assertEqual((30.0, 120.0), (one.interval, one.timeout))
            self.assertEqual(8, one.in_flight)
        self.assertEqual((0.1, 2.0), (nova.interval, nova.timeout))
        self.assertEqual(
            ('image', 'flavor', 'n'), (boot.image, boot.flavor, boot.network)
        )
        (boot,) = self.specs(
            services=('nova/boot',), boot_interval=60.0, boot_timeout=90.0
        )
        self.assertEqual((60.0, 90.0), (boot.interval, boot.timeout))
        self.assertEqual(5, boot.in_flight)

    def test_servers_at_one_time_are_bounded(self):
        (boot,) = self.specs(services=('nova/boot',), boot_interval=1.0)
        self.assertEqual(8, boot.in_flight)

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
