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
"""Histories in which requests were lost, and in which they were not."""

import shlex

import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.checkers import histories


def lost(built, **options):
    found = built.verdict(**options).findings
    return [finding for finding in found if finding.checker == 'lost']


def base():
    built = histories.Builder()
    built.process('campaign')
    built.process('storm/0', 1.0, 80.0)
    return built


class TestLostCreate(testtools.TestCase):
    def test_healthy(self):
        verdict = histories.storm().verdict()
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        self.assertEqual((), verdict.findings)

    def test_acknowledged_and_not_there(self):
        built = base()
        built.create(3.0, 'a')
        built.complete('server')
        verdict = built.verdict()
        self.assertEqual('fail', verdict.verdict)
        (finding,) = verdict.findings
        self.assertEqual(
            ('lost', 'server/a'), (finding.checker, finding.about)
        )
        self.assertEqual(('req-1',), finding.request_ids)
        shown = [
            event for event in built.events() if event.n in finding.events
        ]
        self.assertEqual(
            [events.Invoke, events.Ok, events.Settled, events.Note],
            [type(event) for event in shown],
        )
        self.assertIn('openstack server show a', finding.look_again)

    def test_a_made_up_name_does_not_run_in_a_shell(self):
        built = base()
        built.create(3.0, "a'; reboot; '")
        built.complete('server')
        (finding,) = lost(built)
        self.assertEqual(
            ['openstack', 'server', 'show', "a'; reboot; '"],
            shlex.split(finding.look_again[0]),
        )

    def test_an_allowed_loss_is_listed_and_does_not_fail(self):
        plan = histories.STORM
        slo = type(plan.slo)(lost=1)
        built = histories.Builder(
            type(plan)(name='x', duration=60.0, storm=plan.storm, slo=slo)
        )
        built.process('campaign')
        built.process('storm/0', 1.0, 80.0)
        built.create(3.0, 'a')
        built.complete('server')
        verdict = built.verdict()
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        self.assertEqual(1, len(verdict.findings))

    def test_listed_as_deleted_is_not_there(self):
        built = base()
        built.create(3.0, 'a')
        built.census('server/a', 'DELETED')
        built.complete('server')
        self.assertEqual(1, len(lost(built)))

    def test_a_delete_explains(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a')
        built.complete('server')
        self.assertEqual([], lost(built))

    def test_a_delete_that_nobody_knows_of_explains(self):
        for outcome in ('info', None):
            built = base()
            built.create(3.0, 'a')
            built.delete(9.0, 'a', outcome)
            built.complete('server')
            self.assertEqual([], lost(built), outcome)

    def test_a_delete_that_failed_explains_nothing(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', 'fail')
        built.complete('server')
        self.assertEqual(1, len(lost(built)))

    def test_a_delete_after_the_census_explains_nothing(self):
        built = base()
        built.create(3.0, 'a')
        built.complete('server', t=91.0)
        built.delete(95.0, 'a')
        self.assertEqual(1, len(lost(built)))

    def test_a_create_that_nobody_knows_of_is_not_acknowledged(self):
        for outcome in ('info', 'fail', None):
            built = base()
            built.call(3.0, 'server.create', outcome=outcome)
            built.complete('server')
            self.assertEqual([], lost(built), outcome)

    def test_without_a_complete_census_nobody_knows(self):
        built = base()
        built.create(3.0, 'a')
        verdict = built.verdict()
        self.assertEqual('unknown', verdict.verdict)
        self.assertEqual([], lost(built))
        self.assertIn(
            'No complete census', ' '.join(gap.why for gap in verdict.gaps)
        )

    def test_a_census_before_is_none_after(self):
        built = base()
        built.create(3.0, 'a')
        built.note(1.0, events.Topic.CENSUS_COMPLETE, 'before/server')
        self.assertEqual('unknown', built.verdict().verdict)

    def test_a_change_during_the_census_is_not_certain(self):
        built = base()
        built.create(3.0, 'a')
        built.create(89.95, 'b', state='')
        built.census('server/a', t=90.0)
        built.complete('server', t=91.0)
        verdict = built.verdict()
        self.assertEqual([], lost(built))
        self.assertEqual('unknown', verdict.verdict)

    def test_a_second_life_of_a_name(self):
        built = base()
        for start in (3.0, 9.0):
            op = built.call(start, 'keypair.create', value='keypair/k')
            built.settle(start + 0.2, op, 'present')
        op = built.call(5.0, 'keypair.delete', 'keypair/k')
        built.settle(5.2, op, 'deleted')
        built.complete('keypair')
        (finding,) = lost(built)
        self.assertEqual('keypair/k', finding.about)

    def test_in_a_history_with_holes_it_is_not_certain(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a')
        built.complete('server')
        verdict = built.verdict(
            lambda event: getattr(event, 'op', '') == '0-2'
        )
        self.assertEqual('unknown', verdict.verdict)
        self.assertEqual((), verdict.findings)
        self.assertIn('It looks so', ' '.join(gap.why for gap in verdict.gaps))


class TestLostDelete(testtools.TestCase):
    def test_came_back(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a')
        built.census('server/a')
        built.complete('server')
        (finding,) = lost(built)
        self.assertIn('was seen gone', finding.what)
        self.assertEqual('fail', built.verdict().verdict)

    def test_a_delete_that_nobody_knows_of_may_be_undone(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', 'info')
        built.census('server/a')
        built.complete('server')
        self.assertEqual([], lost(built))

    def test_a_refused_delete_leaves_it(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', 'fail')
        built.census('server/a')
        built.complete('server')
        self.assertEqual('pass', built.verdict().verdict)

    def test_a_delete_that_is_stuck_is_reported_once(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', state='ACTIVE', reached=False)
        built.census('server/a')
        built.complete('server')
        (finding,) = built.verdict().findings
        self.assertEqual('stuck', finding.checker)

    def test_a_delete_that_could_not_be_seen_and_is_there(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', state='unseen', reached=False)
        built.census('server/a')
        built.complete('server')
        (finding,) = built.verdict().findings
        self.assertEqual('lost', finding.checker)

    def test_a_slow_delete_without_rest_is_not_certain(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', state='')
        built.census('server/a')
        built.complete('server')
        self.assertEqual([], lost(built))
        self.assertEqual('unknown', built.verdict().verdict)

    def test_the_delete_of_a_keypair_is_done_at_once(self):
        built = base()
        op = built.call(3.0, 'keypair.create', value='keypair/k')
        built.settle(3.2, op, 'present')
        built.call(9.0, 'keypair.delete', 'keypair/k')
        built.census('keypair/k', 'present')
        built.complete('keypair')
        self.assertEqual(1, len(lost(built)))

    def test_a_create_that_nobody_knows_of_explains(self):
        built = base()
        op = built.call(9.0, 'keypair.delete', 'keypair/k')
        built.settle(9.2, op, 'deleted')
        built.call(20.0, 'keypair.create', outcome='info', args={'name': 'k'})
        built.census('keypair/k', 'present')
        built.complete('keypair')
        self.assertEqual([], lost(built))

    def test_a_late_create_that_nobody_knows_of_explains(self):
        # It was sent before the delete and may be done after it.
        built = base()
        built.call(3.0, 'keypair.create', outcome='info', args={'name': 'k'})
        op = built.call(9.0, 'keypair.delete', 'keypair/k')
        built.settle(9.2, op, 'deleted')
        built.census('keypair/k', 'present')
        built.complete('keypair')
        self.assertEqual([], lost(built))

    def test_created_again(self):
        built = base()
        op = built.call(9.0, 'keypair.delete', 'keypair/k')
        built.settle(9.2, op, 'deleted')
        op = built.call(20.0, 'keypair.create', value='keypair/k')
        built.settle(20.2, op, 'present')
        built.census('keypair/k', 'present')
        built.complete('keypair')
        self.assertEqual([], lost(built))
