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

import datetime

import msgspec
import testtools

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.plan import known_issues
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.tests.unit.checkers import histories

ISSUE = known_issues.KnownIssue(
    id='slow-build',
    checker='stuck',
    service='nova',
    action='server\\.create',
    reference='LP1',
    reason='test',
    expires=datetime.date(2100, 1, 1),
)


def _stuck(servers=1):
    built = histories.Builder()
    built.process('campaign')
    built.process('storm/0', 1.0, 80.0)
    for number in range(servers):
        op = built.create(3.0, f's{number}', state='')
        built.settle(40.0, op, 'BUILD', False, 30.0)
        built.census(f'server/s{number}', 'BUILD', name=f'name-s{number}')
    built.complete('server')
    return built


def _judge(built, *known):
    return verdict.judge(built.header(), built.events(), built.plan, known)


class ExcusesTest(testtools.TestCase):
    def test_known(self):
        found = _judge(_stuck(), ISSUE)
        self.assertEqual('pass', found.verdict, found.reason)
        (finding,) = found.findings
        self.assertEqual('slow-build', finding.known)
        self.assertEqual(1, found.known_issues['slow-build'].matched)
        said = text.render(found)
        self.assertIn('stuck (known: slow-build)', said)
        self.assertIn('slow-build: 1 finding, not counted until', said)

    def test_without_it_the_run_fails(self):
        self.assertEqual('fail', _judge(_stuck()).verdict)

    def test_another_issue_does_not_help(self):
        for other in (
            {'checker': 'lost'},
            {'service': 'cinder'},
            {'action': 'server'},
            {'resource': 'volume/.*'},
            {'what': 'never said'},
        ):
            issue = msgspec.structs.replace(ISSUE, **other)
            found = _judge(_stuck(), issue)
            self.assertEqual('fail', found.verdict, other)
            self.assertEqual(0, found.known_issues['slow-build'].matched)

    def test_new_ones_count_beside_it(self):
        issue = msgspec.structs.replace(ISSUE, resource='server/s1')
        found = _judge(_stuck(3), issue)
        self.assertEqual('fail', found.verdict)
        self.assertEqual(
            ['2'],
            [
                row.measured
                for row in found.slo
                if row.name == 'stuck or error states'
            ],
        )

    def test_expired(self):
        day = datetime.date(2000, 1, 1)
        issue = msgspec.structs.replace(ISSUE, expires=day)
        found = _judge(_stuck(), issue)
        self.assertEqual('fail', found.verdict)
        self.assertTrue(found.known_issues['slow-build'].expired)
        self.assertIn('slow-build: expired on 2000-01-01', text.render(found))

    def test_never_seen(self):
        found = _judge(histories.storm(), ISSUE)
        self.assertEqual('pass', found.verdict)
        self.assertEqual(0, found.known_issues['slow-build'].matched)

    def test_a_doubt_stays_a_doubt(self):
        limit = model.Limit(name='x', allowed=0, doubtful=True)
        finding = model.Finding(
            checker='stuck', about='a', what='b', slo='x', known='k'
        )
        self.assertIsNone(limit.row([finding]).ok)
        self.assertIs(
            False,
            limit.row([msgspec.structs.replace(finding, known='')]).ok,
        )
