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
import dataclasses

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.tests.unit.faults import fakes

# As systemd 252 wrote it.
TEXT = """MainPID=1234
NRestarts=0
LoadState=loaded
ActiveState=active
SubState=running
InvocationID=0123456789abcdef0123456789abcdef
ActiveEnterTimestampMonotonic=81234567
Port=open
"""


def state(**changes: object) -> evidence.UnitState:
    base = evidence.parse(TEXT, 'h', fakes.TARGET)
    return dataclasses.replace(base, **changes)


class TestParse(testtools.TestCase):
    def test_whole(self) -> None:
        found = evidence.parse(TEXT, 'h', fakes.TARGET)
        self.assertEqual(1234, found.pid)
        self.assertEqual(81234567, found.entered_us)
        self.assertTrue(found.whole)
        self.assertEqual(
            'h: active (running), MainPID 1234, port 5672 answers', str(found)
        )

    def test_port_closed_is_not_whole(self) -> None:
        text = TEXT.replace('open', 'closed')
        self.assertFalse(evidence.parse(text, 'h', fakes.TARGET).whole)

    def test_without_a_port(self) -> None:
        target = msgspec.structs.replace(fakes.TARGET, port=0)
        text = TEXT.replace('Port=open\n', '')
        self.assertTrue(evidence.parse(text, 'h', target).whole)

    def test_no_such_unit_is_a_mistake_of_the_user(self) -> None:
        text = TEXT.replace('loaded', 'not-found')
        error = self.assertRaises(
            errors.UsageError, evidence.parse, text, 'h', fakes.TARGET
        )
        self.assertIn('rabbitmq-server', str(error))

    def test_the_ssh_daemon_must_not_be_broken(self) -> None:
        for names, wanted in (
            ('ssh.service sshd.service', True),
            ('sshd.service', True),
            ('ssh.socket', True),
            ('rabbitmq-server.service', False),
            ('sshguard.service', False),
            ('', False),
        ):
            text = f'{TEXT}Names={names}\n'
            found = evidence.parse(text, 'h', fakes.TARGET)
            self.assertEqual(wanted, 'SSH daemon' in found.forbidden, names)

    def test_no_answer_of_systemd_is_no_evidence(self) -> None:
        for text in ('', 'Welcome!', TEXT.replace('Port=open\n', '')):
            self.assertRaises(
                ssh.UnreachableError, evidence.parse, text, 'h', fakes.TARGET
            )


class TestHappened(testtools.TestCase):
    def _replaced(self, **changes: object) -> bool:
        return evidence.happened(
            catalogue.Proof.REPLACED, [state()], [state(**changes)]
        )

    def test_restart(self) -> None:
        self.assertTrue(self._replaced(pid=9, entered_us=90000000))
        self.assertTrue(self._replaced(invocation='b', entered_us=90000000))
        # One sign alone proves nothing.
        self.assertFalse(self._replaced())
        self.assertFalse(self._replaced(pid=9))
        self.assertFalse(self._replaced(entered_us=90000000))

    def test_restart_on_one_of_two_hosts_is_none(self) -> None:
        after = [state(), state(pid=9, entered_us=90000000)]
        self.assertFalse(
            evidence.happened(
                catalogue.Proof.REPLACED, [state(), state()], after
            )
        )

    def test_kill_of_what_nobody_starts_again(self) -> None:
        def killed(old: evidence.UnitState, **changes: object) -> bool:
            return evidence.happened(
                catalogue.Proof.KILLED, [old], [state(**changes)]
            )

        self.assertTrue(killed(state(), pid=0, active='failed'))
        self.assertTrue(killed(state(), pid=9, entered_us=90000000))
        self.assertFalse(killed(state()))
        # What had no process before cannot have lost it.
        self.assertFalse(killed(state(pid=0), pid=0, active='failed'))

    def test_terminate(self) -> None:
        def gone(**changes: object) -> bool:
            return evidence.happened(
                catalogue.Proof.GONE, [state()], [state(**changes)]
            )

        self.assertTrue(gone(active='inactive', port_open=False))
        self.assertTrue(gone(active='failed', port_open=False))
        self.assertTrue(gone(active='inactive', port=0))
        self.assertFalse(gone())
        self.assertFalse(gone(active='inactive'))
        self.assertFalse(gone(port_open=False))
        self.assertFalse(gone(active='activating', port_open=False))
        self.assertFalse(gone(active='deactivating', port_open=False))

    def test_describe_says_what_changed(self) -> None:
        text = evidence.describe([state(pid=9)], [state()])
        self.assertIn('MainPID 9', text)
        self.assertIn('before: h: MainPID 1234, active since 81.235 s', text)
        self.assertNotIn('\n', text)
