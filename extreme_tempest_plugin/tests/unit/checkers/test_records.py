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
"""Acknowledged requests, and what nova has on record of them."""

import testtools

from extreme_tempest_plugin.checkers import records
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.tests.unit.checkers import histories


class TestRecords(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.start(histories.STORM)

    def start(self, plan):
        self.built = histories.Builder(plan)
        self.built.process('campaign')
        self.built.process('storm/0', 1.0, 80.0)
        self.built.create(3.0, 'a')
        self.built.census('server/a', name='name-a')
        self.built.complete('server', 'instance_action')
        self.record('req-1', action='create')

    def act(self, t=10.0, what='server.stop', after=1.0, **more):
        op = self.built.call(t, what, 'server/a', effect='changes', **more)
        self.built.settle(t + 0.1 + after, op, 'SHUTOFF')
        return op

    def record(self, request, state='success', server='a', **refs):
        self.built.census(
            f'instance_action/{server}.{request}',
            state,
            server=server,
            request=request,
            event='' if state == 'success' else 'compute_stop_instance',
            **refs,
        )

    def found(self):
        return [
            one
            for one in self.built.verdict().findings
            if one.checker == 'references'
        ]

    def test_all_on_record(self):
        self.act()
        self.record('req-2')
        found = self.built.verdict()
        self.assertEqual('pass', found.verdict, found.reason)
        self.assertIn(
            'disagreements of services', [row.name for row in found.slo]
        )

    def test_no_record(self):
        self.act()
        (finding,) = self.found()
        self.assertEqual('server/a', finding.about)
        self.assertEqual('server.stop', finding.action)
        self.assertEqual(('req-2',), finding.request_ids)
        self.assertIn('no record of the request', finding.what)
        self.assertEqual(
            'openstack server event list a', finding.look_again[0]
        )
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_a_create_has_one_too(self):
        self.built.create(4.0, 'b')
        self.built.census('server/b', name='name-b')
        (finding,) = self.found()
        self.assertEqual('server/b', finding.about)

    def test_the_records_were_not_asked_for(self):
        built = histories.Builder()
        built.process('campaign')
        built.process('storm/0', 1.0, 80.0)
        built.create(3.0, 'a')
        built.census('server/a', name='name-a')
        built.complete('server')
        self.built = built
        self.act()
        self.assertEqual('pass', built.verdict().verdict)

    def test_of_a_server_that_is_gone(self):
        """No cell has ever had it, or it was archived."""
        self.built.create(4.0, 'b')
        self.built.delete(20.0, 'b')
        self.assertEqual([], self.found())
        # There is a list, so all of it is there.
        self.record('req-9', server='b')
        (finding,) = self.found()
        self.assertEqual('server/b', finding.about)

    def test_what_nova_does_not_record(self):
        self.built.rename(10.0, 'a', 'name-a')
        self.assertEqual([], self.found())

    def test_what_was_not_acknowledged(self):
        for outcome in ('fail', 'info', None):
            self.built.call(10.0, 'server.stop', 'server/a', outcome)
        self.assertEqual([], self.found())

    def test_volumes_are_recorded_with_their_server(self):
        self.built.call(
            10.0,
            'volume.attach',
            'volume/v',
            partners={'server': 'server/a'},
        )
        (finding,) = self.found()
        self.assertEqual('server/a', finding.about)
        self.record('req-2')
        self.assertEqual([], self.found())

    def test_unfinished(self):
        self.act()
        self.record('req-2', 'unfinished')
        (finding,) = self.found()
        self.assertIn('compute_stop_instance has not ended', finding.what)

    def test_unfinished_and_the_server_was_deleted(self):
        self.act(after=5.0)
        self.record('req-2', 'unfinished')
        self.built.delete(12.0, 'a', outcome='info')
        self.assertEqual([], self.found())

    def test_unfinished_with_a_fault(self):
        self.start(histories.PLAN)
        self.built.watch()
        self.built.fault()
        self.act(19.0, after=3.0)
        self.record('req-2', 'unfinished')
        self.assertEqual([], self.found())
        self.act(60.0)
        self.record('req-3', 'unfinished')
        self.assertEqual(1, len(self.found()))

    def test_an_error_that_was_seen_done(self):
        self.act()
        self.record('req-2', 'error')
        (finding,) = self.found()
        self.assertIn('ended in an error', finding.what)

    def test_an_error_that_was_right(self):
        op = self.built.call(
            10.0, 'server.create_in_group', value='server/b', effect='creates'
        )
        self.built.settle(11.0, op, 'ERROR')
        self.built.census('server/b', 'ERROR')
        self.record('req-2', 'error', server='b')
        self.assertEqual([], self.found())

    def test_an_error_that_was_seen_as_one(self):
        op = self.built.call(10.0, 'server.stop', 'server/a', effect='changes')
        self.built.settle(11.0, op, 'ERROR', reached=False)
        self.record('req-2', 'error')
        self.assertEqual([], self.found())

    def test_an_error_with_others_on_the_server(self):
        self.act()
        self.record('req-2', 'error')
        self.act(10.5, 'server.start')
        self.record('req-3')
        self.assertEqual([], self.found())
        # Nor is the record a thing that is stuck.
        found = self.built.verdict()
        self.assertEqual('pass', found.verdict, found.reason)

    def test_an_error_with_one_that_may_have_come_late(self):
        self.built.call(5.0, 'server.start', 'server/a', 'info')
        self.act()
        self.record('req-3', 'error')
        self.assertEqual([], self.found())

    def test_others_before_and_after_do_not_matter(self):
        self.act(5.0)
        self.record('req-2')
        self.act(10.0)
        self.record('req-3', 'error')
        self.act(20.0)
        self.record('req-4')
        self.assertEqual(1, len(self.found()))

    def test_nobody_knows_how_it_ended(self):
        self.act()
        self.record('req-2', 'unknown')
        self.act(20.0)
        self.record('req-3', 'nothing')
        self.assertEqual([], self.found())

    def test_the_recorded_actions_are_actions(self):
        names = {action.name for action in actions.own()}
        self.assertEqual(set(), records.RECORDED - names)
