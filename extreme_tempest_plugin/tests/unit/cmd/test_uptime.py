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
"""Options of the command, and what ends it."""

import argparse
import os
import pathlib
import signal

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import uptime
from extreme_tempest_plugin.plan import values


def plan(*words):
    command = uptime.Uptime(None, argparse.Namespace())
    return uptime._plan(command.get_parser('uptime').parse_args(words))


class TestPlan(testtools.TestCase):
    def test_as_the_old_call_had_it(self):
        made = plan('-v', '-s', 'nova, neutron', '-t', '30', '-o', 'out')
        self.assertEqual(('nova', 'neutron'), made.uptime.services)
        self.assertEqual(30.0, made.duration)
        self.assertEqual(60.0, plan().duration)
        self.assertIsNone(plan().uptime.services)

    def test_daemon(self):
        self.assertEqual(values.MOST_SECONDS, plan('-d').duration)

    def test_samples(self):
        made = plan('-n', '40', '--interval', '0.1')
        self.assertEqual(40, made.uptime.samples)
        self.assertGreater(made.duration, 4.0)

    def test_boots(self):
        made = plan(
            *('-n', '3', '-s', 'nova,nova/boot'),
            *('--boot-interval', '20', '--boot-timeout', '40'),
        )
        self.assertEqual(20.0, made.uptime.interval_of('nova/boot'))
        self.assertEqual(40.0, made.uptime.timeout_of('nova/boot'))
        self.assertEqual(0.5, made.uptime.interval_of('nova'))
        # As long as the slowest may take.
        self.assertGreaterEqual(made.duration, 3 * 20 + 40)

    def test_slo(self):
        slo = plan('--longest-outage', '5', '--least-uptime', '99.9').slo
        self.assertEqual(5.0, slo.allowed_outage('nova'))
        self.assertEqual(99.9, slo.wanted_uptime('nova'))
        self.assertEqual(0.0, plan().slo.allowed_outage('nova'))
        self.assertIsNone(plan().slo.wanted_uptime('nova'))

    def test_values_that_cannot_be(self):
        for words in (
            ('--interval', '0.001'),
            ('--timeout', '0'),
            ('--boot-interval', '0.5'),
            ('--boot-timeout', '1'),
            ('-n', '0'),
            ('-t', '-1'),
            ('-s', ','),
            ('--least-uptime', '101'),
            ('--longest-outage', '-1'),
        ):
            self.assertRaises(errors.UsageError, plan, *words)


class TestEnding(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.here = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.sentinel = self.here / 'stop'

    def refused(self, sentinel):
        return str(
            self.assertRaises(errors.UsageError, uptime.Ending, sentinel)
        )

    def test_sentinel(self):
        ending = uptime.Ending(self.sentinel)
        self.assertEqual('', ending())
        self.sentinel.touch()
        self.assertIn('appeared', ending())

    def test_a_sentinel_that_is_there_is_an_error(self):
        self.sentinel.touch()
        self.assertIn('is there already', self.refused(self.sentinel))
        # Nobody's file is removed, unlike in the old tool.
        self.assertTrue(self.sentinel.exists())

    def test_a_sentinel_that_could_never_appear(self):
        self.assertIn('there is no', self.refused(self.here / 'no' / 'stop'))
        if os.geteuid():
            self.here.chmod(0o500)
            self.assertIn('not writable', self.refused(self.sentinel))

    def test_an_output_that_is_a_directory(self):
        self.assertRaises(errors.UsageError, uptime.writable, self.here)

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        for number in (signal.SIGTERM, signal.SIGINT):
            ending = uptime.Ending(None)
            ending.heed_signals()
            signal.raise_signal(number)
            self.assertEqual(f'{number.name} came', ending())
            self.assertRaises(KeyboardInterrupt, signal.raise_signal, number)


class TestOptions(testtools.TestCase):
    def test_a_time_or_a_number_or_a_daemon(self):
        command = uptime.Uptime(None, argparse.Namespace())
        parser = command.get_parser('uptime')
        self.assertIsInstance(parser, argparse.ArgumentParser)
        err = self.useFixture(fixtures.StringStream('stderr')).stream
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', err))
        for words in (('-d', '-t', '3'), ('-d', '-n', '3')):
            self.assertRaises(SystemExit, parser.parse_args, words)
