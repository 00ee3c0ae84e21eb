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
"""Acknowledgements that break a schema, or have no request id."""

import msgspec
import testtools

from extreme_tempest_plugin.checkers import answers
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories


class Case(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.built = histories.storm()

    def row(self, name):
        """What the table says of one row; None if it is not there."""
        rows = {row.name: row for row in self.built.verdict().slo}
        row = rows.get(name)
        return row and (row.measured, row.ok)

    def findings(self):
        return [
            one
            for one in self.built.verdict().findings
            if one.checker == 'answers'
        ]


class TestViolations(Case):
    def validated(self, text='37'):
        self.built.note(79.0, events.Topic.VALIDATED, 'nova', text)

    def violation(self, t=20.0, **changes):
        given = {
            'service': 'nova',
            'request': 'GET servers/*',
            'where': 'body.server.status',
            'why': 'is integer, not string',
            'status': 200,
            'request_id': f'req-v{t:g}',
        }
        self.built.add(
            events.Violation(
                t=histories.ns(t), actor='storm/0', **(given | changes)
            )
        )

    def test_none_of_those_that_were_validated(self):
        self.validated()
        self.validated('5')
        self.assertEqual(('0', True), self.row(answers.VIOLATIONS))
        found = self.built.verdict()
        self.assertEqual('pass', found.verdict, found.reason)
        self.assertEqual(42, found.measured['answers_validated'])

    def test_nothing_was_validated(self):
        self.assertIsNone(self.row(answers.VIOLATIONS))
        self.validated('much')
        self.validated('²')
        self.validated('9' * 5000)
        found = self.built.verdict()
        self.assertEqual(10**18 - 1, found.measured['answers_validated'])

    def test_a_violation(self):
        self.validated()
        self.violation()
        self.assertEqual('fail', self.built.verdict().verdict)
        (finding,) = self.findings()
        self.assertEqual('GET servers/*', finding.about)
        self.assertIn(
            'nova answered GET servers/* with 200, and body.server.status is '
            'integer, not string. That breaks the schema that Tempest has',
            finding.what,
        )
        self.assertEqual(('req-v20',), finding.request_ids)
        (number,) = finding.events
        self.assertIsInstance(
            self.built.events()[number - 1], events.Violation
        )
        self.assertEqual(('1', False), self.row(answers.VIOLATIONS))

    def test_its_version_is_told(self):
        self.violation(version='2.51')
        (finding,) = self.findings()
        self.assertIn('the schema of microversion 2.51 that', finding.what)

    def test_those_of_one_rule_are_one_finding(self):
        for number in range(30):
            self.violation(20.0 + number, where=f'body.servers[{number}].id')
        self.violation(10.0, why='is null, not string')
        self.violation(10.0, request='POST servers')
        self.assertEqual([1, 1, 30], sorted(f.count for f in self.findings()))
        last = max(self.findings(), key=lambda one: one.count)
        self.assertEqual(10, len(last.events))
        self.assertIn('body.servers[*].id', last.what)

    def test_a_fault_excuses_nothing(self):
        self.built = histories.whole()
        self.violation(21.0)
        self.assertEqual('fail', self.built.verdict().verdict)

    def test_the_plan_may_allow_some(self):
        self.built.plan = msgspec.structs.replace(
            histories.STORM, slo=model.Slo(schema_violations=1)
        )
        self.violation()
        self.assertEqual('pass', self.built.verdict().verdict)


class TestRequestIds(Case):
    def call(self, outcome='ok', service='nova', **more):
        op = self.built.call(
            20.0, 'server.rename', 'server/a', outcome, args={}, **more
        )
        self.built._events = [
            self.nameless(event, op, service) for event in self.built._events
        ]

    def nameless(self, event, op, service):
        if getattr(event, 'op', '') != op:
            return event
        if isinstance(event, events.Invoke):
            return msgspec.structs.replace(event, service=service)
        return msgspec.structs.replace(event, request_id='')

    def test_all_have_one(self):
        self.assertEqual(('0', True), self.row(answers.NAMELESS))

    def test_one_has_none(self):
        for service in sorted(answers.NAMING):
            self.built = histories.storm()
            self.call(service=service)
            (finding,) = self.findings()
            self.assertIn(
                f'{service} acknowledged server.rename with 202 and no '
                'request id, 1 time.',
                finding.what,
            )
            self.assertEqual(1, len(finding.events))
            self.assertEqual(('1', False), self.row(answers.NAMELESS))
            self.assertEqual('fail', self.built.verdict().verdict)

    def test_others_need_none(self):
        for service in ('', 'heat', 'placement'):
            self.call(service=service)
        # A test of Tempest: there is no one answer.
        self.call(status=0)
        self.assertEqual([], self.findings())

    def test_a_refusal_may_be_a_proxys(self):
        for status in (400, 401, 404, 500, 503):
            self.call('info' if status >= 500 else 'fail', status=status)
        self.call('info', status=0)
        self.assertEqual([], self.findings())
        self.assertEqual(
            5, self.built.verdict().measured['refusals_without_request_id']
        )

    def test_many_are_one_finding(self):
        for _ in range(30):
            self.call()
        (finding,) = self.findings()
        self.assertEqual((30, 10), (finding.count, len(finding.events)))

    def test_the_plan_may_allow_some(self):
        self.built.plan = msgspec.structs.replace(
            histories.STORM, slo=model.Slo(missing_request_ids=1)
        )
        self.call()
        self.assertEqual(('1', True), self.row(answers.NAMELESS))

    def test_no_operation_of_such_a_service(self):
        self.built = histories.watched()
        self.assertIsNone(self.row(answers.NAMELESS))
