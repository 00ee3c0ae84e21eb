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


def lost_updates(built):
    found = built.verdict().findings
    return [one for one in found if one.checker == 'registers']


def base():
    built = histories.Builder()
    built.process('campaign')
    built.process('storm/0', 1.0, 80.0)
    return built


class TestNames(testtools.TestCase):
    def renamed(self, census_name, **second):
        built = base()
        built.create(3.0, 'a')
        built.rename(10.0, 'a', 'one')
        if second:
            built.rename(20.0, 'a', 'two', **second)
        built.census('server/a', name=census_name)
        built.complete('server')
        return built

    def test_the_name_is_there(self):
        self.assertEqual('pass', self.renamed('one').verdict().verdict)

    def test_the_old_name_is_back(self):
        (finding,) = lost_updates(self.renamed('name-a'))
        self.assertIn("set to 'one' by server.rename", finding.what)
        self.assertIn("'name-a'", finding.what)

    def test_the_later_one_wins(self):
        self.assertEqual([], lost_updates(self.renamed('two', outcome='ok')))
        self.assertEqual(
            1, len(lost_updates(self.renamed('one', outcome='ok')))
        )

    def test_one_that_nobody_knows_of_explains_both(self):
        for outcome in ('info', None):
            for name in ('one', 'two'):
                self.assertEqual(
                    [], lost_updates(self.renamed(name, outcome=outcome))
                )
            self.assertEqual(
                1, len(lost_updates(self.renamed('name-a', outcome=outcome)))
            )

    def test_one_that_failed_explains_nothing(self):
        self.assertEqual(
            1, len(lost_updates(self.renamed('two', outcome='fail')))
        )
        self.assertEqual([], lost_updates(self.renamed('one', outcome='fail')))

    def test_two_at_once_may_end_in_any_order(self):
        for name in ('one', 'two'):
            built = base()
            built.create(3.0, 'a')
            built.rename(10.0, 'a', 'one', took=5.0)
            built.rename(11.0, 'a', 'two', took=1.0)
            built.census('server/a', name=name)
            built.complete('server')
            self.assertEqual([], lost_updates(built), name)

    def test_a_census_without_names_claims_nothing(self):
        self.assertEqual([], lost_updates(self.renamed('')))

    def test_the_name_of_the_create_counts_too(self):
        for name, count in (('name-a', 0), ('stolen', 1)):
            built = base()
            built.create(3.0, 'a')
            built.census('server/a', name=name)
            built.complete('server')
            self.assertEqual(count, len(lost_updates(built)))

    def test_holes_make_it_a_doubt(self):
        built = self.renamed('name-a')
        # An event is missing: it might have been the rename back.
        found = built.verdict(drop=lambda event: event.n == 4)
        self.assertEqual('unknown', found.verdict)
        self.assertEqual(
            [], [one for one in found.findings if one.checker == 'registers']
        )


class TestMetadata(testtools.TestCase):
    """Keys of the metadata of one server, written by several users."""

    def setUp(self):
        super().setUp()
        self.built = base()
        self.built.create(3.0, 'a')
        self.built.complete('server')

    def put(self, t, key, value, seen, took=0.1, outcome='ok'):
        attribute = f'metadata.{key}'
        op = self.built.call(
            t,
            'server.metadata_set',
            'server/a',
            outcome,
            args={attribute: value},
            took=took,
        )
        if outcome == 'ok':
            self.built.settle(
                t + took + 0.1, op, 'ACTIVE', seen={attribute: seen}
            )
        return op

    def test_each_sees_its_own(self):
        self.put(10.0, 'x', '1', '1')
        self.put(20.0, 'x', '2', '2')
        self.assertEqual([], lost_updates(self.built))

    def test_another_user_was_later(self):
        self.put(10.0, 'x', '1', '2')
        self.put(10.05, 'x', '2', '2')
        self.assertEqual([], lost_updates(self.built))

    def test_two_keys_at_once_and_one_is_gone(self):
        """Nova's lost update: read, merge, write without a comparison."""
        self.put(10.0, 'x', '1', None)
        self.put(10.0, 'y', '2', '2')
        (finding,) = lost_updates(self.built)
        self.assertEqual('server/a', finding.about)
        self.assertIn('metadata.x of server/a was set to', finding.what)
        self.assertIn('seen as nothing', finding.what)
        self.assertEqual(('req-2',), finding.request_ids)
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_the_attribute_has_another_name_than_the_argument(self):
        op = self.built.call(
            10.0,
            'server.set_metadata',
            'server/a',
            args={'key': 'x', 'value': '1'},
            writes={'metadata.x': '1'},
        )
        self.built.settle(10.2, op, 'ACTIVE', seen={'metadata.x': '0'})
        self.assertEqual(1, len(lost_updates(self.built)))

    def test_removed_by_somebody(self):
        self.put(10.0, 'x', '1', None)
        self.put(10.05, 'x', None, None)
        self.assertEqual([], lost_updates(self.built))

    def test_removed_long_before(self):
        self.put(5.0, 'x', None, None)
        self.put(10.0, 'x', '1', None)
        self.assertEqual(1, len(lost_updates(self.built)))

    def test_perhaps_removed(self):
        self.put(10.0, 'x', '1', None)
        self.put(8.0, 'x', None, None, outcome='info')
        self.assertEqual([], lost_updates(self.built))

    def test_a_refused_write_is_seen(self):
        self.put(10.0, 'x', '1', '2')
        self.put(9.0, 'x', '2', None, outcome='fail')
        (finding,) = lost_updates(self.built)
        self.assertIn('which nobody wrote', finding.what)

    def test_the_census_reads_it_too(self):
        self.put(10.0, 'x', '1', '1')
        self.built.census('server/a', **{'metadata.x': '0'})
        self.assertEqual(1, len(lost_updates(self.built)))

    def test_a_write_that_nobody_looked_after(self):
        self.built.call(
            10.0, 'server.metadata_set', 'server/a', args={'metadata.x': '1'}
        )
        self.put(20.0, 'y', '2', '2')
        self.built.census('server/a', **{'metadata.x': '1'})
        self.assertEqual([], lost_updates(self.built))


class TestAttachments(testtools.TestCase):
    """Where a volume is: written some time after the acknowledgement."""

    def setUp(self):
        super().setUp()
        self.built = base()
        made = self.built.call(3.0, 'volume.create', value='volume/v')
        self.built.settle(3.2, made, 'available')
        self.built.complete('volume')

    def write(self, t, server, seen, rest=5.0, outcome='ok'):
        """One that was acknowledged at once and settled later."""
        op = self.built.call(
            t,
            'volume.attach' if server else 'volume.detach',
            'volume/v',
            outcome,
            writes={'attached': server},
            asynchronous=True,
        )
        if outcome == 'ok':
            self.built.settle(t + rest, op, 'in-use', seen={'attached': seen})

    def test_to_and_fro(self):
        self.write(10.0, 'server/a', 'server/a')
        self.write(20.0, None, None)
        self.write(30.0, 'server/b', 'server/b')
        self.assertEqual([], lost_updates(self.built))

    def test_it_was_not_there_yet_when_others_looked(self):
        self.write(10.0, 'server/a', 'server/a')
        # Acknowledged at 20.1 s and done at 25 s: in between it is as it was.
        self.write(20.0, None, None)
        self.write(21.0, 'server/a', 'server/a', rest=1.0)
        self.assertEqual([], lost_updates(self.built))

    def test_one_that_was_acknowledged_and_never_came(self):
        self.write(10.0, 'server/a', None)
        self.assertEqual([], lost_updates(self.built))

    def test_gone_without_a_detach(self):
        self.write(10.0, 'server/a', 'server/a')
        self.write(20.0, 'server/b', None, outcome='fail')
        self.write(30.0, 'server/b', None)
        (finding,) = lost_updates(self.built)
        self.assertIn(
            "attached of volume/v was set to 'server/a'", finding.what
        )
        self.assertIn('was seen as nothing', finding.what)

    def test_twice_at_one_server(self):
        for _ in range(4):
            self.write(10.0, 'server/a', 'server/a server/a')
        (finding,) = lost_updates(self.built)
        self.assertIn(
            "is 'server/a server/a', which nobody wrote", finding.what
        )
