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
"""What ends a campaign from outside."""

import signal
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import conduct

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def unheeded(number, frame):
    raise AssertionError(f'{number} is not heeded')


class TestSignals(testtools.TestCase):
    def setUp(self):
        super().setUp()
        for number in ENDS:
            # A job in the background is started with SIGINT ignored.
            before = signal.signal(number, unheeded)
            self.addCleanup(signal.signal, number, before)

    def conduct(self, perform):
        """Run a campaign that does nothing but that."""
        for name, new in (
            ('perform', lambda *given: perform()),
            ('say', lambda args, result: result),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'{conduct.__name__}.{name}', new)
            )
        return conduct.conduct(None, None)

    def test_each_heals(self):
        for number in ENDS:
            self.assertRaises(
                KeyboardInterrupt,
                self.conduct,
                lambda number=number: signal.raise_signal(number),
            )

    def test_more_of_them_do_not_end_the_heal(self):
        for first in ENDS:

            def perform(first=first):
                healed = 0
                try:
                    signal.raise_signal(first)
                except KeyboardInterrupt:
                    for number in (signal.SIGHUP, signal.SIGTERM) * 2:
                        signal.raise_signal(number)
                        healed += 1
                return healed

            self.assertEqual(4, self.conduct(perform))

    def test_who_presses_it_again_insists(self):
        def perform():
            try:
                signal.raise_signal(signal.SIGHUP)
            except KeyboardInterrupt:
                signal.raise_signal(signal.SIGINT)

        self.assertRaises(KeyboardInterrupt, self.conduct, perform)

    def test_what_is_started_meanwhile_can_be_ended(self):
        """What is ignored stays so in a child, a handler does not."""

        def perform():
            try:
                signal.raise_signal(signal.SIGHUP)
            except KeyboardInterrupt:
                return [signal.getsignal(number) for number in ENDS[1:]]

        self.assertNotIn(signal.SIG_IGN, self.conduct(perform))

    def test_under_nohup(self):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

        def perform():
            signal.raise_signal(signal.SIGHUP)
            return 7

        self.assertEqual(7, self.conduct(perform))


class TestPerform(testtools.TestCase):
    def test_it_heals_before_it_logs_in(self):
        """What a dead run left may be the identity service."""
        done = []
        place = conduct.__name__

        def heal(destructive, faults):
            done.append('heal')
            raise errors.RefusedError('keystone is not healed')

        for name, new in (
            ('base.read_settings', lambda cloud: mock.Mock()),
            ('preparation.prepare', lambda plan, settings: mock.Mock()),
            ('breaking.heal_dead_runs', heal),
            ('access.grant', lambda *given: done.append('log in')),
        ):
            self.useFixture(fixtures.MonkeyPatch(f'{place}.{name}', new))
        self.assertRaises(
            errors.RefusedError, conduct.perform, mock.Mock(), None
        )
        self.assertEqual(['heal'], done)
