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
"""The plan that the command means."""

import argparse

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import fault
from extreme_tempest_plugin.faults import plans


def plan(*words):
    command = fault.Fault(None, argparse.Namespace())
    return fault._plan(command.get_parser('fault').parse_args(words))


class TestPlan(testtools.TestCase):
    def test_one_fault_and_every_api(self):
        made = plan('service.restart', 'rabbitmq')
        (one,) = made.faults
        self.assertEqual(
            ('service.restart', 'rabbitmq', '', 0.0, 120.0),
            (one.fault, one.target, one.host, one.hold, one.recovery),
        )
        self.assertIsNone(made.storm)
        self.assertIsNone(made.uptime.services)
        self.assertEqual({'default': 120.0}, made.slo.longest_outage)
        self.assertEqual(
            (1, False, False),
            (made.most_hosts, made.beyond_quorum, made.overlap),
        )
        plans.check(made.faults, made.bounds)

    def test_options(self):
        made = plan(
            *('service.terminate', 'mysql', '--host', 'ctl1'),
            *('--hold', '300', '--recovery', '400', '--most-hosts', '3'),
            *('--longest-outage', '0', '--beyond-quorum'),
        )
        (one,) = made.faults
        self.assertEqual(
            ('ctl1', 300.0, 400.0), (one.host, one.hold, one.recovery)
        )
        # It is watched before and after it.
        self.assertGreater(one.at, 0)
        self.assertGreater(made.duration, one.at + one.hold)
        self.assertEqual({'default': 0.0}, made.slo.longest_outage)
        self.assertEqual((3, True), (made.most_hosts, made.beyond_quorum))

    def test_what_cannot_be(self):
        for words in (
            ('--hold', '-1'),
            ('--recovery', '0'),
            ('--most-hosts', '0'),
            ('--hold', 'nan'),
        ):
            self.assertRaises(errors.UsageError, plan, 'a', 'b', *words)
