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
from unittest import mock

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import clock
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import remote

STEPPED = catalogue.Proof.STEPPED
TARGET = configuration.Target(
    name='ctl1-clock',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    part=clocks.Clock(step_s=300),
)
BACK = msgspec.structs.replace(TARGET, part=clocks.Clock(step_s=-20))
LEFT = 'Left=yes\nTimer=yes\n'
#: Our clock, before the host is asked.
BEGAN = 1_800_000_000.0


def state(
    ahead: float,
    more: str = '',
    took: float = 1.0,
    target: configuration.Target = TARGET,
) -> clock.ClockState:
    """A host so many seconds ahead of us.

    :param took: seconds to the host and back.
    """
    there = round((BEGAN + ahead + took / 2) * 1000)
    text = f'First={there}\nLast={there}\n{more}'
    return clock.parse(text, target, BEGAN, BEGAN + took)


WHOLE = state(0)


class TestClockState(testtools.TestCase):
    def test_whole(self) -> None:
        self.assertTrue(evidence.whole([WHOLE]))
        self.assertFalse(WHOLE.shows(STEPPED, WHOLE))
        self.assertEqual('', WHOLE.forbidden)
        self.assertEqual(
            '10.0.0.1: its clock is 0.0 s ahead of ours, ± 0.5 s', str(WHOLE)
        )

    def test_stepped(self) -> None:
        for target, step in ((TARGET, 300), (BACK, -20)):
            before = state(0, target=target)
            for off in (-1, 0, 1):
                after = state(step + off, LEFT, target=target)
                self.assertTrue(after.shows(STEPPED, before))
                self.assertFalse(after.whole)
        self.assertIn('its clock is 19.0 s behind ours', str(after))
        self.assertIn('the timer is armed', str(after))

    def test_another_step_is_no_proof(self) -> None:
        for ahead in (0, 150, 297, 303, -300):
            self.assertFalse(state(ahead, LEFT).shows(STEPPED, WHOLE), ahead)

    def test_what_was_ahead_before_is_no_proof(self) -> None:
        self.assertFalse(state(300, LEFT).shows(STEPPED, state(300)))

    def test_without_what_heals_it_is_no_proof(self) -> None:
        self.assertFalse(state(300).shows(STEPPED, WHOLE))

    def test_whatever_is_left_is_not_whole(self) -> None:
        for more in ('Left=yes\n', 'Timer=yes\n'):
            self.assertFalse(state(0, more).whole, more)
        for ahead in (-2, 2, 300):
            self.assertFalse(state(ahead).whole, ahead)
        self.assertTrue(state(1.4).whole)

    def test_answer_that_comes_too_late(self) -> None:
        # Else 20 s behind and right would be the same.
        self.assertTrue(state(0, took=5, target=BACK).whole)
        error = self.assertRaises(
            ssh.UnreachableError, state, 0, took=5.1, target=BACK
        )
        self.assertIn('too late to tell', str(error))

    def test_shared_clock(self) -> None:
        seen = state(0, 'Shared=it is a container (lxc)\n')
        self.assertTrue(seen.whole)
        self.assertIn(
            'no clock of its own: it is a container (lxc)', seen.forbidden
        )

    def test_who_sets_it(self) -> None:
        seen = state(0, 'Ntp=chrony.service ntp.service \n')
        self.assertIn('chrony.service, ntp.service sets it', str(seen))

    def test_no_answer(self) -> None:
        for text in ('', 'First=1\n', 'First=\nLast=1\n'):
            self.assertRaises(
                ssh.UnreachableError, clock.parse, text, TARGET, 1.0, 2.0
            )


class TestStepper(testtools.TestCase):
    def _called(self, verb: catalogue.Verb, seconds: float) -> tuple[str, ...]:
        with mock.patch.object(remote, 'run', return_value='') as run:
            clock.Stepper(60).call(verb, BACK, seconds)
        return tuple(run.call_args.args[2:])

    def test_what_the_host_is_told(self) -> None:
        tag, kernel, *told = self._called(catalogue.Verb.STEP, 30.2)
        self.assertEqual(dead_man.tag(BACK), tag)
        self.assertRegex(kernel, r'\A[0-9a-f-]{36}\Z')
        self.assertEqual(['31', '-20'], told)
        again = self._called(catalogue.Verb.HEAL, 0)
        self.assertEqual((tag, kernel), again)

    def test_no_timer_no_step(self) -> None:
        self.assertRaises(
            remote.RemoteError, self._called, catalogue.Verb.STEP, 0.0
        )

    def test_how_it_reads(self) -> None:
        self.assertEqual('the clock of 10.0.0.1 by -20 s', str(BACK))
        self.assertEqual('the clock of 10.0.0.1 by +300 s', str(TARGET))
