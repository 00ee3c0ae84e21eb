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
"""What is shown, and what comes when one asks for the thing itself."""

import testtools

from extreme_tempest_plugin.tests.unit.checkers import histories


class Census(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.begin()

    def begin(self):
        self.built = histories.Builder()
        self.built.process('campaign')
        self.built.process('storm/0', 1.0, 80.0)

    def create(self, kind, id_, **writes):
        self.built.call(
            3.0,
            f'{kind}.create',
            value=f'{kind}/{id_}',
            args={'name': id_.rpartition('/')[2]},
            effect='creates',
            writes=writes,
        )
        self.built.complete(kind)

    def found(self):
        return [
            one
            for one in self.built.verdict().findings
            if one.checker in ('references', 'registers', 'lost')
        ]

    def assertFound(self, about, *words, checker='references'):
        (finding,) = self.found()
        self.assertEqual(about, finding.about)
        self.assertEqual(checker, finding.checker)
        for word in words:
            self.assertIn(word, finding.what)
        self.assertEqual('fail', self.built.verdict().verdict)
        return finding

    def assertRow(self):
        names = [row.name for row in self.built.verdict().slo]
        self.assertIn('disagreements of services', names)


class HostTest(Census):
    def host(self, held, on='cmp1', status='ACTIVE'):
        self.begin()
        self.built.create(3.0, 'a')
        self.built.census('server/a', name='name-a')
        self.built.census(
            'server_host/a',
            'present',
            service='placement',
            of='server/a',
            status=status,
            held=held,
            on=on,
        )
        self.built.complete('server', 'server_host')

    def test_where_it_holds_what_it_needs(self):
        self.host('cmp1')
        self.assertEqual([], self.found())
        self.assertRow()

    def test_somewhere_else(self):
        for held in ('cmp2', 'cmp1 cmp2'):
            self.host(held)
            self.assertFound('server/a', f'at {held}, and', 'on cmp1')

    def test_what_says_nothing(self):
        # On its way; of no host; that it holds nothing is said elsewhere.
        for held, on, status in (
            ('cmp2', 'cmp1', 'VERIFY_RESIZE'),
            ('cmp2', 'cmp1', 'migrating'),
            ('cmp2', 'cmp1', 'ERROR'),
            ('cmp1', '', 'ACTIVE'),
            ('', 'cmp1', 'ACTIVE'),
        ):
            self.host(held, on, status)
            self.assertEqual([], self.found(), (held, on, status))


class ImageTest(Census):
    def image(self, state='active', **refs):
        self.create('image', 'i')
        self.built.census('image/i', state, name='i', service='glance', **refs)

    def test_the_same_data(self):
        self.image(size='7', sha512='ab', data_size='7', data_sha512='ab')
        self.assertEqual([], self.found())
        self.assertRow()

    def test_other_data(self):
        self.image(size='7', sha512='ab', data_size='7', data_sha512='cd')
        self.assertFound('image/i', 'sha512 ab', 'gives sha512 cd')

    def test_no_data(self):
        self.image(size='7', sha512='ab', data_size='', data_sha512='')
        self.assertFound('image/i', 'there is no data')

    def test_it_was_not_downloaded(self):
        self.image(state='deactivated', size='7', sha512='ab')
        self.assertEqual([], self.found())

    def upload(self, outcome='ok'):
        self.image(size='', state='queued')
        self.built.call(
            5.0,
            'image.upload',
            'image/i',
            outcome,
            effect='changes',
            writes={'size': '7', 'sha512': 'ab'},
        )

    def test_a_lost_upload(self):
        self.upload()
        self.assertFound(
            'image/i', "size of image/i was set to '7'", checker='registers'
        )

    def test_an_upload_that_may_have_been_lost(self):
        for outcome in ('fail', 'info', None):
            self.begin()
            self.upload(outcome)
            self.assertEqual([], self.found(), outcome)

    def test_another_upload(self):
        self.image(size='7', sha512='cd')
        self.built.call(
            5.0,
            'image.upload',
            'image/i',
            effect='changes',
            writes={'size': '7', 'sha512': 'ab', 'md5': 'not shown'},
        )
        self.assertFound('image/i', 'sha512', checker='registers')


class ObjectTest(Census):
    def object(self, state='present', etag='ab', listed='ab', **more):
        self.create('object', 'c/o', etag='ab')
        self.built.census(
            'object/c/o',
            state,
            name='o',
            service='swift',
            **({'etag': etag} if etag else {}),
            listed_name='o' if listed else '',
            **({'listed_etag': listed} if listed else {}),
            **more,
        )

    def test_all_agree(self):
        self.object()
        self.assertEqual([], self.found())
        self.assertRow()

    def test_a_list_without_it(self):
        self.object(listed='')
        self.assertFound('object/c/o', 'has it not')

    def test_a_list_of_the_past(self):
        self.object(listed='cd')
        self.assertFound('object/c/o', 'etag ab', 'has etag cd')

    def test_other_bytes(self):
        self.object(etag='cd', listed='cd')
        self.assertFound(
            'object/c/o', "is 'cd', which nobody wrote", checker='registers'
        )

    def test_listed_and_gone(self):
        """The object was lost, and the list is wrong besides."""
        self.object(state='missing', etag='')
        self.assertEqual(
            ['lost', 'references'],
            sorted(one.checker for one in self.found()),
        )

    def test_a_deleted_one_that_is_listed(self):
        self.object(state='missing', etag='')
        op = self.built.call(
            5.0, 'object.delete', 'object/c/o', effect='consumes'
        )
        self.built.settle(6.0, op, 'deleted')
        self.assertFound('object/c/o', 'answered with 404')

    def test_a_container_that_miscounts(self):
        self.create('container', 'c')
        self.built.census(
            'container/c',
            'present',
            name='c',
            service='swift',
            listed_name='c',
            count='3',
            listed_count='2',
        )
        self.assertFound('container/c', 'count 3', 'count 2')


class DnsTest(Census):
    def answer(self, state='ACTIVE', reply='NOERROR', **refs):
        self.built.complete('dns_answer')
        self.built.census(
            'dns_answer/z/r@192.0.2.1:53',
            state,
            service='dns',
            of='recordset/z/r',
            server='192.0.2.1:53',
            question='a.example. A',
            reply=reply,
            **refs,
        )

    def test_all_agree(self):
        self.answer(records='1', ttl='60', answered_records='1')
        self.assertEqual([], self.found())
        self.assertRow()

    def test_another_record(self):
        self.answer(records='1', answered_records='2')
        finding = self.assertFound(
            'recordset/z/r', 'with records 1', 'with records 2'
        )
        self.assertEqual(
            'dig +norecurse @192.0.2.1 -p 53 a.example. A',
            finding.look_again[0],
        )

    def test_no_record(self):
        self.answer(records='1', answered_records='', reply='NXDOMAIN')
        self.assertFound('recordset/z/r', 'with NXDOMAIN')

    def test_an_old_serial(self):
        self.answer(serial='8', answered_serial='7')
        self.assertFound('recordset/z/r', 'serial 8', 'serial 7')

    def test_only_what_is_active(self):
        for state in ('PENDING', 'ERROR'):
            self.begin()
            self.answer(state, records='1', answered_records='2')
            self.assertEqual([], self.found())

    def test_a_zone_that_is_gone(self):
        self.answer('absent', 'REFUSED', serial='', answered_serial='')
        self.assertEqual([], self.found())

    def test_a_zone_that_should_be_gone(self):
        self.answer('absent', serial='', answered_serial='7')
        self.assertFound('recordset/z/r', 'keeps what was deleted')

    def test_holes_make_it_a_doubt(self):
        self.answer(records='1', answered_records='2')
        found = self.built.verdict(drop=lambda event: event.n == 2)
        self.assertEqual('unknown', found.verdict)


class UsageTest(Census):
    def usage(self, used, held, state='present'):
        self.built.complete('project_usage')
        self.built.census(
            'project_usage/VCPU',
            state,
            service='placement',
            used=used,
            held=held,
        )

    def test_somebody_holds_the_rest(self):
        self.usage('3', '2')
        self.assertFound('project_usage/VCPU', 'counts 3', 'hold 2')

    def test_nobody_does(self):
        self.usage('2', '2')
        self.assertEqual([], self.found())

    def test_while_a_server_is_moved(self):
        self.usage('3', '2', 'moving')
        self.assertEqual([], self.found())


class GrantTest(Census):
    """Roles are registers of users: shown as nothing, they are not there."""

    def user(self, shown, *acts):
        self.create('user', 'u')
        for second, (value, outcome) in enumerate(acts, start=5):
            self.built.call(
                second,
                'user.grant_role' if value else 'user.revoke_role',
                'user/u',
                outcome,
                effect='changes',
                writes={'role.project/p': value},
            )
        self.built.census(
            'user/u',
            'present',
            name='u',
            service='keystone',
            **{'role.project/p': shown},
        )
        return self.found()

    def test_granted_and_there(self):
        self.assertEqual([], self.user('there', ('there', 'ok')))

    def test_a_lost_grant(self):
        self.user('', ('there', 'ok'))
        self.assertFound('user/u', 'seen as nothing', checker='registers')

    def test_a_lost_revocation(self):
        self.user('there', ('there', 'ok'), (None, 'ok'))
        self.assertFound('user/u', 'was removed', checker='registers')

    def test_nobody_knows_of_the_revocation(self):
        for shown in ('there', ''):
            self.begin()
            found = self.user(shown, ('there', 'ok'), (None, 'info'))
            self.assertEqual([], found)

    def test_a_default_that_nobody_has_written_over(self):
        """What a refused change would have changed is not judged."""
        self.assertEqual([], self.user('there', ('there', 'fail')))
