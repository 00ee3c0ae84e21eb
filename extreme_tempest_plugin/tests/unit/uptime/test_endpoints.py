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
from extreme_tempest_plugin.uptime import endpoints


class TestEndpoint(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.tls = endpoints.tls_context('', False)

    def test_urls(self):
        for url, expected in (
            ('http://c', ('c', 80, '', None)),
            ('http://c:8774/v2.1/', ('c', 8774, '/v2.1', None)),
            ('https://c/compute', ('c', 443, '/compute', self.tls)),
            ('http://[::1]:80/a b', ('::1', 80, '/a%20b', None)),
        ):
            self.assertEqual(
                endpoints.Endpoint(*expected),
                endpoints.of(url, self.tls),
            )

    def test_no_urls(self):
        for url in ('', 'c:80', 'ftp://c', 'http://', 'http://c:port/'):
            self.assertRaises(errors.UsageError, endpoints.of, url, self.tls)

    def test_certificates_are_verified_unless_told_otherwise(self):
        self.assertTrue(self.tls.check_hostname)
        self.assertFalse(endpoints.tls_context('', True).check_hostname)

    def test_certificates_that_are_not_there(self):
        error = self.assertRaises(
            errors.UsageError, endpoints.tls_context, '/no/such', False
        )
        self.assertIn('/no/such', str(error))
