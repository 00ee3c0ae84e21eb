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
"""The tests of power are no formality.

Where a BMC takes every order, says that it is done and does nothing, all of
them must fail.
"""

import os
import pathlib
import unittest

import fixtures
import testtools
import yaml

from extreme_tempest_plugin.tests.functional.sandbox.bmcs import Bmcs
from extreme_tempest_plugin.tests.sandbox import test_power

#: In the namespace of the tester, whose own BMCs are on another network.
ADDRESS = '127.0.9.{}'
#: Seconds in which nothing may happen; a host boots in about two.
BOOT_S = 10.0


class TestIdleBmcs(testtools.TestCase):
    def setUp(self):
        super().setUp()
        path = os.environ.get('OS_FAULTS_CONFIG')
        if not path:
            self.fail('run this in `tempest extreme sandbox exec --`')
        config = yaml.safe_load(pathlib.Path(path).read_text())
        (power,) = config['power_managements']
        bmcs = power['args']['mac_to_bmc']
        addresses = {}
        for number, node in enumerate(config['node_discover']['args'], 1):
            found = bmcs[node['mac']]
            found['address'] = ADDRESS.format(number)
            addresses[node['fqdn']] = found['address']
            password = found['password']
        self.served = self.useFixture(Bmcs(addresses, password))
        changed = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path, 'os-faults.yaml'
        )
        changed.write_text(yaml.safe_dump(config))
        self.useFixture(
            fixtures.EnvironmentVariable('OS_FAULTS_CONFIG', str(changed))
        )
        self.useFixture(
            fixtures.MonkeyPatch(f'{test_power.__name__}.BOOT_S', BOOT_S)
        )

    def test_every_test_of_power_fails(self):
        loader = unittest.defaultTestLoader
        tests = loader.loadTestsFromTestCase(test_power.TestPower)
        result = unittest.TestResult()
        tests.run(result)
        self.assertEqual([], result.errors)
        self.assertEqual(tests.countTestCases(), len(result.failures))
        for _, why in result.failures:
            # TCP, a ping and ARP still answer, or there was no new boot.
            self.assertRegex(why, "'answers', True, True|it has not booted")
        self.assertIn('off', self.served.hosts[test_power.HOST].orders)
