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
"""What the command makes of a plan."""

import argparse

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import storm
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import ready


def asked(*words):
    command = storm.Storm(None, argparse.Namespace())
    args = command.get_parser('storm').parse_args(words)
    return storm._asked(args, storm._plan_file(args.what))


class TestAsked(testtools.TestCase):
    def test_a_plan_breaks_nothing_and_watches_nothing(self):
        broken = []
        for name in ready.every():
            plan = loader.load(ready.find(name))
            if plan.faults or plan.chaos:
                broken.append(name)
            made = asked(name)
            self.assertEqual(plan.storm, made.storm)
            self.assertEqual(
                (None, (), None), (made.uptime, made.faults, made.chaos)
            )
        self.assertIn('chaos', broken)
        self.assertIn('ha', broken)

    def test_options(self):
        made = asked(
            *('chaos', '--users', '2', '--duration', '7', '--seed', '9'),
            '--stop-on-finding',
        )
        self.assertEqual(
            (2, True, 7.0, 9),
            (
                made.storm.users,
                made.storm.stop_on_finding,
                made.duration,
                made.seed,
            ),
        )

    def test_actions(self):
        made = asked('server.create=3', 'server.delete')
        self.assertEqual(
            {'server.create': 3.0, 'server.delete': 1.0}, made.storm.actions
        )
        self.assertEqual(60.0, made.duration)
        error = self.assertRaises(errors.UsageError, asked, 'a.b=1', 'a.b=2')
        self.assertIn('a.b', str(error))
