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
"""The file that tells the load process what to do."""

import pathlib
import stat

import fixtures
import testtools

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import spec

WHOLE = spec.StormSpec(
    run='0d2a6b8e-1f55-4f7f-9f0e-7d7e9f6a1b2c',
    seed=1,
    duration=60.0,
    storm=plan_model.Storm(
        actions={'server.create': 1.0}, users=4, max_instances=8
    ),
    cloud=settings.Cloud(
        auth_url='http://cloud/v3',
        region='RegionOne',
        endpoint_type='public',
        ca_file='',
        insecure=False,
        catalog_types={'nova': 'compute'},
        image='image',
        flavor='flavor',
    ),
    credentials=credentials.Credentials(
        username='u',
        password='not-to-be-seen',
        user_domain='d',
        project='p',
        project_id='pid',
        project_domain='d',
    ),
)


class SpecTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = directory / 'storm.json'
        self.worker = spec.WorkerSpec(
            whole=WHOLE,
            worker=0,
            workers=1,
            limits={'server': 8},
            part='/part',
            ledger='/ledger',
        )

    def test_there_and_back(self):
        spec.write(self.path, self.worker)
        self.assertEqual(self.worker, spec.take(self.path))
        self.assertFalse(self.path.exists())

    def test_only_its_owner_reads_it(self):
        spec.write(self.path, self.worker)
        mode = stat.S_IMODE(self.path.stat().st_mode)
        self.assertEqual(0o600, mode)

    def test_a_file_of_somebody_else_is_not_used(self):
        self.path.touch()
        self.assertRaises(FileExistsError, spec.write, self.path, self.worker)

    def test_the_password_is_not_shown(self):
        self.assertNotIn('not-to-be-seen', repr(self.worker))

    def test_prefix(self):
        self.assertEqual('xt-0d2a6b8e1f55', WHOLE.prefix)
