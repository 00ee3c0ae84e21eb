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
"""``tempest extreme heal``, with a journal on disk."""

import argparse
import contextlib
import dataclasses
import io
import os
import pathlib
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import base
from extreme_tempest_plugin.cmd import heal
from extreme_tempest_plugin.tests.unit import configuration


class TestHeal(testtools.TestCase):
    def _heal(self, state_dir: str) -> str:
        """What is printed; nothing is broken."""
        made = configuration.settings()
        made = dataclasses.replace(
            made,
            destructive=dataclasses.replace(
                made.destructive, state_dir=pathlib.Path(state_dir)
            ),
        )
        out = io.StringIO()
        with (
            mock.patch.object(base, 'read_settings', return_value=made),
            contextlib.redirect_stdout(out),
        ):
            status = heal.Heal(None, None).act(argparse.Namespace())
        self.assertEqual(base.PASS, status)
        return out.getvalue()

    def test_nothing_to_heal_says_where_it_looked(self) -> None:
        home = self.useFixture(fixtures.TempDir()).path
        with mock.patch.dict(os.environ, HOME=home):
            said = self._heal('~/state')
        self.assertEqual(f'nothing to heal in {home}/state/faults\n', said)

    def test_relative_is_refused(self) -> None:
        error = self.assertRaises(errors.UsageError, self._heal, 'state')
        self.assertIn('is relative', str(error))
