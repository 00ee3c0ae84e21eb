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


def disagreements(built):
    found = built.verdict().findings
    return [one for one in found if one.checker == 'references']


class TestReferences(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.begin()

    def begin(self):
        self.built = histories.Builder()
        self.built.process('campaign')
        self.built.process('storm/0', 1.0, 80.0)
        self.built.create(3.0, 'a')
        self.built.census('server/a', name='name-a')
        self.built.complete(
            'server', 'allocation', 'volume_attachment', 'server_volume'
        )

    def allocation(self, server='a'):
        self.built.census(
            f'allocation/{server}',
            'present',
            service='placement',
            server=server,
            providers='p',
        )

    def cinder(self, volume='v', server='a', state='attached'):
        self.built.census(
            f'volume_attachment/{volume}-{server}',
            state,
            service='cinder',
            volume=volume,
            server=server,
        )

    def nova(self, volume='v', server='a', number=1):
        self.built.census(
            f'server_volume/{server}.{number}',
            'present',
            volume=volume,
            server=server,
        )

    def test_all_agree(self):
        self.allocation()
        self.cinder()
        self.nova()
        self.built.census('port/p', device='a', device_owner='compute:nova')
        found = self.built.verdict()
        self.assertEqual('pass', found.verdict, found.reason)

    def test_an_allocation_of_nobody(self):
        self.allocation()
        self.allocation('b')
        (finding,) = disagreements(self.built)
        self.assertEqual('server/b', finding.about)
        self.assertEqual('placement', finding.service)
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_a_server_without_an_allocation(self):
        (finding,) = disagreements(self.built)
        self.assertIn('no allocation', finding.what)

    def test_one_that_should_be_gone_is_reported_once(self):
        self.allocation()
        self.built.create(5.0, 'b')
        self.built.delete(10.0, 'b', state='ACTIVE', reached=False)
        self.built.census('server/b', name='name-b')
        self.assertEqual([], disagreements(self.built))
        (finding,) = self.built.verdict().findings
        self.assertEqual(
            ('stuck', 'server/b'), (finding.checker, finding.about)
        )

    def test_only_an_active_one_needs_an_allocation(self):
        self.allocation()
        for state in ('ERROR', 'BUILD', 'SHELVED_OFFLOADED'):
            self.built.census(f'server/{state}', state)
        self.assertEqual([], disagreements(self.built))

    def test_placement_was_not_asked(self):
        built = histories.Builder()
        built.process('campaign')
        built.create(3.0, 'a')
        built.census('server/a', name='name-a')
        built.complete('server')
        self.assertEqual([], disagreements(built))

    def test_a_port_of_nobody(self):
        self.allocation()
        self.built.census('port/p', device='b', device_owner='compute:nova')
        self.built.census('port/r', device='b', device_owner='network:dhcp')
        (finding,) = disagreements(self.built)
        self.assertEqual('port/p', finding.about)

    def test_cinder_alone(self):
        self.allocation()
        self.cinder()
        (finding,) = disagreements(self.built)
        self.assertIn('nova does not list it there', finding.what)

    def test_nova_alone(self):
        self.allocation()
        self.nova()
        (finding,) = disagreements(self.built)
        self.assertIn('cinder has no such attachment', finding.what)

    def test_a_reservation_is_no_attachment(self):
        self.allocation()
        self.cinder(server='', state='reserved')
        self.assertEqual([], disagreements(self.built))

    def test_a_status_that_is_not_that_of_the_attachments(self):
        for state, how, expected in (
            ('in-use', 'nothing', 1),
            ('available', 'attached', 1),
            ('in-use', 'attached', 0),
            ('available', 'nothing', 0),
            ('in-use', 'reserved', 0),
            ('available', 'reserved', 0),
            ('detaching', 'attached', 0),
        ):
            self.begin()
            self.allocation()
            self.built.census('volume/v', state, service='cinder')
            if how == 'attached':
                self.cinder()
                self.nova()
            if how == 'reserved':
                self.cinder(server='', state='reserved')
            found = disagreements(self.built)
            self.assertEqual(expected, len(found), (state, how))

    def test_attached_twice(self):
        self.allocation()
        self.cinder()
        self.nova()
        self.nova(number=2)
        found = self.built.verdict().findings
        self.assertEqual(['duplicates'], [one.checker for one in found])

    def held_during(self, t):
        self.built.create(3.0, 'b')
        self.built.delete(10.0, 'b')
        self.allocation()
        self.built.census(
            'allocation/b', 'present', t=t, phase='during', server='b'
        )

    def test_held_long_after_the_end_while_something_is_broken(self):
        self.held_during(45.0)
        (finding,) = disagreements(self.built)
        self.assertEqual('server/b', finding.about)
        self.assertIn('33.9 s after', finding.what)
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_held_for_a_moment_while_something_is_broken(self):
        self.held_during(40.0)
        self.assertEqual('pass', self.built.verdict().verdict)

    def test_what_lives_holds_while_something_is_broken(self):
        self.allocation()
        self.built.census(
            'allocation/a', 'present', t=60.0, phase='during', server='a'
        )
        self.assertEqual('pass', self.built.verdict().verdict)

    def test_holes_make_it_a_doubt(self):
        found = self.built.verdict(drop=lambda event: event.n == 4)
        self.assertEqual('unknown', found.verdict)
