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
"""The system's ssh against a real sshd."""

import dataclasses
import os
import socket
import time

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.tests.functional.logs import sshd


class TestSsh(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        self.sshd = self.useFixture(sshd.Sshd())
        self.host = self.sshd.host

    def test_command(self) -> None:
        result = ssh.run(self.host, ('sh', '-c', 'echo out; echo err >&2'))
        self.assertEqual(ssh.Result(0, 'out\n', 'err\n'), result)

    def test_status(self) -> None:
        result = ssh.run(self.host, ('sh', '-c', 'exit 7'))
        self.assertEqual(7, result.status)

    def test_arguments_arrive_as_they_are(self) -> None:
        nasty = ("a'b", '$(id)', '`id`', 'a b', '"', ';', '\n', '*', '-n', '')
        result = ssh.run(self.host, ('printf', '%s|', *nasty))
        self.assertEqual('|'.join(nasty) + '|', result.stdout)

    def test_stdin(self) -> None:
        text = 'x' * 300_000
        result = ssh.run(self.host, ('wc', '-c'), stdin=text)
        self.assertEqual('300000', result.stdout.strip())

    def test_as_root(self) -> None:
        result = ssh.run(
            self.host, ('sh', '-c', 'cat; id -u'), stdin='in\n', as_root=True
        )
        self.assertEqual(0, result.status)
        self.assertIn('in\n', result.stdout)

    def test_bytes_that_are_no_utf8(self) -> None:
        result = ssh.run(self.host, ('printf', r'\377ok'))
        self.assertEqual('\ufffdok', result.stdout)

    def test_wrong_key(self) -> None:
        host = dataclasses.replace(
            self.host, key_file=str(self.sshd.directory / 'other_key')
        )
        error = self.assertRaises(
            ssh.UnreachableError, ssh.run, host, ('true',)
        )
        self.assertIn('Permission denied', str(error))
        self.assertNotIn('\n', str(error))

    def test_nobody_listens(self) -> None:
        host = dataclasses.replace(self.host, port=1)
        error = self.assertRaises(
            ssh.UnreachableError, ssh.run, host, ('true',)
        )
        self.assertIn('refused', str(error))

    def test_silent_host_is_given_up(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as silent:
            host = dataclasses.replace(self.host, port=silent.getsockname()[1])
            began = time.monotonic()
            self.assertRaises(ssh.UnreachableError, ssh.run, host, ('true',))
            self.assertLess(time.monotonic() - began, 15)

    def test_command_that_hangs_is_killed(self) -> None:
        began = time.monotonic()
        error = self.assertRaises(
            ssh.UnreachableError,
            ssh.run,
            self.host,
            ('sleep', '60'),
            timeout=1.0,
        )
        self.assertLess(time.monotonic() - began, 6)
        self.assertIn('within 1 s', str(error))
        self.assertEqual([], _children())

    def test_jump_host(self) -> None:
        host = dataclasses.replace(self.host, jump=self.host)
        self.assertEqual(0, ssh.run(host, ('true',)).status)
        host = dataclasses.replace(
            self.host, jump=dataclasses.replace(self.host, port=1)
        )
        self.assertRaises(ssh.UnreachableError, ssh.run, host, ('true',))


def _children() -> list[str]:
    """Commands of our children that are called ssh."""
    found = []
    for pid in os.listdir('/proc'):
        if pid.isdigit():
            try:
                with open(f'/proc/{pid}/stat', encoding='ascii') as file:
                    name, _, rest = (
                        file.read().partition('(')[2].partition(')')
                    )
            except OSError:
                continue
            if name == 'ssh' and int(rest.split()[1]) == os.getpid():
                found.append(pid)
    return found
