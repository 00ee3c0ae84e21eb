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
"""Histories that cannot be judged, and what was left behind."""

import msgspec
import testtools

from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.checkers import histories


class TestIntegrity(testtools.TestCase):
    def unknown(self, built, words):
        verdict = built.verdict()
        self.assertEqual('unknown', verdict.verdict)
        self.assertEqual((), verdict.findings)
        self.assertIn(words, ' '.join(gap.why for gap in verdict.gaps))

    def test_no_event_at_all(self):
        self.unknown(histories.Builder(), 'no events')

    def test_nothing_succeeded(self):
        built = histories.Builder()
        built.process('campaign')
        built.process('storm/0')
        built.call(5.0, 'server.create', outcome='fail')
        built.complete('server')
        self.unknown(built, 'nothing was tested')

    def test_an_action_that_never_succeeded(self):
        built = histories.storm()
        for number in range(5):
            built.call(10.0 + number, 'server.reboot_hard', 'server/a', 'fail')
        self.unknown(built, 'server.reboot_hard was tried 5 times')

    def test_a_process_that_died(self):
        built = histories.storm()
        built.process('storm/1', end=None)
        self.unknown(built, 'storm/1 began and never ended')

    def test_no_campaign(self):
        built = histories.Builder()
        built.process('storm/0')
        self.unknown(built, 'The campaign never began')

    def test_no_storm(self):
        built = histories.Builder()
        built.process('campaign')
        self.unknown(built, 'A storm was planned')

    def test_a_monitor_that_never_said_that_it_began(self):
        built = histories.Builder(histories.WATCH)
        built.process('campaign')
        for number in range(181):
            built.sample(2.0 + number / 2)
        self.unknown(built, 'no process began to')

    def test_a_process_that_never_began(self):
        built = histories.storm()
        built.note(90.0, events.Topic.ENDED, 'storm/1')
        self.unknown(built, 'storm/1 ended and never began')

    def test_torn(self):
        built = histories.storm()
        built.note(50.0, events.Topic.TORN, 'storm-0.jsonl', 'line 7 is torn')
        self.unknown(built, 'line 7 is torn')

    def test_unmeasured(self):
        built = histories.storm()
        built.note(50.0, events.Topic.UNMEASURED, 'census', 'no admin')
        self.unknown(built, 'census: not measured: no admin')

    def test_two_runs_in_one_history(self):
        built = histories.storm()
        built.process('campaign')
        self.unknown(built, 'more than one run')

    def test_two_runs_that_one_campaign_hides(self):
        built = histories.storm()
        built.process('storm/0')
        self.unknown(built, 'more than one run: the process storm/0 began 2')

    def test_left_behind(self):
        built = histories.storm()
        built.note(95.0, events.Topic.LEFT_BEHIND, 'server/a', '409 for 60 s')
        verdict = built.verdict()
        self.assertEqual('fail', verdict.verdict)
        (finding,) = verdict.findings
        self.assertIn('409 for 60 s', finding.what)
        self.assertIn('tempest extreme clean --run .', finding.look_again)

    def test_an_operation_that_was_answered_twice(self):
        built = histories.storm()
        invoke = next(
            event
            for event in built.events()
            if isinstance(event, events.Invoke)
        )
        built.add(
            events.Fail(
                t=histories.ns(50), actor='x', op=invoke.op, status=404
            )
        )
        self.unknown(built, 'that an operation has already')

    def test_an_operation_that_came_to_rest_twice(self):
        built = histories.storm()
        built.settle(50.0, '0-1', 'ERROR', False)
        self.unknown(built, '1 event that an operation has already')

    def test_time_that_goes_back(self):
        built = histories.storm()
        moved = [
            msgspec.structs.replace(event, n=number)
            for number, event in enumerate(
                sorted(built.events(), key=lambda event: -event.n), start=1
            )
        ]
        found = verdict.judge(built.header(), moved, built.plan)
        self.assertEqual('unknown', found.verdict)
        self.assertIn('goes back', found.reason)

    def test_an_answer_to_nothing(self):
        built = histories.storm()
        built.add(
            events.Ok(t=histories.ns(50), actor='x', op='9-9', status=200)
        )
        self.unknown(built, 'without the call')

    def test_numbers_that_break(self):
        built = histories.storm()
        for n in range(1, len(built.events()) + 1):
            verdict = built.verdict(lambda event, n=n: event.n == n)
            self.assertNotEqual('pass', verdict.verdict, n)
