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
"""Faults that were proven and healed in time, and others."""

import testtools

from extreme_tempest_plugin.tests.unit.checkers import histories


def faulty(**phases):
    built = histories.storm(histories.PLAN)
    built.watch()
    if phases:
        built.fault(**phases)
    return built


class TestRecovery(testtools.TestCase):
    def test_in_time(self):
        verdict = faulty(whole=19.9).verdict()
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        self.assertEqual(19.9, verdict.faults[0].recovery_s)

    def test_when_it_worked_again(self):
        built = faulty(evidenced=1.0, whole=5.0)
        # Before the fault was proven, refused, in error, and then well.
        built.create(20.5, 'early', after=0.1)
        built.call(22.0, 'server.create', outcome='info')
        built.create(23.0, 'broken', 'ERROR', False)
        built.create(24.0, 'slow', after=8.0)
        built.create(26.0, 'quick', after=2.0)
        (fault,) = built.verdict().faults
        self.assertEqual({'nova': 8.1}, fault.worked_s)

    def test_it_never_worked_again(self):
        (fault,) = faulty(start=80.0).verdict().faults
        self.assertEqual({'nova': None}, fault.worked_s)

    def test_not_proven_says_nothing_of_work(self):
        (fault,) = faulty(evidenced=None).verdict().faults
        self.assertEqual({}, fault.worked_s)

    def test_too_late(self):
        verdict = faulty(whole=21.0).verdict()
        self.assertEqual('fail', verdict.verdict)
        self.assertIn('took 21.0 s', verdict.findings[0].what)

    def test_never(self):
        verdict = faulty(whole=None).verdict()
        self.assertEqual('fail', verdict.verdict)
        (finding,) = verdict.findings
        self.assertEqual('fault-1', finding.about)
        self.assertIn('not proven healed', finding.what)
        self.assertIn('proof of healed', finding.what)

    def test_the_history_ended_before_its_deadline(self):
        verdict = faulty(start=85.0, whole=None).verdict()
        self.assertEqual('unknown', verdict.verdict)

    def test_not_proven_to_have_happened(self):
        self.assertEqual('unknown', faulty(evidenced=None).verdict().verdict)

    def test_not_injected(self):
        verdict = faulty(
            injected=None, evidenced=None, healed=None, whole=None
        ).verdict()
        self.assertEqual('unknown', verdict.verdict)

    def test_not_begun(self):
        verdict = faulty().verdict()
        self.assertEqual('unknown', verdict.verdict)
        self.assertIn('never began', verdict.reason)

    def test_another_fault_than_planned(self):
        verdict = faulty(target='mysql').verdict()
        self.assertEqual('unknown', verdict.verdict)

    def test_healed_before_it_was_injected(self):
        self.assertEqual('unknown', faulty(whole=-1.0).verdict().verdict)
