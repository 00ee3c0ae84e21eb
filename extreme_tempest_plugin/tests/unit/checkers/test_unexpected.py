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
"""Answers that nobody expects, with and without a fault."""

import msgspec
import testtools

from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories


def answers(t=50.0, times=1, **call):
    built = histories.whole()
    for number in range(times):
        built.call(t + number / 10, 'server.create', **call)
    return built.verdict()


class TestUnexpected(testtools.TestCase):
    def test_a_5xx_outside_of_faults(self):
        verdict = answers(outcome='info', status=500, error='boom')
        self.assertEqual('fail', verdict.verdict)
        (finding,) = verdict.findings
        self.assertEqual('unexpected', finding.checker)
        self.assertIn('answered 500 to server.create 1 time', finding.what)
        self.assertIn('boom', finding.what)
        self.assertEqual(1, len(finding.events))

    def test_no_answer_outside_of_faults(self):
        verdict = answers(outcome='info', status=0, error='timeout')
        (finding,) = verdict.findings
        self.assertIn('gave no answer', finding.what)

    def test_many_are_one_finding(self):
        verdict = answers(outcome='info', status=503, times=30)
        (finding,) = verdict.findings
        self.assertEqual(30, finding.count)
        self.assertEqual(10, len(finding.events))
        self.assertEqual(30, verdict.measured['unexpected'])

    def test_during_a_fault_it_is_a_number(self):
        for t, took in ((19.0, 1.5), (22.0, 0.1), (34.0, 0.1), (5.5, 60.0)):
            verdict = answers(t, outcome='info', status=503, took=took)
            self.assertEqual('pass', verdict.verdict, verdict.reason)
            self.assertEqual(1, verdict.measured['errors_during_faults'])

    def test_just_before_and_after_a_fault_it_is_a_finding(self):
        for t in (19.8, 35.2):
            verdict = answers(t, outcome='info', status=503)
            self.assertEqual('fail', verdict.verdict, t)

    def test_one_that_was_never_answered_is_unknown(self):
        self.assertEqual('unknown', answers(outcome=None).verdict)

    def test_a_refused_connection_is_no_answer(self):
        verdict = answers(outcome='fail', status=0, error='not sent: refused')
        self.assertEqual('fail', verdict.verdict)

    def test_a_malformed_answer(self):
        verdict = answers(outcome='info', status=200)
        self.assertIn('malformed', verdict.findings[0].what)

    def test_what_we_broke_off_ourselves_is_not_the_clouds(self):
        verdict = answers(
            outcome='info', status=0, error='interrupted: GreenletExit'
        )
        self.assertEqual('pass', verdict.verdict, verdict.reason)


class TestRefusals(testtools.TestCase):
    """4xx: allowed or not."""

    def _refused(self, status, error='no', **call):
        return answers(
            outcome='fail',
            status=status,
            error=error,
            effect='creates',
            **call,
        )

    def _assert_right(self, *args, **call):
        verdict = self._refused(*args, **call)
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        self.assertEqual(0, verdict.measured['unexpected_refusals'])

    def _assert_wrong(self, *args, **call):
        verdict = self._refused(*args, **call)
        self.assertEqual('fail', verdict.verdict, verdict.reason)
        (finding,) = verdict.findings
        self.assertEqual('unexpected', finding.checker)
        self.assertEqual(1, len(finding.events))
        return finding

    def test_what_nobody_may_refuse(self):
        for status in (400, 401, 404, 409, 413, 499):
            finding = self._assert_wrong(status)
            self.assertIn(f'with {status}', finding.what)
            self.assertIn('allows no refusal there: no.', finding.what)

    def test_what_the_contract_allows(self):
        self._assert_right(409, allowed=(404, 409))
        self._assert_right(404, allowed=(404, 409))

    def test_another_one_than_the_contract_allows(self):
        finding = self._assert_wrong(400, allowed=(404, 409))
        self.assertIn('allows only 404, 409 there', finding.what)

    def test_a_quota_that_is_used_up(self):
        for status in (403, 409, 413):
            self._assert_right(status, 'Quota exceeded for instances')
            self._assert_wrong(status, 'Port is in use')
        self._assert_wrong(400, 'Quota exceeded for instances')

    def test_a_cloud_that_wants_to_be_left_alone(self):
        self._assert_right(429)
        self._assert_right(413, retry_after=5.0)
        self._assert_wrong(413)

    def test_a_history_that_does_not_say_what_was_allowed(self):
        verdict = answers(outcome='fail', status=409)
        self.assertEqual('pass', verdict.verdict, verdict.reason)

    def _again(self, second, first='server/x', status=404, outcome='ok'):
        """A server is deleted, is seen in ERROR, and is deleted again."""
        built = histories.whole()
        for t, resource, how in (
            (40.0, first, {'outcome': outcome}),
            (50.0, second, {'outcome': 'fail', 'status': status}),
        ):
            built.call(t, 'server.delete', resource, effect='consumes', **how)
        return built.verdict().measured['unexpected_refusals']

    def test_gone_by_a_deletion_that_was_late(self):
        self.assertEqual(0, self._again('server/x'))
        # Of another one, of another kind, or one that never was.
        self.assertEqual(1, self._again('server/y'))
        self.assertEqual(1, self._again('server/x', status=409))
        self.assertEqual(1, self._again('server/x', outcome='info'))

    def test_a_fault_excuses_it(self):
        self._assert_right(401, t=22.0)

    def test_the_plan_may_allow_some(self):
        plan = msgspec.structs.replace(
            histories.STORM, slo=model.Slo(unexpected_4xx=1)
        )
        for times, word in ((1, 'pass'), (2, 'fail')):
            built = histories.storm(plan)
            for number in range(times):
                built.call(
                    50.0 + number,
                    'server.create',
                    outcome='fail',
                    effect='creates',
                )
            verdict = built.verdict()
            self.assertEqual(word, verdict.verdict, verdict.reason)
