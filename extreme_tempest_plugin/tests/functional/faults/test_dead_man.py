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
"""The timer of a host without systemd, in a real shell."""

import os
import subprocess

import testtools

from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.tests.functional.faults import namespaces

_BEGIN = f"""
fail() {{ echo "$*" >&2; exit 3; }}
{dead_man.SHELL}
has_systemd() {{ false; }}
tag=$1
"""


class TestDeadMan(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if os.getuid():
            self.skipTest('/run is for root')
        self.tag = f'extreme_test_{os.getpid()}'
        self.addCleanup(namespaces.disarm, self.tag)

    def _run(self, script: str) -> str:
        """What it says on stderr."""
        return subprocess.run(
            ('sh', '-c', _BEGIN + script, 'sh', self.tag),
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
            encoding='utf-8',
        ).stderr

    def test_timer_that_dies_late(self) -> None:
        late = 'kill() { (sleep 0.5; command kill "$@") & }\n'
        self.assertEqual('', self._run(f'{late} arm 600 :; disarm'))
        self.assertEqual([], namespaces.naming(self.tag))

    def test_timer_that_does_not_die(self) -> None:
        # Looked for as often, and without the time between.
        never = 'kill() { :; }; sleep() { :; }\n'
        said = self._run(f'arm 600 :; {never} disarm')
        self.assertIn(f'{self.tag} cannot be disarmed', said)
        self.assertEqual(1, len(namespaces.naming(self.tag)))
