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
"""What actions on volumes see, of a cloud that does it and one that lies."""

import testtools

from extreme_tempest_plugin.tests.unit.storm import canned

SHOW = 'cinder:volumes/a'
OF_NOVA = 'nova:servers/server/os-volume_attachments'
HAS = {OF_NOVA: {'volumeAttachments': [{'volumeId': 'a'}]}}
HAS_NOT = {OF_NOVA: {'volumeAttachments': [{'volumeId': 'b'}]}}
OFFER = 'cinder:os-volume-transfer/t'


def thing(collection='volumes', status='available', id_='a', **more):
    """What cinder shows of a volume or its like."""
    wrapper = collection.removesuffix('s')
    return {
        f'cinder:{collection}/{id_}': {
            wrapper: {'id': id_, 'status': status, **more}
        }
    }


def volume(status='available', **more):
    return thing(status=status, **more)


GONE = {SHOW: None}
ERROR = volume('error')


def creates(action, collection='volumes', **more):
    return canned.Case(
        action=action,
        done={**thing(collection), **more.get('done', {})},
        lies=(
            {f'cinder:{collection}/a': None},
            thing(collection, 'creating'),
            thing(collection, 'error'),
            *more.get('lies', ()),
        ),
    )


def deletes(action, collection='volumes'):
    return canned.Case(
        action=action,
        done={},
        lies=(
            thing(collection),
            thing(collection, 'deleting'),
            thing(collection, 'error_deleting'),
        ),
    )


def extends(action, status, to):
    return canned.Case(
        action=action,
        done=volume(status, size=2),
        lies=(
            GONE,
            volume(status, size=1),
            volume('extending', size=2),
            volume('error_extending', size=1),
        ),
        args={'size': 2},
    )


def key(action, **args):
    value = args.get('value')
    has = {'xt_a': value} if value else {}
    return canned.Case(
        action=action,
        done=volume('in-use', metadata={'xt_b': 'x', **has}),
        lies=(
            GONE,
            volume(metadata={'xt_a': 'somebody else'}),
            *([volume()] if value else []),
        ),
        args={'key': 'xt_a', **args},
    )


USED = {'attachments': [{'server_id': 'server'}]}

CASES = (
    creates('volume.create'),
    creates('volume.create_from_image'),
    creates('volume.create_from_snapshot'),
    creates(
        'volume.clone',
        done=thing(id_='source'),
        lies=(thing(id_='source', status='deleting'),),
    ),
    creates('volume_snapshot.create', 'snapshots'),
    creates(
        'volume_backup.create',
        'backups',
        done=thing(id_='volume'),
        lies=(thing(id_='volume', status='backing-up'),),
    ),
    deletes('volume.delete'),
    deletes('volume_snapshot.delete', 'snapshots'),
    deletes('volume_backup.delete', 'backups'),
    canned.Case(
        action='volume.rename',
        done=volume(name='new'),
        lies=(GONE, volume(name='old'), volume()),
        args={'name': 'new'},
    ),
    extends('volume.extend', 'available', 2),
    extends('volume.extend_attached', 'in-use', 2),
    key('volume.set_metadata', value='v'),
    key('volume.put_metadata', value='v'),
    key('volume.delete_metadata'),
    canned.Case(
        action='volume.attach',
        done={**volume('in-use', **USED), **HAS},
        lies=(
            GONE,
            ERROR,
            volume('attaching', **USED),
            volume('in-use', attachments=[{'server_id': 'another'}]),
            volume('in-use'),
            {OF_NOVA: None},
            HAS_NOT,
        ),
    ),
    canned.Case(
        action='volume.detach',
        done={**volume(), **HAS_NOT},
        lies=(
            GONE,
            volume('detaching', **USED),
            volume('available', **USED),
            HAS,
        ),
    ),
    canned.Case(
        action='volume.transfer',
        done=volume(),
        lies=(
            GONE,
            volume('awaiting-transfer'),
            {OFFER: {'transfer': {'id': 't'}}},
        ),
        answer=b'{"transfer": {"id": "t"}}',
    ),
)


class VolumeTest(canned.Looks, testtools.TestCase):
    kinds = frozenset({'volume', 'volume_snapshot', 'volume_backup'})
    cases = CASES

    def test_an_error_is_the_end(self):
        for case in CASES:
            if case.action in ('volume.create', 'volume.attach'):
                self.assertTrue(case.look(ERROR).final)

    def seen(self, *servers, times=1, status='in-use'):
        (case,) = (one for one in CASES if one.action == 'volume.attach')
        attachments = [{'server_id': server} for server in servers]
        listed = [{'volumeId': 'a'}] * times
        return case.look(
            {
                **volume(status, attachments=attachments),
                OF_NOVA: {'volumeAttachments': listed},
            }
        ).seen

    def test_where_it_is(self):
        self.assertEqual({'attached': 'server/server'}, self.seen('server'))
        self.assertEqual({'attached': None}, self.seen(times=0))
        self.assertEqual({'attached': 'server/b'}, self.seen('b', times=0))

    def test_it_is_there_twice(self):
        self.assertEqual(
            {'attached': 'server/server server/server'},
            self.seen('server', 'server', times=2),
        )
        self.assertEqual(
            {'attached': 'server/b server/server'}, self.seen('server', 'b')
        )

    def test_a_server_that_migrates_has_two_attachments(self):
        self.assertEqual(
            {'attached': 'server/server'}, self.seen('server', 'server')
        )

    def test_on_its_way_nothing_is_said(self):
        self.assertEqual({}, self.seen('server', status='detaching'))
