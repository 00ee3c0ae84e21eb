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
"""What actions on images see, of a cloud that does it and one that lies."""

import hashlib

import testtools

from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.tests.unit.storm import canned

SHOW = 'glance:v2/images/a'
MEMBERS = f'{SHOW}/members'
SERVER = 'nova:servers/server'
DATA = hashlib.shake_256(b'ours').digest(64)
SHA256 = hashlib.sha256(DATA).hexdigest()


def image(status='active', data=DATA, **more):
    return {
        SHOW: {
            'id': 'a',
            'status': status,
            'name': 'new',
            'size': len(data),
            'checksum': hashlib.md5(data, usedforsecurity=False).hexdigest(),
            'os_hash_algo': 'sha512',
            'os_hash_value': hashlib.sha512(data).hexdigest(),
            **more,
        }
    }


GONE = {SHOW: None}
QUEUED = image('queued', b'')


def server(task=None):
    return {
        SERVER: {
            'server': {
                'id': 'server',
                'name': 'x',
                'status': 'ACTIVE',
                'OS-EXT-STS:task_state': task,
            }
        }
    }


def members(*ids):
    return {
        MEMBERS: {'members': [{'member_id': f'{one:032x}'} for one in ids]}
    }


CASES = (
    canned.Case(
        action='image.create', done=QUEUED, lies=(GONE, image('killed'))
    ),
    canned.Case(
        action='image.upload',
        done=image(),
        lies=(
            GONE,
            QUEUED,
            image('saving'),
            image(data=b'something else'),
            image(data=DATA[:-1]),
            image(os_hash_value='0'),
            image(os_hash_algo=None, checksum='0'),
        ),
        args={'content': 'ours', 'bytes': 64},
    ),
    canned.Case(
        action='image.download',
        done=image(),
        lies=(
            GONE,
            # The image is not what was uploaded, or not what was read.
            image(data=b'something else'),
        ),
        answer=DATA,
        attributes={'sha256': SHA256},
    ),
    canned.Case(
        action='image.deactivate',
        done=image('deactivated'),
        lies=(GONE, image()),
    ),
    canned.Case(
        action='image.reactivate',
        done=image(),
        lies=(GONE, image('deactivated')),
    ),
    canned.Case(action='image.delete', done={}, lies=(image(), QUEUED)),
    canned.Case(
        action='image.snapshot_server',
        done={**image(), **server()},
        lies=(
            GONE,
            QUEUED,
            image(data=b''),
            server('image_uploading'),
            {SERVER: None},
        ),
    ),
    canned.Case(
        action='image.rename',
        done=image(),
        lies=(GONE, image(name='old')),
        args={'name': 'new'},
    ),
    canned.Case(
        action='image.set_property',
        done=image(xt_a='v'),
        lies=(GONE, image(), image(xt_a='w')),
        args={'key': 'xt_a', 'value': 'v'},
    ),
    canned.Case(
        action='image.delete_property',
        done=image(),
        lies=(GONE, image(xt_a='v')),
        args={'key': 'xt_a'},
    ),
    canned.Case(
        action='image.add_member',
        done={**image(), **members(2, 1)},
        lies=(GONE, members(2), {MEMBERS: None}),
        args={'key': 'xt_a', 'value': 'there'},
    ),
    canned.Case(
        action='image.remove_member',
        done={**image(), **members(2)},
        lies=(GONE, members(1)),
        args={'key': 'xt_a'},
    ),
)


class ImageTest(canned.Looks, testtools.TestCase):
    kinds = frozenset({'image'})
    cases = CASES

    def test_data_that_came_otherwise(self):
        """It is what the image has now, but not what was uploaded."""
        other = b'something else'
        done = next(one for one in CASES if one.action == 'image.download')
        call = done.call()
        sight = call.action.look(
            canned.Cloud(image(data=other)),
            call,
            canned.ports.Answer(status=200, body=other),
        )
        self.assertFalse(sight.reached)

    def test_no_data(self):
        call = next(
            one for one in CASES if one.action == 'image.download'
        ).call()
        for cloud in (canned.Cloud(image()), canned.Cloud(QUEUED)):
            sight = call.action.look(
                cloud, call, canned.ports.Answer(status=204)
            )
            self.assertFalse(sight.reached)
            self.assertTrue(sight.resting)
            self.assertEqual({'sha256': None}, sight.seen)

    def test_a_replay_uploads_the_same(self):
        """And another operation something else."""
        upload = actions.catalogue()['image.upload']
        digests = []
        for fresh in ('xt-1', 'xt-1', 'xt-2'):
            args = upload.arguments(
                choosing.source(1, 0),
                fresh,
                model.Chosen(resource=None, partners={}),
            )
            call = model.Call(
                op='0-1', action=upload, resource=None, args=args, choice={}
            )
            digests.append(upload.attributes(call)['sha256'])
        self.assertEqual(digests[0], digests[1])
        self.assertNotEqual(digests[0], digests[2])
