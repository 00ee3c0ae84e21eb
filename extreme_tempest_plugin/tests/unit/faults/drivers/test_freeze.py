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
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.tests.unit.faults import fakes

FROZEN = catalogue.Proof.FROZEN
UNIT = """\
LoadState=loaded
ActiveState=active
SubState=running
MainPID=11
InvocationID=a
NRestarts=0
ActiveEnterTimestampMonotonic=1000
"""


def state(
    states: str = 'SS', answers: str = 'yes', more: str = ''
) -> freeze.FrozenState:
    text = UNIT + more
    for pid, one in enumerate(states, start=11):
        text += f'Process={pid} {one}\n'
    text += f'Port=open\nAnswer={answers}\n'
    return freeze.parse(text, '10.0.0.1', fakes.TARGET)


class TestFrozenState(testtools.TestCase):
    def test_running(self) -> None:
        seen = state('SRD')
        self.assertTrue(evidence.whole([seen]))
        self.assertFalse(seen.shows(FROZEN, seen))
        self.assertIn('0 of 3 processes', str(seen))
        self.assertEqual('', evidence.forbidden([seen]))
        self.assertEqual('a', seen.start)

    def test_frozen(self) -> None:
        frozen = state('TT', answers='no')
        self.assertTrue(frozen.shows(FROZEN, state()))
        self.assertFalse(frozen.whole)
        self.assertIn('2 of 2 processes in T', str(frozen))
        self.assertIn('accepts and is silent', str(frozen))

    def test_one_that_runs_is_no_proof_and_one_stopped_is_not_whole(
        self,
    ) -> None:
        half = state('TS', answers='no')
        self.assertFalse(half.shows(FROZEN, state()))
        self.assertFalse(half.whole)

    def test_no_process_is_no_proof(self) -> None:
        self.assertFalse(state('', answers='no').shows(FROZEN, state()))

    def test_port_that_answers_is_no_proof(self) -> None:
        self.assertFalse(state('TT').shows(FROZEN, state()))

    def test_port_that_was_silent_before_has_no_say(self) -> None:
        silent = state(answers='no')
        self.assertTrue(silent.whole)
        self.assertTrue(state('TT', answers='no').shows(FROZEN, silent))

    def test_our_own_session(self) -> None:
        ours = state(more='Ours=yes\n')
        self.assertIn('own session', evidence.forbidden([state(), ours]))

    def test_no_such_unit(self) -> None:
        self.assertRaises(
            errors.UsageError,
            freeze.parse,
            'LoadState=not-found\n',
            '10.0.0.1',
            fakes.TARGET,
        )

    def test_no_answer(self) -> None:
        self.assertRaises(
            ssh.UnreachableError, freeze.parse, '', 'h', fakes.TARGET
        )
