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
"""Outages and what the operator did meanwhile."""

import testtools

from extreme_tempest_plugin.checkers import marks
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.reports import text as report
from extreme_tempest_plugin.tests.unit.checkers import histories


def verdict(*marked, down=((30.0, 40.0),)):
    built = histories.watched(down=down)
    for t, said in marked:
        built.note(t, events.Topic.MARK, 'cloud', said, 'operator')
    return built.verdict()


class TestMarks(testtools.TestCase):
    def test_the_mark_that_covers_an_outage(self):
        said = verdict((5.0, 'upgrading keystone'), (25.0, 'upgrading nova'))
        (outage,) = said.uptime['nova'].outages
        self.assertEqual(('upgrading nova',), outage.marks)
        (finding,) = said.findings
        self.assertIn('the operator was "upgrading nova"', finding.what)
        # It explains, and excuses nothing.
        self.assertEqual('fail', said.verdict)
        self.assertIn('"upgrading nova"', report.render(said))

    def test_two_within_it(self):
        said = verdict((5.0, 'a'), (35.0, 'b'), (50.0, 'c'))
        (outage,) = said.uptime['nova'].outages
        self.assertEqual(('a', 'b'), outage.marks)

    def test_none(self):
        for marked in ((), ((50.0, 'c'),), ((5.0, 'a'), (20.0, ''))):
            said = verdict(*marked)
            (outage,) = said.uptime['nova'].outages
            self.assertEqual((), outage.marks)
            self.assertNotIn('operator', said.findings[0].what)

    def test_nothing_marked(self):
        self.assertEqual((), marks.Marks().of(0, 10**12))


class TestNumbers(testtools.TestCase):
    def test_mttr_and_longest(self):
        seen = verdict(down=((20.0, 22.0), (40.0, 46.0))).uptime['nova']
        self.assertEqual(6.01, seen.longest_outage)
        self.assertEqual(4.01, seen.mttr)

    def test_no_outage_no_mttr(self):
        seen = verdict(down=()).uptime['nova']
        self.assertIsNone(seen.mttr)
        self.assertEqual(0.0, seen.longest_outage)

    def test_latency_corrected_and_not(self):
        built = histories.watched()
        for t, due, error in ((95.0, 94.0, ''), (96.0, 91.0, 'timeout')):
            built.add(
                events.Sample(
                    t=histories.ns(t),
                    actor='uptime/nova',
                    service='nova',
                    probe='list',
                    intended=histories.ns(due),
                    sent=histories.ns(due + 0.9),
                    done=histories.ns(t),
                    error=error,
                )
            )
        seen = built.verdict().uptime['nova']
        self.assertEqual(183, seen.latency.count)
        self.assertEqual(5.0, seen.latency.max_s)
        self.assertEqual(1.0, seen.latency.p99_s)
        self.assertEqual(0.01, seen.latency.p50_s)
        self.assertEqual(182, seen.latency_uncorrected.count)
        self.assertEqual(0.1, seen.latency_uncorrected.max_s)
