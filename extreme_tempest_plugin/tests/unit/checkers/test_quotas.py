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

from extreme_tempest_plugin.tests.unit.checkers import histories


def quotas(built):
    found = built.verdict().findings
    return [one for one in found if one.checker == 'quotas']


class TestQuotas(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.built = histories.Builder()
        self.built.process('campaign')
        self.built.process('storm/0', 1.0, 80.0)
        for number in range(3):
            name = f'k{number}'
            self.built.call(
                3.0 + number,
                'keypair.import',
                value=f'keypair/{name}',
                args={'name': name},
                effect='creates',
            )
            self.built.census(f'keypair/{name}', 'present', name=name)
        self.built.complete('keypair')

    def quota(self, kind='keypair', **refs):
        self.built.census(f'quota/{kind}', '', **refs)
        return quotas(self.built)

    def test_within(self):
        self.assertEqual([], self.quota(limit='3', in_use='3', reserved='0'))

    def test_no_limit(self):
        self.assertEqual([], self.quota(limit='-1'))

    def test_passed(self):
        (finding,) = self.quota(limit='2')
        self.assertIn('There were 3 keypairs at one time', finding.what)
        self.assertIn('is 2', finding.what)
        self.assertEqual(('req-3',), finding.request_ids)
        self.assertEqual('keypair.import', finding.action)
        self.assertEqual('fail', self.built.verdict().verdict)

    def _delete(self, t, name):
        self.built.call(
            t, 'keypair.delete', f'keypair/{name}', effect='consumes'
        )

    def test_passed_for_a_moment(self):
        """Nobody sees it afterwards."""
        for name in ('k0', 'k1', 'k2'):
            self._delete(20.0, name)
        built = self.built
        built._events = [
            event
            for event in built._events
            if getattr(event, 'phase', None) is None
        ]
        self.assertEqual(1, len(self.quota(limit='2', in_use='0')))

    def test_not_passed_where_one_may_have_made_room(self):
        self._delete(4.05, 'k0')
        self.assertEqual([], self.quota(limit='2'))

    def test_what_was_there_before_counts(self):
        self.built.census('keypair/old', 'present')
        self.built.census('keypair/old', 'present', t=1.0, phase='before')
        (finding,) = self.quota(limit='3')
        self.assertIn('There were 4 keypairs', finding.what)

    def test_miscounted(self):
        (finding,) = self.quota(limit='10', in_use='4')
        self.assertIn('counts 4 keypairs in use and lists 3', finding.what)

    def test_kept_reserved(self):
        (finding,) = self.quota(limit='10', in_use='3', reserved='2')
        self.assertIn('2 keypairs reserved', finding.what)

    def test_of_a_kind_that_the_storm_left_alone(self):
        self.assertEqual([], self.quota('volume', limit='2', reserved='7'))

    def test_without_a_complete_list(self):
        built = histories.Builder()
        built.process('campaign')
        built.call(3.0, 'keypair.create', value='keypair/a')
        built.census('keypair/a', 'present')
        built.census('quota/keypair', '', limit='9', in_use='5')
        self.assertEqual([], quotas(built))

    def test_numbers_that_are_none(self):
        self.assertEqual([], self.quota(limit='many', in_use='', reserved='x'))


class TestGigabytes(testtools.TestCase):
    """Two volumes of 1 and 3 GiB, and a snapshot of 1 GiB."""

    def judge(self, in_use, reserved='0', complete=('volume_snapshot',)):
        built = histories.Builder()
        built.process('campaign')
        for number, size in enumerate((1, 3)):
            built.call(
                3.0 + number,
                'volume.create',
                value=f'volume/{number}',
                effect='creates',
            )
            built.census(f'volume/{number}', 'available', size=str(size))
        built.census('volume/gone', 'deleted', size='7')
        built.census('volume_snapshot/s', 'available', size='1')
        built.complete('volume', *complete)
        built.census(
            'quota/gigabyte',
            'present',
            service='cinder',
            limit='1000',
            in_use=in_use,
            reserved=reserved,
        )
        return quotas(built)

    def test_with_snapshots_or_without(self):
        self.assertEqual([], self.judge('5'))
        self.assertEqual([], self.judge('4'))

    def test_miscounted(self):
        for in_use in ('0', '3', '6'):
            (finding,) = self.judge(in_use)
            self.assertEqual('quota/gigabyte', finding.about)
            self.assertIn(f'counts {in_use} gigabytes in use', finding.what)
            self.assertIn('and lists 5', finding.what)

    def test_kept_reserved(self):
        (finding,) = self.judge('5', '2')
        self.assertIn('2 gigabytes reserved', finding.what)

    def test_snapshots_that_were_not_listed(self):
        self.assertEqual([], self.judge('9', complete=()))
