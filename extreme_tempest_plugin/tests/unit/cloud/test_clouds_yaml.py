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
"""The cloud that the variables of the environment name."""

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import clouds_yaml

VARIABLES = {
    'OS_AUTH_URL': 'http://127.0.0.1:1',
    'OS_USERNAME': 'demo',
    'OS_PASSWORD': 'secret',
    'OS_PROJECT_NAME': 'demo',
    'OS_USER_DOMAIN_NAME': 'Default',
    'OS_PROJECT_DOMAIN_NAME': 'Default',
    'OS_REGION_NAME': 'here',
}


class TestVariables(testtools.TestCase):
    def given(self, **variables):
        folder = self.useFixture(fixtures.TempDir()).path
        for name, value in (VARIABLES | variables).items():
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        self.useFixture(
            fixtures.EnvironmentVariable(
                'OS_CLIENT_CONFIG_FILE', f'{folder}/none.yaml'
            )
        )

    def test_all_of_it(self):
        self.given()
        entry = clouds_yaml.read('envvars')
        self.assertEqual('http://127.0.0.1:1/v3', entry.auth_url)
        self.assertEqual('here', entry.region)
        self.assertEqual(
            {
                'username': 'demo',
                'password': 'secret',
                'project_name': 'demo',
                'user_domain_name': 'Default',
                'project_domain_name': 'Default',
            },
            entry.auth,
        )

    def test_no_password(self):
        self.given(OS_PASSWORD=None)
        error = self.assertRaises(
            errors.UsageError, clouds_yaml.read, 'envvars'
        )
        self.assertIn('no password', str(error))
