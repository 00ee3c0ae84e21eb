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
"""SIGKILL to real processes through a real sshd.

What systemd would do is made up, as in test_freeze.
"""

import subprocess

import testtools

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import kill
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import test_freeze
from extreme_tempest_plugin.tests.functional.logs import sshd

KILL = catalogue.Verb.KILL
#: A systemctl that knows one call. It kills until nobody is left, as systemd
#: does for all: a process may be born meanwhile.
_SYSTEMCTL = """
property() {{
  case $1 in
    KillMode) echo {mode};;
    Id) echo extreme.service;;
  esac
}}
main() {{ echo "$unit"; }}
slain() {{
  for round in 1 2 3 4 5 6 7 8 9 10; do
    left=$(states "$("$1")")
    [ -n "$left" ] || return 0
    kill -KILL $("$1") 2>/dev/null
    sleep 0.1
  done
  fail "systemctl: still there: $left"
}}
systemctl() {{
  case $* in
    "kill --kill-who=all --signal=KILL -- $unit") slain pids;;
    "kill --kill-who=main --signal=KILL -- $unit") slain main;;
    *) fail "systemctl: $*";;
  esac
}}
"""


class TestKill(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        self.service = self.useFixture(test_freeze.Service())
        self.target = configuration.Target(
            name='server',
            unit=str(self.service.pid),
            # Of os-faults' pattern nothing is killed.
            grep='sshd',
            hosts=(self.useFixture(sshd.Sshd()).host,),
        )

    def _kill(self, mode: str, more: str = '') -> None:
        find = test_freeze.find() + _SYSTEMCTL.format(mode=mode) + more
        kill.Killer(20.0, find).call(KILL, self.target)

    def test_all_of_the_unit_and_nothing_else(self) -> None:
        # Names the unit, as an editor may.
        other = subprocess.Popen(['sleep', '60', f'0.{self.service.pid}'])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.assertGreaterEqual(len(self.service.states()), 3)
        self._kill('control-group')
        self.assertEqual([], self.service.states())
        self.assertIsNone(other.poll())

    def test_what_is_meant_to_outlive_it(self) -> None:
        before = len(self.service.states())
        self._kill('process')
        # A child that was being made may be counted or not.
        self.assertTrue(before - 2 <= len(self.service.states()) <= before)
        self.assertFalse(self.service.answers(patience=1))

    def test_what_must_not_be_killed(self) -> None:
        for more, said in (
            ('pids() { echo "$unit"; echo $$; }\n', 'our own session'),
            ('pids() { :; }\n', 'has no process'),
        ):
            error = self.assertRaises(
                remote.RemoteError, self._kill, 'mixed', more
            )
            self.assertIn(said, str(error))
        self.assertTrue(self.service.answers())
