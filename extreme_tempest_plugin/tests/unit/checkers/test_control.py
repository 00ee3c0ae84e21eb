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
"""Outages that the tester's own network shares are nobody's."""

import msgspec
import testtools

from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.checkers import histories


def verdict(down, control, allowed=0.0, uptime=None, watched=True):
    plan = msgspec.structs.replace(
        histories.WATCH,
        uptime=msgspec.structs.replace(
            histories.WATCH.uptime, control='tcp:10.0.0.1:22'
        ),
        slo=model.Slo(
            longest_outage={'default': allowed}, uptime=uptime or {}
        ),
    )
    built = histories.watched(plan, down)
    if watched:
        built.watch('control', down=control)
    return built.verdict()


class TestControl(testtools.TestCase):
    def test_both_are_there(self):
        said = verdict((), ())
        self.assertEqual('pass', said.verdict, said.reason)
        self.assertEqual(['nova'], list(said.uptime))
        self.assertEqual(1, len(said.slo))

    def test_the_service_alone_is_away(self):
        said = verdict([(30.0, 40.0)], [(60.0, 65.0)])
        self.assertEqual('fail', said.verdict)

    def test_both_are_away(self):
        said = verdict([(30.0, 40.0)], [(30.0, 40.0)])
        self.assertEqual('unknown', said.verdict)
        self.assertEqual((), said.findings)
        self.assertIn("tester's own network", said.reason)
        (outage,) = said.uptime['nova'].outages
        self.assertGreater(outage.shared_s, 9.0)

    def test_longer_than_the_control(self):
        said = verdict([(30.0, 50.0)], [(30.0, 35.0)], allowed=5.0)
        self.assertEqual('fail', said.verdict)
        self.assertEqual(
            'unknown',
            verdict([(30.0, 38.0)], [(30.0, 35.0)], allowed=5.0).verdict,
        )

    def test_uptime_by_time(self):
        both = [(30.0, 40.0)]
        said = verdict(both, both, 60.0, {'default': 95.0})
        self.assertEqual('unknown', said.verdict, said.reason)
        said = verdict(both, (), 60.0, {'default': 95.0})
        self.assertEqual('fail', said.verdict)

    def test_a_control_that_tells_nothing(self):
        said = verdict((), [(0.0, 99.0)])
        self.assertEqual('unknown', said.verdict)
        self.assertIn('was never there', said.reason)
        self.assertEqual('unknown', verdict((), (), watched=False).verdict)
