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
"""An administrator who speaks for a project that is gone."""

import testtools

from extreme_tempest_plugin.cloud import everywhere
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports


class Service:
    """Notes what is sent, and lists nothing."""

    def __init__(self, sent):
        self._sent = sent

    def send(self, method, path, body=None, *, version='', headers=None):
        self._sent.append((method, path, version, dict(headers or {})))
        return ports.Answer(
            status=200, body=b'{"servers": [], "keypairs": [], "zones": []}'
        )


class Cloud:
    project = 'admin-project'
    user = 'admin'
    boot = ports.Boot(image='image-1')

    def __init__(self):
        self.sent = []

    def service(self, name):
        return Service(self.sent)


class TestEverywhere(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.admin = Cloud()
        self.cloud = everywhere.Everywhere(self.admin, 'gone', 'dead-user')

    def _path(self, kind):
        kinds.found(self.cloud, kinds.BY_NAME[kind])
        return self.admin.sent[0]

    def test_servers_of_every_project(self):
        self.assertIn('all_tenants=1', self._path('server')[1])

    def test_keypairs_of_the_user(self):
        _, path, version, _ = self._path('keypair')
        self.assertIn('user_id=dead-user', path)
        self.assertEqual('2.10', version)
        self.cloud.service('nova').delete('os-keypairs/k')
        self.assertEqual(
            ('DELETE', 'os-keypairs/k?user_id=dead-user', '2.10'),
            self.admin.sent[-1][:3],
        )

    def test_zones_of_every_project(self):
        *_, headers = self._path('zone')
        self.assertEqual('true', headers['X-Auth-All-Projects'])

    def test_it_speaks_for_the_project(self):
        self.assertEqual('gone', self.cloud.project)
        self.assertEqual('image-1', self.cloud.boot.image)

    def test_a_deletion_asks_for_no_project(self):
        self.cloud.service('nova').delete('servers/s')
        self.assertEqual('servers/s', self.admin.sent[-1][1])
