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

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import delay
from extreme_tempest_plugin.faults.drivers import remote

DELAYED = catalogue.Proof.DELAYED
TARGET = configuration.Target(
    name='ctl1-slow',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    part=links.Delay(
        peers=('10.0.0.2', '10.0.0.3'), delay_ms=200, jitter_ms=50
    ),
)
OURS = 'Ours=eth0\nTimer=yes\n'


def state(
    *milliseconds: float, more: str = '', client: str = '10.0.0.9'
) -> delay.DelayState:
    """How soon the peers answer, in their order."""
    took = ''.join(
        f'Took=10.0.0.{number} {one * 1000:.0f}\n'
        for number, one in enumerate(milliseconds, start=2)
    )
    return delay.parse(f'Client={client}\n{took}{more}', TARGET)


WHOLE = state(1.5, 2)


class TestDelayState(testtools.TestCase):
    def test_whole(self) -> None:
        self.assertTrue(evidence.whole([WHOLE]))
        self.assertFalse(WHOLE.shows(DELAYED, WHOLE))
        self.assertEqual('', WHOLE.forbidden)
        self.assertEqual(
            '10.0.0.1: 10.0.0.2 answers in 1.5 ms; 10.0.0.3 answers in 2.0 ms',
            str(WHOLE),
        )

    def test_delayed(self) -> None:
        late = state(151, 260, more=OURS)
        self.assertTrue(late.shows(DELAYED, WHOLE))
        self.assertFalse(late.whole)
        self.assertIn('our queue is on eth0; the timer is armed', str(late))

    def test_one_that_answers_soon_is_no_proof(self) -> None:
        self.assertFalse(state(160, 149, more=OURS).shows(DELAYED, WHOLE))

    def test_one_that_does_not_answer_is_no_proof(self) -> None:
        late = state(160, more=f'{OURS}Missed=10.0.0.3\n')
        self.assertFalse(late.shows(DELAYED, WHOLE))
        self.assertIn('does not reach 10.0.0.3', str(late))

    def test_what_was_slow_before_is_no_proof(self) -> None:
        late = state(170, 170, more=OURS)
        self.assertFalse(late.shows(DELAYED, state(60, 2)))

    def test_slow_without_our_queue_is_no_proof(self) -> None:
        self.assertFalse(state(200, 200).shows(DELAYED, WHOLE))

    def test_whatever_is_left_is_not_whole(self) -> None:
        for more in ('Ours=eth0\n', 'Timer=yes\n', 'Missed=10.0.0.4\n'):
            self.assertFalse(state(1, 1, more=more).whole, more)
        self.assertFalse(state(1, 150).whole)

    def test_forbidden(self) -> None:
        for seen, why in (
            (state(1, 1, client='10.0.0.2'), 'where we come from'),
            (state(1, 1, client=''), 'not known'),
            (
                state(1, 1, more='Unable=qdisc kind is unknown.\n'),
                'it needs sch_netem',
            ),
            (
                state(1, 1, more='Busy=htb 1: of eth0\n'),
                'configured htb 1: of eth0',
            ),
        ):
            self.assertTrue(seen.whole)
            self.assertIn(why, seen.forbidden)
            self.assertNotIn('\n', seen.forbidden)


class TestDelayer(testtools.TestCase):
    def _called(self, verb: catalogue.Verb, seconds: float) -> tuple[str, ...]:
        with mock.patch.object(remote, 'run', return_value='') as run:
            delay.Delayer(60).call(verb, TARGET, seconds)
        return tuple(run.call_args.args[2:])

    def test_what_the_host_is_told(self) -> None:
        tag, handle, *told = self._called(catalogue.Verb.DELAY, 30.2)
        self.assertEqual(dead_man.tag(TARGET), tag)
        self.assertEqual(['200', '50', '10.0.0.2,10.0.0.3', '31'], told)
        again = self._called(catalogue.Verb.HEAL, 0)
        self.assertEqual((tag, handle, *told[:3]), again)
        self.assertTrue(0x1000 <= int(handle, 16) < 0x8000, handle)

    def test_no_timer_no_delay(self) -> None:
        self.assertRaises(
            remote.RemoteError, self._called, catalogue.Verb.DELAY, 0.0
        )

    def test_how_it_reads(self) -> None:
        self.assertEqual(
            '200 ± 50 ms from 10.0.0.1 to 10.0.0.2, 10.0.0.3', str(TARGET)
        )
