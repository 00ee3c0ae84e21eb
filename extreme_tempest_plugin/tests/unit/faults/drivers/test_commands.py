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
from extreme_tempest_plugin.faults import commands as commands_
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import commands
from extreme_tempest_plugin.faults.drivers import commands_shell
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import remote

HOSTS = ('10.0.0.1', '10.0.0.2')
TARGET = configuration.Target(
    name='alarm',
    hosts=tuple(ssh.Host(address=address) for address in HOSTS),
    part=commands_.Commands(
        inject=('alarm', 'on'),
        heal=('alarm', 'off'),
        status=('alarm', 'show'),
        says_broken='memory alarm',
    ),
)
BROKEN = catalogue.Proof.BROKEN


def state(text: str) -> commands.CommandState:
    return commands.parse(text, '10.0.0.1', 'memory alarm')


WHOLE = state('Status=0\nSaid=node ctl1 has no local alarms\n')


class TestCommandState(testtools.TestCase):
    def test_whole_and_broken(self) -> None:
        self.assertTrue(WHOLE.whole)
        self.assertFalse(WHOLE.shows(BROKEN, WHOLE))
        for status in (0, 69):
            seen = state(
                f'Timer=yes\nStatus={status}\nSaid=Error:\n'
                'Said=Memory alarm on node=ctl1\n'
            )
            self.assertFalse(seen.whole)
            self.assertTrue(seen.shows(BROKEN, WHOLE))
            self.assertFalse(seen.moving)
        self.assertEqual(
            "10.0.0.1: the status says 'memory alarm' and ends with 69, the "
            'timer is armed',
            str(seen),
        )

    def test_neither(self) -> None:
        for said in (
            '',
            'Said=unable to connect\n',
            'Said=no memory alarms\n',
            'Said=disk alarm\n',
            'Said=memory\nSaid=alarm\n',
            'memory alarm\n',
        ):
            seen = state(f'Status=69\n{said}')
            self.assertFalse(seen.whole)
            self.assertFalse(seen.shows(BROKEN, WHOLE))
            self.assertIn('does not say', str(seen))

    def test_whole_with_a_timer_is_not_healed(self) -> None:
        self.assertFalse(state('Timer=yes\nStatus=0\n').whole)

    def test_no_answer(self) -> None:
        for text in ('', 'Timer=yes\n', 'Status=\n', 'Status=x\n'):
            self.assertRaises(ssh.UnreachableError, state, text)


class TestCommander(testtools.TestCase):
    def _called(
        self, verb: catalogue.Verb, seconds: float
    ) -> dict[str, tuple[str, ...]]:
        """What each host is told."""
        with mock.patch.object(remote, 'run', return_value='') as run:
            commands.Commander(60).call(verb, TARGET, seconds)
        return {call.args[0].address: call.args[2:] for call in run.mock_calls}

    def test_what_each_host_is_told(self) -> None:
        tag = dead_man.tag(TARGET)
        self.assertRegex(tag, r'\A[a-z0-9_]+\Z')
        heal = ('alarm', 'off', ',')
        for verb, seconds, words in (
            (catalogue.Verb.HEAL, 0, heal),
            (catalogue.Verb.INJECT, 30.5, ('31', 'alarm', 'on', '+', *heal)),
        ):
            self.assertEqual(
                dict.fromkeys(HOSTS, (tag, *words)),
                self._called(verb, seconds),
            )

    def test_no_timer_no_fault(self) -> None:
        self.assertRaises(
            remote.RemoteError, self._called, catalogue.Verb.INJECT, 0
        )

    def test_each_host_is_seen(self) -> None:
        with mock.patch.object(remote, 'run', return_value='Status=69\n'):
            seen = commands.Commander(60).observe(TARGET)
        self.assertEqual(HOSTS, tuple(one.host for one in seen))

    def test_marks_are_no_words(self) -> None:
        # Else a word of a command could end it.
        for mark in (
            commands_shell.BREAKS,
            commands_shell.HEALS,
            commands_shell.STATUS,
        ):
            self.assertIsNone(commands_._WORD.match(mark))
