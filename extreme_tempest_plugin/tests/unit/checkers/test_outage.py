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
"""Outages that are longer than allowed, and those that are not."""

import msgspec
import testtools

from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories


def allowing(seconds, plan=histories.WATCH):
    slo = model.Slo(longest_outage={'nova': seconds})
    return msgspec.structs.replace(plan, slo=slo)


def watched(allowed, down=(), plan=histories.WATCH):
    return histories.watched(allowing(allowed, plan), down).verdict()


class TestOutage(testtools.TestCase):
    def test_up_all_the_time(self):
        verdict = watched(0.0)
        self.assertEqual('pass', verdict.verdict, verdict.reason)
        nova = verdict.uptime['nova']
        self.assertEqual(100.0, nova.uptime_pct)
        self.assertEqual((), nova.outages)

    def test_one_failed_sample_breaks_an_slo_of_0(self):
        verdict = watched(0.0, [(30.0, 30.4)])
        self.assertEqual('fail', verdict.verdict)
        (finding,) = verdict.findings
        self.assertEqual(1, len(finding.events))
        self.assertIn('no fault was active', finding.what)

    def test_certainly_longer(self):
        verdict = watched(5.0, [(30.0, 40.0)])
        self.assertEqual('fail', verdict.verdict)
        self.assertEqual(10, len(verdict.findings[0].events))

    def test_the_evidence_has_the_first_and_the_last_failed_sample(self):
        built = histories.watched(allowing(0.0), [(30.0, 40.0)])
        (finding,) = built.verdict().findings
        failed = [
            event.n for event in built.events() if getattr(event, 'error', '')
        ]
        self.assertEqual(20, len(failed))
        self.assertEqual((*failed[:9], failed[-1]), finding.events)

    def test_what_was_measured(self):
        for down, expected in (((), 'none'), ([(30.0, 32.0)], '2.01 s')):
            (row,) = watched(5.0, down).slo
            self.assertEqual(expected, row.measured)
        built = histories.Builder(histories.WATCH)
        built.process('campaign')
        (row,) = built.verdict().slo
        self.assertEqual(('not watched', None), (row.measured, row.ok))

    def test_perhaps_longer_is_unknown(self):
        # From 30.0 (good at 29.5) to 35.0 (failed at 34.5): 4.5 to 5.5 s.
        verdict = watched(5.0, [(30.0, 35.0)])
        self.assertEqual('unknown', verdict.verdict)
        self.assertEqual((), verdict.findings)

    def test_certainly_shorter(self):
        self.assertEqual('pass', watched(5.0, [(30.0, 34.0)]).verdict)

    def test_each_outage_counts_alone(self):
        verdict = watched(5.0, [(t, t + 3.0) for t in (20.0, 30.0, 40.0)])
        self.assertEqual('pass', verdict.verdict)
        self.assertEqual(3, len(verdict.uptime['nova'].outages))

    def test_not_over_at_the_end(self):
        self.assertEqual('unknown', watched(5.0, [(91.0, 99.0)]).verdict)
        self.assertEqual('fail', watched(5.0, [(80.0, 99.0)]).verdict)

    def test_the_fault_is_named_and_does_not_excuse(self):
        plan = msgspec.structs.replace(
            histories.WATCH, faults=histories.PLAN.faults
        )
        built = histories.watched(allowing(5.0, plan), [(21.0, 31.0)])
        built.fault()
        verdict = built.verdict()
        self.assertEqual('fail', verdict.verdict)
        self.assertIn('while fault-1 (', verdict.findings[0].what)
        (outage,) = verdict.uptime['nova'].outages
        self.assertEqual(('fault-1',), outage.faults)


class TestBoots(testtools.TestCase):
    """Their samples are far apart."""

    def verdict(self, down=(), allowed=61.0, start=2.0):
        built = histories.Builder(
            msgspec.structs.replace(
                histories.WATCH,
                duration=300.0,
                uptime=model.Uptime(services=('nova/boot',), interval=0.5),
                slo=model.Slo(longest_outage={'nova/boot': allowed}),
            )
        )
        built.process('campaign', 0.0, 310.0)
        built.watch('nova/boot', start, 302.0, down, every=30.0)
        return built.verdict()

    def test_the_time_between_two_boots_is_known(self):
        verdict = self.verdict()
        self.assertEqual('pass', verdict.verdict, verdict.reason)

    def test_down(self):
        verdict = self.verdict([(90.0, 240.0)])
        self.assertEqual('fail', verdict.verdict)
        (outage,) = verdict.uptime['nova/boot'].outages
        self.assertEqual(5, outage.failed)
        self.assertEqual('pass', self.verdict([(90.0, 120.0)]).verdict)

    def test_not_watched_for_long_enough(self):
        self.assertEqual('pass', self.verdict(start=55.0).verdict)
        verdict = self.verdict(start=95.0)
        self.assertEqual('unknown', verdict.verdict)
        self.assertIn('was watched for 210 s of 300 s', verdict.reason)


class TestWatch(testtools.TestCase):
    def test_a_service_that_nobody_watched(self):
        built = histories.Builder(histories.WATCH)
        built.process('campaign')
        verdict = built.verdict()
        self.assertEqual('unknown', verdict.verdict)
        self.assertIsNone(verdict.uptime['nova'].uptime_pct)

    def test_nobody_looked_for_longer_than_allowed(self):
        for allowed, expected in ((5.0, 'unknown'), (15.0, 'pass')):
            built = histories.watched(allowing(allowed))
            verdict = built.verdict()
            events = [
                event
                for event in built.events()
                if not (
                    hasattr(event, 'sent')
                    and histories.ns(30) < event.sent < histories.ns(40)
                )
            ]
            events = [
                msgspec.structs.replace(event, n=number)
                for number, event in enumerate(events, start=1)
            ]
            built._events = events
            verdict = built.verdict()
            self.assertEqual(expected, verdict.verdict, verdict.reason)

    def test_watched_too_short(self):
        built = histories.Builder(allowing(0.0))
        built.process('campaign')
        built.watch(start=2.0, end=40.0)
        self.assertEqual('unknown', built.verdict().verdict)

    def test_many_missed_samples(self):
        for missed, expected in ((3, 'pass'), (20, 'unknown')):
            built = histories.watched(allowing(1.0))
            for number in range(missed):
                built.missed(10.0 + number)
            verdict = built.verdict()
            self.assertEqual(expected, verdict.verdict, verdict.reason)

    def test_an_outage_with_unseen_time_in_it(self):
        # 11 s away with 5 s unseen: at most 3.5 s of it are certain.
        built = histories.Builder(allowing(5.0))
        built.process('campaign')
        built.watch(start=2.0, end=30.0, down=((27.0, 31.0),))
        for number in range(100):
            t = 35.0 + number / 2
            built.sample(t, failed=t < 38.0)
        verdict = built.verdict()
        self.assertEqual('unknown', verdict.verdict)

    def test_uptime_is_never_rounded_up(self):
        built = histories.Builder(allowing(1.0))
        built.process('campaign')
        built.watch(every=0.004, down=((30.0, 30.001),))
        nova = built.verdict().uptime['nova']
        self.assertEqual(1, nova.failed_requests)
        self.assertLess(nova.uptime_pct, 100.0)

    def test_the_keys_of_the_old_tool(self):
        nova = msgspec.to_builtins(watched(0.0))['uptime']['nova']
        self.assertEqual(
            [
                'uptime_pct',
                'total_requests',
                'successful_requests',
                'failed_requests',
                'start_time',
                'end_time',
            ],
            list(nova)[:6],
        )
        self.assertEqual('2026-11-20T18:00:02.000+00:00', nova['start_time'])
