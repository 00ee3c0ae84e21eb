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
"""Histories in which something got stuck, and in which nothing did."""

import msgspec
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.checkers import histories


def base(plan=histories.STORM):
    built = histories.Builder(plan)
    built.process('campaign')
    built.process('storm/0', 1.0, 80.0)
    return built


class TestStuck(testtools.TestCase):
    def only(self, built):
        (finding,) = built.verdict().findings
        self.assertEqual('stuck', finding.checker)
        self.assertEqual('fail', built.verdict().verdict)
        return finding

    def test_stuck_in_build(self):
        built = base()
        built.create(3.0, 'a', 'BUILD', False, 30.0)
        built.census('server/a', 'BUILD')
        built.complete('server')
        finding = self.only(built)
        self.assertIn('stuck in BUILD', finding.what)
        self.assertIn('30.0 s', finding.what)
        self.assertIn('openstack server event list a', finding.look_again)

    def test_error_state(self):
        built = base()
        built.create(3.0, 'a', 'ERROR', False, 2.0)
        built.census('server/a', 'ERROR')
        built.complete('server')
        self.assertIn('error state', self.only(built).what)

    def test_error_state_names_the_fault(self):
        built = base(histories.PLAN)
        built.watch()
        built.fault()
        built.create(22.0, 'a', 'ERROR', False, 2.0)
        built.census('server/a', 'ERROR')
        built.complete('server')
        self.assertIn(
            '; fault-1 (service.restart of rabbitmq) was active meanwhile',
            self.only(built).what,
        )

    def test_a_delete_that_does_nothing(self):
        built = base()
        built.create(3.0, 'a')
        built.delete(9.0, 'a', state='ACTIVE', reached=False)
        built.census('server/a')
        built.complete('server')
        self.assertIn('did not happen', self.only(built).what)

    def test_a_resource_is_named_once(self):
        built = base()
        built.create(3.0, 'a', 'ERROR', False, 2.0)
        built.delete(9.0, 'a', state='ERROR', reached=False)
        built.census('server/a', 'ERROR')
        built.complete('server')
        self.only(built)

    def test_a_lost_rename_is_named_once(self):
        built = base()
        built.create(3.0, 'a')
        op = built.rename(10.0, 'a', 'new', state='')
        built.settle(40.0, op, 'ACTIVE', False, 30.0, seen={'name': 'name-a'})
        built.census('server/a', name='name-a')
        built.complete('server')
        (finding,) = built.verdict().findings
        self.assertEqual('registers', finding.checker)

    def test_another_thing_than_the_lost_rename_is_named_too(self):
        built = base()
        built.create(3.0, 'a')
        built.rename(10.0, 'a', 'new')
        op = built.call(20.0, 'server.reboot_hard', 'server/a')
        built.settle(50.0, op, 'HARD_REBOOT', False, 30.0)
        built.census('server/a', 'HARD_REBOOT', name='name-a')
        built.complete('server')
        self.assertEqual(
            ['registers', 'stuck'],
            [finding.checker for finding in built.verdict().findings],
        )

    def test_unseen_is_unknown(self):
        built = base()
        built.create(3.0, 'a', 'unseen', False, 30.0)
        built.census('server/a')
        built.complete('server')
        verdict = built.verdict()
        self.assertEqual('unknown', verdict.verdict)
        self.assertEqual((), verdict.findings)

    def test_a_last_look_that_showed_nothing_is_unknown(self):
        built = base()
        op = built.create(3.0, 'a', '')
        built.settle(33.1, op, 'BUILD', False, 30.0, 'last look: timeout')
        built.census('server/a')
        built.complete('server')
        verdict = built.verdict()
        self.assertEqual('unknown', verdict.verdict)
        self.assertEqual((), verdict.findings)

    def test_a_failed_reboot_says_why(self):
        built = base()
        built.create(3.0, 'a')
        op = built.call(10.0, 'server.reboot_soft', 'server/a')
        built.settle(12.0, op, 'ACTIVE', False, 2.0, 'nova has it as failed')
        built.census('server/a')
        built.complete('server')
        self.assertIn('(nova has it as failed)', self.only(built).what)

    def test_missing_until_the_deadline_and_there_later(self):
        built = base()
        built.create(3.0, 'a', 'missing', False, 30.0)
        built.census('server/a')
        built.complete('server')
        self.only(built)

    def test_no_rest_is_unknown(self):
        built = base()
        built.create(3.0, 'a', '')
        built.census('server/a')
        built.complete('server')
        self.assertEqual('unknown', built.verdict().verdict)

    def test_an_unknown_or_failed_operation_need_not_rest(self):
        for outcome in ('info', 'fail'):
            built = histories.storm()
            built.call(40.0, 'server.create', outcome=outcome, status=499)
            verdict = built.verdict()
            self.assertEqual('pass', verdict.verdict, verdict.reason)

    def test_gone_is_for_another_checker(self):
        built = base()
        built.create(3.0, 'a', 'deleted', False)
        built.complete('server')
        (finding,) = built.verdict().findings
        self.assertEqual('lost', finding.checker)


class TestCensus(testtools.TestCase):
    def left(
        self, state, t=90.0, before=False, complete=True, name='lost-answer'
    ):
        built = base()
        built.create(3.0, 'k')
        built.call(
            40.0,
            'server.create',
            outcome='info',
            status=499,
            args={'name': 'lost-answer'},
        )
        built.census('server/k')
        built.census('server/x', state, t=t, name=name)
        if before:
            built.census('server/x', state, t=1.0, phase='before')
        built.complete('server')
        skip = '' if complete else 'before/server'
        return built.verdict(
            lambda event: (
                isinstance(event, events.Note) and event.about == skip != ''
            )
        )

    def test_error_that_no_operation_knows_of(self):
        verdict = self.left('ERROR')
        self.assertEqual('fail', verdict.verdict)
        self.assertEqual('server/x', verdict.findings[0].about)

    def test_the_names_that_other_services_have(self):
        for state in ('error_extending', 'killed', 'attaching', 'reserved'):
            self.assertEqual('fail', self.left(state).verdict, state)
        for state in ('available', 'in-use', 'queued', 'deactivated'):
            self.assertEqual('pass', self.left(state).verdict, state)

    def test_still_on_its_way_after_its_deadline(self):
        self.assertEqual('fail', self.left('BUILD').verdict)

    def test_still_on_its_way_before_its_deadline(self):
        self.assertEqual('unknown', self.left('BUILD', t=69.0).verdict)

    def test_at_rest(self):
        self.assertEqual('pass', self.left('ACTIVE').verdict)

    def test_what_the_monitors_make_comes_and_goes(self):
        for name, expected in (
            ('xt-uptime-6a3c1c0e-7', 'pass'),
            ('xt-6a3c1c0e5f0f-7', 'fail'),
        ):
            built = base()
            built.create(3.0, 'a')
            built.census('server/a')
            built.census('recordset/z/r', 'ERROR', name=name)
            built.complete('server', 'recordset')
            verdict = built.verdict()
            self.assertEqual(expected, verdict.verdict, verdict.reason)

    def test_an_error_that_its_operation_allows(self):
        for later, expected in ((False, 'pass'), (True, 'fail')):
            built = base()
            # A strict policy of a server group left no host for it.
            built.create(3.0, 'a', 'ERROR')
            if later:
                built.rename(20.0, 'a', 'new', state='ACTIVE')
            built.census('server/a', 'ERROR')
            built.complete('server')
            self.assertEqual(expected, built.verdict().verdict, later)

    def test_it_was_there_before(self):
        self.assertEqual('pass', self.left('ERROR', before=True).verdict)

    def test_whose_it_is_is_not_known(self):
        for name, expected in (
            ('another', 'unknown'),
            ('lost-answer', 'fail'),
        ):
            verdict = self.left('ERROR', complete=False, name=name)
            self.assertEqual(expected, verdict.verdict, name)


def patient(**stuck_after):
    return msgspec.structs.replace(
        histories.STORM,
        storm=msgspec.structs.replace(
            histories.STORM.storm, stuck_after=stuck_after
        ),
    )


class TestDeadlines(testtools.TestCase):
    """Deadlines by kind and state; 30 s where the plan says nothing."""

    def volume(self, plan, state, t=90.0, **census):
        """A volume at rest from 3.2 s on, extended at 60 s."""
        built = base(plan)
        made = built.call(3.0, 'volume.create', value='volume/v')
        built.settle(3.2, made, 'available')
        op = built.call(60.0, 'volume.extend', 'volume/v')
        built.settle(61.0, op, 'available')
        built.census('volume/v', state, t=t, service='cinder', **census)
        built.complete('volume')
        return built.verdict()

    def test_stuck_though_its_operation_had_settled(self):
        """The last look saw it available, at 61 s."""
        plan = patient(volume={'detaching': 20.0})
        (finding,) = self.volume(plan, 'detaching').findings
        self.assertEqual('volume/v', finding.about)
        self.assertEqual(
            'volume/v is stuck in detaching. It was so when the run was '
            'over, 29.0 s after the last operation on it (volume.extend) had '
            'come to rest in available; a volume may be in detaching for '
            '20 s.',
            finding.what,
        )
        self.assertEqual(4, len(finding.events))

    def test_before_its_deadline(self):
        for plan in (
            patient(volume={'detaching': 40.0}),
            patient(volume={'creating': 20.0}),
            patient(server={'detaching': 20.0}),
        ):
            found = self.volume(plan, 'detaching')
            self.assertEqual('unknown', found.verdict)
            self.assertEqual((), found.findings)
            self.assertIn('was in detaching when the census', found.reason)

    def test_a_state_that_only_the_plan_forbids(self):
        self.assertEqual('pass', self.volume(patient(), 'uploaded').verdict)
        plan = patient(volume={'Uploaded': 20.0})
        self.assertEqual('fail', self.volume(plan, 'uploaded').verdict)

    def test_a_partner_was_touched_last(self):
        """Attaching began 10 s ago, though nobody acted on the server."""
        for t, expected in ((50.0, 'fail'), (80.0, 'unknown')):
            built = base()
            built.create(3.0, 'a')
            made = built.call(4.0, 'volume.create', value='volume/v')
            built.settle(4.2, made, 'available')
            built.call(
                t,
                'volume.attach',
                'volume/v',
                outcome='info',
                status=499,
                partners={'server': 'server/a'},
            )
            built.census('server/a', 'MIGRATING')
            built.census('volume/v', 'available')
            built.complete('server', 'volume')
            self.assertEqual(expected, built.verdict().verdict, t)

    def test_a_task_of_nova(self):
        built = base(patient(server={'deleting': 20.0}))
        built.create(3.0, 'a')
        built.call(
            60.0, 'server.delete', 'server/a', outcome='info', status=499
        )
        built.census('server/a', 'ACTIVE', task_state='deleting')
        built.complete('server')
        (finding,) = built.verdict().findings
        self.assertIn('server/a is stuck in deleting', finding.what)
        self.assertIn('(server.delete) had no answer', finding.what)

    def test_an_operation_that_did_not_come_to_rest(self):
        built = base(patient(server={'BUILD': 12.0}))
        built.create(3.0, 'a', 'BUILD', False, 12.0)
        built.census('server/a', 'BUILD')
        built.complete('server')
        (finding,) = built.verdict().findings
        self.assertIn('12.0 s later; a server may be in BUILD', finding.what)
        self.assertIn('for 12 s', finding.what)

    def test_another_plan_has_more_patience_than_the_storm_had(self):
        built = base(patient(server={'BUILD': 40.0}))
        built.create(3.0, 'a', 'BUILD', False, 30.0)
        built.census('server/a')
        built.complete('server')
        found = built.verdict()
        self.assertEqual('unknown', found.verdict)
        self.assertEqual((), found.findings)
        self.assertIn('within 40 s is not known', found.reason)
