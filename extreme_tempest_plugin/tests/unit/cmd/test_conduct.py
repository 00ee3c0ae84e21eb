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
"""A campaign from a command: how it begins and how it ends."""

import signal
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import conduct


class TestConduct(testtools.TestCase):
    def test_a_session_that_is_lost_heals(self):
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{conduct.__name__}.perform',
                lambda *given: signal.raise_signal(signal.SIGHUP),
            )
        )
        self.assertRaises(
            KeyboardInterrupt, conduct.conduct, mock.Mock(), None
        )


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
