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

import msgspec
import testtools

from extreme_tempest_plugin.checkers import server_logs
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.reports import text
from extreme_tempest_plugin.tests.unit.checkers import histories

REQUEST = 'req-0b3c5ad4-1f3b-4f0e-9f0f-6a1c5b7f8d21'
LINE = (
    '2026-11-21 01:48:53.123 812 ERROR nova.compute.manager '
    '[None {request} u1 p1 - - default default] [instance: '
    '5e0f1a7c-93a2-4b0e-8a54-0c5a7f2c9d10] Build of xt-0123456789ab-3-1 '
    'failed after 12.5 s'
)

STRICT = msgspec.structs.replace(
    histories.QUIET, uptime=None, slo=plan_model.Slo(log_errors=0)
)


class WordsTest(testtools.TestCase):
    def test_two_of_a_kind(self):
        other = LINE.replace('812', '9').replace('5e0f1a7c', '00000000')
        self.assertEqual(
            server_logs.words(LINE.format(request=REQUEST)),
            server_logs.words(other.format(request='req-x')),
        )
        self.assertEqual(
            'nova.compute.manager [instance: *] Build of * failed after * s',
            server_logs.words(LINE.format(request=REQUEST)),
        )

    def test_two_kinds(self):
        self.assertNotEqual(
            server_logs.words(LINE), server_logs.words(LINE + ' again')
        )


class LogsTest(testtools.TestCase):
    def built(self, plan=STRICT):
        built = histories.storm(plan)
        self.log = lambda t, line=LINE, request='': built.add(
            events.Log(
                t=histories.ns(t),
                actor='campaign',
                host='ctl1',
                file='/var/log/nova/nova-compute.log',
                line=line.format(request=request or 'req-none'),
                level='ERROR',
                request_id=request,
            )
        )
        return built

    def test_none(self):
        found = self.built().verdict()
        self.assertEqual('pass', found.verdict, found.reason)
        self.assertEqual((), found.logs)

    def test_a_kind_is_one_finding(self):
        built = self.built()
        for t in (10.0, 20.0):
            self.log(t)
        self.log(30.0, LINE + ' again')
        found = built.verdict()
        self.assertEqual('fail', found.verdict)
        self.assertEqual([2, 1], [one.count for one in found.logs])
        self.assertEqual(
            ['logs', 'logs'], [one.checker for one in found.findings]
        )
        self.assertIn('2 x /var/log/nova', text.render(found))

    def test_listed_only(self):
        slo = plan_model.Slo()
        built = self.built(msgspec.structs.replace(STRICT, slo=slo))
        self.log(10.0)
        found = built.verdict()
        self.assertEqual('pass', found.verdict)
        self.assertEqual(1, found.logs[0].count)

    def test_tied_to_an_operation(self):
        built = self.built()
        self.log(10.0, request='req-1')
        (lines,) = built.verdict().logs
        self.assertEqual(('server.create',), lines.actions)

    def test_during_a_fault(self):
        built = histories.whole()
        built.plan = msgspec.structs.replace(built.plan, slo=STRICT.slo)
        for t, request in ((70.0, ''), (70.0, 'req-1'), (3.0, '')):
            built.add(
                events.Log(
                    t=histories.ns(t),
                    actor='campaign',
                    host='ctl1',
                    file='/var/log/nova/nova-compute.log',
                    line=f'{t} ERROR x {request}',
                    level='ERROR',
                    request_id=request,
                )
            )
        found = built.verdict()
        self.assertIn('2 x, 1 during faults', text.render(found))
        # After the fault only the one of a request that came before it
        # counts, and before the fault any.
        self.assertEqual(
            3 - 1, sum(one.count - one.excused for one in found.logs)
        )

    def test_lines_during_faults_are_only_counted(self):
        built = histories.whole()
        built.add(
            events.Log(
                t=histories.ns(70.0),
                actor='campaign',
                host='ctl1',
                file='/var/log/nova/nova-compute.log',
                line='ERROR x connection refused',
                level='ERROR',
            )
        )
        said = text.render(built.verdict())
        self.assertIn('1 kind of lines during faults', said)
        self.assertNotIn('connection refused', said)
