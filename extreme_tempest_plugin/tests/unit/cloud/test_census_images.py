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

import hashlib

import testtools

from extreme_tempest_plugin.cloud import census_images
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

DATA = b'data of an image'
LIST = 'glance:v2/images?owner=project-1&limit=200'
FILE = 'glance:v2/images/i/file'


def sha512(data):
    return hashlib.sha512(data).hexdigest()


def image(**more):
    return {
        'id': 'i',
        'name': 'xt-i',
        'status': 'active',
        'size': len(DATA),
        'os_hash_algo': 'sha512',
        'os_hash_value': sha512(DATA),
        **more,
    }


class Cloud(canned.Cloud):
    """Answers the data of an image with an error."""

    def __init__(self, bodies, status):
        super().__init__(bodies)
        self.status = status

    def service(self, name):
        found = super().service(name)
        send = found.send

        def refuse(method, path, *args, **more):
            if path.endswith('/file'):
                raise fakes.refusal(self.status)
            return send(method, path, *args, **more)

        found.send = refuse
        return found


class LookTest(testtools.TestCase):
    def refs(self, shown, data=DATA, status=0):
        bodies = {
            LIST: {'images': [shown]},
            f'{LIST}&marker=i': {'images': []},
            FILE: ports.Answer(status=200, body=data),
        }
        of = Cloud(bodies, status) if status else canned.Cloud(bodies)
        (found,) = census_images.look(of)
        return found.refs

    def test_what_is_shown_and_what_a_download_gives(self):
        self.assertEqual(
            {
                'size': '16',
                'sha512': sha512(DATA),
                'data_size': '16',
                'data_sha512': sha512(DATA),
            },
            self.refs(image()),
        )

    def test_other_data(self):
        refs = self.refs(image(), b'other data')
        self.assertEqual(sha512(b'other data'), refs['data_sha512'])
        self.assertEqual(sha512(DATA), refs['sha512'])

    def test_data_that_is_gone(self):
        for status in (404, 410):
            refs = self.refs(image(), status=status)
            self.assertEqual('', refs['data_size'])
            self.assertEqual('', refs['data_sha512'])

    def test_data_that_is_hidden(self):
        for status in (403, 409):
            refs = self.refs(image(), status=status)
            self.assertNotIn('data_size', refs)

    def test_nobody_knows(self):
        self.assertRaises(ports.CallError, self.refs, image(), status=503)

    def test_without_data(self):
        """Its size is nothing: that is said, for an upload may be lost."""
        refs = self.refs(
            image(
                status='queued',
                size=None,
                os_hash_algo=None,
                os_hash_value=None,
            )
        )
        self.assertEqual({'size': ''}, refs)

    def test_what_is_not_downloaded(self):
        for more in (
            {'status': 'deactivated'},
            {'size': census_images.MOST_BYTES + 1},
        ):
            self.assertNotIn('data_size', self.refs(image(**more)))

    def test_an_old_glance(self):
        md5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
        refs = self.refs(
            image(os_hash_algo=None, os_hash_value=None, checksum=md5)
        )
        self.assertEqual(md5, refs['md5'])
        self.assertEqual(md5, refs['data_md5'])
