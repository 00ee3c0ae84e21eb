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
"""What a user may write, and what it means."""

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import targets


class TestParse(testtools.TestCase):
    def test_each_form(self):
        for text, wanted in (
            ('nova', {'kind': 'api', 'service': 'nova'}),
            ('load-balancer', {'kind': 'api', 'service': 'load-balancer'}),
            ('nova/kept', {'kind': 'api', 'service': 'nova', 'how': 'kept'}),
            (
                'nova@10.0.0.11:8774',
                {
                    'kind': 'api',
                    'service': 'nova',
                    'host': '10.0.0.11',
                    'port': 8774,
                },
            ),
            (
                'nova/write@https://[fd00::1]',
                {
                    'kind': 'api',
                    'service': 'nova',
                    'how': 'write',
                    'scheme': 'https',
                    'host': 'fd00::1',
                },
            ),
            ('nova/boot', {'kind': 'api', 'service': 'nova', 'how': 'boot'}),
            ('tcp:h:22', {'kind': 'tcp', 'host': 'h', 'port': 22}),
            ('ping:10.0.0.7', {'kind': 'ping', 'host': '10.0.0.7'}),
            (
                'dns:www.example.org@10.0.0.2',
                {
                    'kind': 'dns',
                    'name': 'www.example.org',
                    'host': '10.0.0.2',
                    'port': 53,
                },
            ),
        ):
            self.assertEqual(
                targets.Target(**wanted), targets.parse(text), text
            )

    def test_nothing_to_watch(self):
        for text in (
            '',
            'Nova',
            'nova/reused',
            'nova@',
            'nova@h:port',
            'nova@ftp://h',
            'nova@h/path',
            'nova@user@h',
            'tcp:h',
            'ping:',
            'ping:h:1',
            'dns:name',
            'nova glance',
        ):
            error = self.assertRaises(errors.UsageError, targets.parse, text)
            self.assertIn(repr(text), str(error))
