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
"""What is concluded from what a switch says of its ports."""

import dataclasses
from unittest import mock

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.faults.drivers import reach
from extreme_tempest_plugin.faults.drivers import remote

DOWN, FLAPPED = catalogue.Proof.DOWN, catalogue.Proof.FLAPPED
HOST = ssh.Host(address='10.0.0.1')
TARGET = configuration.Target(
    name='ctl1-net',
    hosts=(ssh.Host(address='10.0.0.99', user='stack'),),
    part=switches.Ports(
        names=('p1', 'p2'),
        down=('ip', 'link', 'set', 'PORT', 'down'),
        up=('ip', 'link', 'set', 'PORT', 'up'),
        status=('ip', '-br', 'link', 'show', 'PORT'),
        behind=(HOST,),
    ),
)


def state(
    one: str, other: str, more: str = '', silent: bool = False
) -> ports.PortsState:
    text = f'Said1=p1@if2  {one}  02:00 <X>\nSaid1=p2@if3  {other}  02:01\n'
    found = ports.parse(text + more, TARGET)
    hosts = ('10.0.0.1',)
    if silent:
        return dataclasses.replace(found, silent=hosts)
    return dataclasses.replace(found, answering=hosts)


WHOLE = state('UP', 'UP')
GONE = state('DOWN', 'DOWN', 'Timer=yes\n', silent=True)


class TestPortsState(testtools.TestCase):
    def test_whole(self) -> None:
        self.assertTrue(evidence.whole([WHOLE]))
        self.assertFalse(WHOLE.shows(DOWN, WHOLE))
        self.assertEqual(
            '10.0.0.99: p1 up, p2 up; 10.0.0.1 answers at SSH', str(WHOLE)
        )

    def test_down(self) -> None:
        self.assertTrue(GONE.shows(DOWN, WHOLE))
        self.assertFalse(GONE.whole)
        self.assertIn('the timer is armed; 10.0.0.1 does not', str(GONE))

    def test_half_of_the_evidence_is_none(self) -> None:
        for one in (
            state('DOWN', 'DOWN'),
            state('DOWN', 'UP', silent=True),
            state('UP', 'UP', silent=True),
            state('DOWN', 'LOWERLAYERDOWN', silent=True),
        ):
            self.assertFalse(one.shows(DOWN, WHOLE), one)

    def test_whatever_is_left_is_not_whole(self) -> None:
        for one in (
            state('UP', 'DOWN'),
            state('UP', 'LOWERLAYERDOWN'),
            state('UP', 'UP', silent=True),
            state('UP', 'UP', 'Timer=yes\n'),
        ):
            self.assertFalse(one.whole, one)

    def test_what_is_neither(self) -> None:
        for said, word in (
            ('', 'not shown'),
            ('Said1=p1\n', 'neither up nor down'),
            ('Said1=p10 up\n', 'not shown'),
            ('Said1=p1 up down\n', 'half up'),
            ('Said1=p1 up\nSaid1=p1 down\n', 'shown twice'),
            ('Said1=p1 updown\n', 'neither up nor down'),
            # A table that is printed for each port.
            ('Said1=p1 up\nSaid1=p1 up\n', 'up'),
        ):
            found = dict(ports.parse(said, TARGET).ports)
            self.assertEqual(word, found['p1'], said)

    def test_flapped(self) -> None:
        def looks(*states: tuple[str, str]) -> ports.PortsState:
            lines = ['Flapping=yes', 'Timer=yes']
            for number, (one, other) in enumerate(states):
                lines.append(f'Said{number}=p1 {one}')
                lines.append(f'Said{number}=p2 {other}')
            return ports.parse('\n'.join(lines), TARGET)

        seen = looks(('UP', 'UP'), ('DOWN', 'DOWN'), ('UP', 'UP'))
        self.assertTrue(seen.shows(FLAPPED, WHOLE), seen)
        # Not whole, though every port is up at this moment.
        self.assertEqual((('p1', 'up'), ('p2', 'up')), seen.ports)
        self.assertFalse(seen.whole)
        self.assertFalse(dataclasses.replace(seen, timer=False).whole)
        for other in (
            looks(('DOWN', 'DOWN'), ('DOWN', 'DOWN')),
            looks(('UP', 'DOWN'), ('DOWN', 'DOWN')),
            dataclasses.replace(seen, flapping=False),
        ):
            self.assertFalse(other.shows(FLAPPED, WHOLE), other)

    def test_words_of_the_switch(self) -> None:
        assert isinstance(TARGET.part, switches.Ports)
        cisco = msgspec.structs.replace(
            TARGET,
            part=msgspec.structs.replace(
                TARGET.part, says_up='connected', says_down='disabled'
            ),
        )
        said = 'Said1=p1 to-ctl1 connected 1\nSaid1=p2 Disabled 1\n'
        self.assertEqual(
            (('p1', 'up'), ('p2', 'down')), ports.parse(said, cisco).ports
        )


class TestPortSwitch(testtools.TestCase):
    def _called(self, verb: catalogue.Verb, seconds: float) -> tuple[str, ...]:
        with mock.patch.object(remote, 'run', return_value='') as run:
            ports.PortSwitch(60).call(verb, TARGET, seconds)
        return run.call_args.args[2:]

    def test_what_the_switch_is_told(self) -> None:
        tag = dead_man.tag(TARGET)
        up = ('ip', 'link', 'set', 'p1', 'up', ',')
        up += ('ip', 'link', 'set', 'p2', 'up', ',')
        self.assertEqual((tag, *up), self._called(catalogue.Verb.PORTS_UP, 0))
        down = tuple(word.replace('up', 'down') for word in up)
        down = tuple(word.replace(',', '+') for word in down)
        self.assertEqual(
            (tag, '31', *down, *up),
            self._called(catalogue.Verb.PORTS_DOWN, 30.5),
        )

    def test_no_timer_no_fault(self) -> None:
        for verb in (catalogue.Verb.PORTS_DOWN, catalogue.Verb.PORTS_FLAP):
            self.assertRaises(remote.RemoteError, self._called, verb, 0)

    def test_marks_are_no_words(self) -> None:
        # Else the name of a port could end a command.
        for mark in '+,:':
            self.assertIsNone(switches._PORT_NAME.match(mark))

    def test_hosts_behind_are_asked(self) -> None:
        said = 'Said1=p1 DOWN\nSaid1=p2 DOWN\n'
        for answers in (True, False):
            with (
                mock.patch.object(remote, 'run', return_value=said),
                mock.patch.object(reach, 'answers', return_value=answers),
            ):
                (seen,) = ports.PortSwitch(60).observe(TARGET)
            self.assertEqual(not answers, seen.shows(DOWN, WHOLE))
