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


def duplicates(built):
    found = built.verdict().findings
    return [one for one in found if one.checker == 'duplicates']


def base():
    built = histories.Builder()
    built.process('campaign')
    built.process('storm/0', 1.0, 80.0)
    return built


class TestEqual(testtools.TestCase):
    """Rules of one security group that several users ask for."""

    def setUp(self):
        super().setUp()
        self.built = base()
        self.made = 0

    def rule(self, t, port=80, group='g', outcome='ok', took=0.5):
        self.made += 1
        rule = f'security_group_rule/r{self.made}'
        self.built.call(
            t,
            'security_group_rule.create',
            outcome=outcome,
            value=rule if outcome == 'ok' else '',
            args={'name': f'n{self.made}', 'port': port},
            partners={'group': f'security_group/{group}'},
            effect='creates',
            took=took,
        )
        return rule

    def delete(self, t, rule, outcome='ok'):
        self.built.call(
            t,
            'security_group_rule.delete',
            rule,
            outcome,
            effect='consumes',
        )

    def test_one_is_refused(self):
        self.rule(10.0)
        self.rule(10.1, outcome='fail')
        self.assertEqual([], duplicates(self.built))

    def test_two_at_once(self):
        """Neutron looks for an equal rule in a snapshot and locks nothing."""
        self.rule(10.0)
        self.rule(10.1)
        self.rule(10.2, outcome='fail')
        (finding,) = duplicates(self.built)
        self.assertEqual('security_group/g', finding.about)
        self.assertIn('acknowledged 2 times', finding.what)
        self.assertIn(
            'security_group_rule/r1, security_group_rule/r2', finding.what
        )
        self.assertEqual(('req-1', 'req-2'), finding.request_ids)
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_others_are_others(self):
        self.rule(10.0)
        self.rule(10.1, port=81)
        self.rule(10.2, group='h')
        self.assertEqual([], duplicates(self.built))

    def test_one_after_the_other(self):
        first = self.rule(10.0)
        self.delete(20.0, first)
        self.rule(21.0)
        self.assertEqual([], duplicates(self.built))

    def test_perhaps_deleted(self):
        for outcome in ('info', None):
            first = self.rule(10.0, port=outcome)
            self.delete(20.0, first, outcome)
            self.rule(21.0, port=outcome)
        self.assertEqual([], duplicates(self.built))

    def test_not_deleted(self):
        first = self.rule(10.0)
        self.delete(20.0, first, 'fail')
        self.rule(21.0)
        self.assertEqual(1, len(duplicates(self.built)))

    def test_a_delete_that_began_before_the_second_answer(self):
        """It may have come before the second took effect."""
        first = self.rule(10.0)
        self.rule(20.0, took=1.0)
        self.delete(20.5, first)
        self.assertEqual([], duplicates(self.built))

    def test_the_most_at_one_time(self):
        self.delete(15.0, self.rule(10.0))
        for t in (16.0, 16.1, 16.2):
            self.rule(t)
        (finding,) = duplicates(self.built)
        self.assertIn('acknowledged 3 times', finding.what)

    def test_nobody_knows(self):
        self.rule(10.0)
        self.rule(10.1, outcome='info')
        self.assertEqual([], duplicates(self.built))


class TestCensus(testtools.TestCase):
    def test_two_for_one(self):
        built = base()
        built.create(3.0, 'a')
        built.census('server/a', name='name-a')
        self.assertEqual([], duplicates(built))
        built.census('server/b', name='name-a')
        (finding,) = duplicates(built)
        self.assertIn('One server.create made 2 servers', finding.what)

    def test_what_is_gone_does_not_count(self):
        built = base()
        built.create(3.0, 'a')
        built.census('server/a', name='name-a')
        built.census('server/b', 'DELETED', name='name-a')
        self.assertEqual([], duplicates(built))

    def test_the_same_name_by_chance(self):
        built = base()
        for server in ('a', 'b'):
            built.census(f'server/{server}', name='web')
        self.assertEqual([], duplicates(built))

    def test_one_address_on_two_ports(self):
        built = base()
        built.census('port/a', fixed_address='sub/10.0.0.1 v6/f00::1')
        built.census('port/b', fixed_address='sub/10.0.0.2')
        self.assertEqual([], duplicates(built))
        built.census('port/c', fixed_address='sub/10.0.0.1')
        (finding,) = duplicates(built)
        self.assertIn('2 ports have the same fixed address', finding.what)
        self.assertIn('port/a, port/c', finding.what)

    def test_a_volume_that_is_attached_twice(self):
        """Four asked for it at once, and each was given it."""
        for kind, service in (
            ('volume_attachment', 'cinder'),
            ('server_volume', 'nova'),
        ):
            built = base()
            for server in ('a', 'b'):
                built.census(
                    f'{kind}/{server}.1',
                    'attached',
                    service=service,
                    volume=server,
                    server=f'server/{server}',
                )
            self.assertEqual([], duplicates(built))
            built.census(
                f'{kind}/a.2',
                'attached',
                service=service,
                volume='a',
                server='server/a',
            )
            (finding,) = duplicates(built)
            self.assertIn('have the same volume a', finding.what)
            self.assertEqual(service, finding.service)

    def test_holes_make_it_a_doubt(self):
        built = base()
        built.create(3.0, 'a')
        built.census('server/a', name='name-a')
        built.census('server/b', name='name-a')
        found = built.verdict(drop=lambda event: event.n == 5)
        self.assertEqual('unknown', found.verdict)
        self.assertEqual((), found.findings)
