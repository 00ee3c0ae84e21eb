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
"""What passes for the planted outage, and what does not."""

import testtools

from extreme_tempest_plugin.tests.unit.uptime import test_outages
from extreme_tempest_plugin.uptime import self_test

MS = 1_000_000
PLANTED = self_test.Planted((1000 * MS, 1001 * MS), (1500 * MS, 1501 * MS))


def found(*down):
    """Outages of samples each 100 ms that fail in these windows, ms."""
    return test_outages.of(
        *(
            test_outages.sample(
                t, error='http-5xx' if any(a <= t < b for a, b in down) else ''
            )
            for t in range(0, 3000, 100)
        )
    ).outages


def judged(*down, interval=0.1):
    return self_test.judge(PLANTED, found(*down), interval, interval)


class TestJudge(testtools.TestCase):
    def test_found(self):
        self.assertEqual('', judged((1000, 1501)))
        self.assertEqual('', judged((1100, 1501)))

    def test_none(self):
        self.assertIn('0 outages', judged())

    def test_a_second_one(self):
        self.assertIn('2 outages', judged((1000, 1501), (2000, 2200)))

    def test_too_long(self):
        self.assertIn('end', judged((1000, 2200)))

    def test_elsewhere(self):
        self.assertIn('start', judged((200, 1501)))

    def test_nobody_looked(self):
        (one,) = test_outages.of(
            test_outages.sample(0),
            test_outages.sample(1000, error='http-5xx'),
            test_outages.sample(2900),
        ).outages
        self.assertIn(' only', self_test.judge(PLANTED, [one], 0.1, 0.1))
