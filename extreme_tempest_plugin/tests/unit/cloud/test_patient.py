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

from extreme_tempest_plugin.cloud import patient
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.cloud import fakes


class PatientTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = fakes.Clock()
        self.cloud = fakes.Cloud()
        self.cloud.compute.put('a', 'a')
        self.nova = patient.Patient(self.cloud, self.clock.sleep).service(
            'nova'
        )

    def fail(self, method, *statuses):
        self.cloud.compute.failing[method].extend(map(fakes.refusal, statuses))

    def asked(self, method):
        return sum(call[0] == method for call in self.cloud.compute.calls)

    def test_it_is_asked_again(self):
        self.fail('show_server', 503, 0)
        self.assertEqual(200, self.nova.get('servers/a').status)
        self.assertEqual(3, self.asked('show_server'))
        self.assertEqual(1000 + 2 * patient.PAUSE, self.clock.seconds())

    def test_a_token_that_has_ended(self):
        self.fail('show_server', 401)
        self.assertEqual(200, self.nova.get('servers/a').status)

    def test_not_for_ever(self):
        self.fail('show_server', *[503] * 9)
        self.assertRaises(ports.CallError, self.nova.get, 'servers/a')
        self.assertEqual(patient.TRIES, self.asked('show_server'))

    def test_what_is_certain(self):
        self.assertRaises(ports.CallError, self.nova.get, 'servers/b')
        self.assertEqual(1, self.asked('show_server'))

    def test_what_changes_something_is_asked_once(self):
        self.fail('delete_server', 503)
        self.assertRaises(ports.CallError, self.nova.delete, 'servers/a')
        self.assertEqual(1, self.asked('delete_server'))

    def test_it_is_the_same_cloud(self):
        one = patient.Patient(self.cloud)
        self.assertEqual('project-1', one.project)
        self.assertEqual('user-1', one.user)
        self.assertEqual('image-1', one.boot.image)
