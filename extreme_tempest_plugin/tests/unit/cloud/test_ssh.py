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
import os
import pathlib
import shlex
import signal
import subprocess
import threading
import time
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh

HOST = ssh.Host(address='h')


class TestCommand(testtools.TestCase):
    def test_never_asks_and_never_shares(self) -> None:
        words = ssh.command(ssh.Host(address='h'), ('true',))
        for option in (
            'BatchMode=yes',
            'ControlMaster=no',
            'ControlPath=none',
            'ConnectTimeout=5',
            'ForwardAgent=no',
        ):
            self.assertIn(option, words)
        self.assertEqual(['h', 'true'], words[-2:])
        self.assertNotIn('-i', words)
        self.assertNotIn('-l', words)

    def test_user_key_and_port(self) -> None:
        host = ssh.Host(address='h', user='u', key_file='/k', port=2222)
        text = ' '.join(ssh.command(host, ('true',)))
        self.assertIn('-l u -i /k -o IdentitiesOnly=yes', text)
        self.assertIn('-p 2222', text)

    def test_command_is_one_quoted_word(self) -> None:
        argv = ('printf', "a'b", '$(id)', '')
        words = ssh.command(ssh.Host(address='h'), argv)
        self.assertEqual(list(argv), shlex.split(words[-1]))

    def test_jump_host(self) -> None:
        jump = ssh.Host(address='j', user='v')
        words = ssh.command(ssh.Host(address='h', jump=jump), ('true',))
        (option,) = (
            word for word in words if word.startswith('ProxyCommand=')
        )
        inner = shlex.split(option.removeprefix('ProxyCommand='))
        self.assertEqual('ssh', inner[0])
        self.assertEqual(['-W', '%h:%p', 'j'], inner[-3:])
        self.assertIn('BatchMode=yes', inner)

    def test_safe(self) -> None:
        for good in ('h', '10.0.0.1', 'a.b-c', '/k/~x', 'u@h', '_a'):
            self.assertTrue(ssh.SAFE.match(good), good)
        for bad in ('', '-h', 'a b', 'a;b', '$a', 'a\n', "a'", 'é', '%h'):
            self.assertFalse(ssh.SAFE.match(bad), bad)


class TestRun(testtools.TestCase):
    def _says(self, error: Exception) -> str:
        """What is raised where ssh cannot be started."""
        with mock.patch.object(subprocess, 'Popen', side_effect=error):
            raised = self.assertRaises(
                errors.ExtremeError, ssh.run, HOST, ('true',)
            )
        self.assertEqual(
            isinstance(error, FileNotFoundError),
            isinstance(raised, errors.UsageError),
        )
        return str(raised)

    def test_tester_that_cannot_start_it(self) -> None:
        for error in (
            BlockingIOError(11, 'Resource temporarily unavailable'),
            OSError(12, 'Cannot allocate memory'),
            OSError(24, 'Too many open files'),
            subprocess.SubprocessError('Exception occurred in preexec_fn.'),
        ):
            said = self._says(error)
            self.assertIn('on this machine', said)
            self.assertIn(str(error), said)
            self.assertNotIn('\n', said)
        self.assertIn('install', self._says(FileNotFoundError(2, 'ssh')))

    def test_tester_without_threads(self) -> None:
        with mock.patch.object(
            threading.Thread,
            'start',
            side_effect=RuntimeError("can't start new thread"),
        ):
            error = self.assertRaises(
                ssh.UnreachableError, ssh.everywhere, (HOST, HOST), str
            )
        self.assertIn("on this machine: can't start", str(error))

    def test_what_keeps_its_pipes_is_not_waited_for(self) -> None:
        # As a ProxyCommand in a session of its own.
        file = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'pid')
        script = f'setsid sh -c \'echo $$ >{file}; exec sleep 30\' & wait'
        began = time.monotonic()
        with mock.patch.object(
            ssh, 'command', return_value=['sh', '-c', script]
        ):
            self.assertRaises(
                ssh.UnreachableError, ssh.run, HOST, (), timeout=0.5
            )
        os.kill(int(file.read_text()), signal.SIGKILL)
        self.assertLess(time.monotonic() - began, 15)
