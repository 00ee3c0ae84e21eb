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
"""Uptime by time, below, above and astride of what is wanted."""

import msgspec
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories


def verdict(wanted, down=()):
    """Of 90 s that are watched."""
    slo = model.Slo(longest_outage={'default': 60.0}, uptime=wanted)
    plan = msgspec.structs.replace(histories.WATCH, slo=slo)
    return histories.watched(plan, down).verdict()


class TestUptime(testtools.TestCase):
    def test_nothing_wanted_no_row(self):
        names = [row.name for row in verdict({}, [(10.0, 20.0)]).slo]
        self.assertEqual(['longest outage of nova'], names)

    def test_kept(self):
        said = verdict({'default': 85.0}, [(10.0, 20.0)])
        self.assertEqual('pass', said.verdict, said.reason)
        row = said.slo[-1]
        self.assertEqual('uptime of nova', row.name)
        self.assertEqual('at least 85 %', row.wanted)

    def test_missed(self):
        said = verdict({'nova': 95.0, 'default': 1.0}, [(10.0, 20.0)])
        self.assertEqual('fail', said.verdict)
        (finding,) = said.findings
        self.assertIn('away 1 time', finding.what)

    def test_between_is_unknown(self):
        # From 9.5 to 10.5 s of 90: between 88.3 and 89.5 % of it.
        said = verdict({'nova': 89.0}, [(10.0, 20.0)])
        self.assertEqual('unknown', said.verdict, said.reason)
        self.assertIsNone(said.slo[-1].ok)

    def test_all_the_time(self):
        self.assertEqual('pass', verdict({'nova': 100.0}).verdict)
        said = verdict({'nova': 100.0}, [(10.0, 11.0)])
        self.assertEqual('fail', said.verdict)


class TestStopped(testtools.TestCase):
    def built(self, last, stopped):
        built = histories.Builder(histories.WATCH)
        built.process('campaign')
        built.watch(end=last)
        if stopped:
            built.note(
                stopped, events.Topic.STOPPED, 'run', 'the sentinel appeared'
            )
        return built.verdict()

    def test_ended_in_good_order_before_its_time(self):
        said = self.built(12.0, 12.0)
        self.assertEqual('pass', said.verdict, said.reason)

    def test_nobody_ended_it(self):
        self.assertEqual('unknown', self.built(12.0, None).verdict)

    def test_the_monitor_ended_before(self):
        said = self.built(12.0, 20.0)
        self.assertEqual('unknown', said.verdict)
        self.assertIn('for the last 7.99 s', said.reason)


class TestSamples(testtools.TestCase):
    def verdict(self, samples):
        uptime = msgspec.structs.replace(
            histories.WATCH.uptime, samples=samples
        )
        plan = msgspec.structs.replace(histories.WATCH, uptime=uptime)
        built = histories.Builder(plan)
        built.process('campaign')
        built.watch(end=12.0)
        return built.verdict().verdict

    def test_so_many_were_sent(self):
        self.assertEqual('pass', self.verdict(21))

    def test_too_few(self):
        self.assertEqual('unknown', self.verdict(22))
