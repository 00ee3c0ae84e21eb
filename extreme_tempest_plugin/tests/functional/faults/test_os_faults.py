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
"""os-faults, ansible and ssh as they are, against a real sshd."""

import collections.abc
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import process_tree
from extreme_tempest_plugin.tests.functional.logs import sshd

_TIMEOUT = 8.0
# As long as the connection stands, and no longer.
_HANG = 'while kill -0 $PPID 2>/dev/null; do sleep 0.2; done'
_CALL = """
import sys
import msgspec
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import os_faults
target = msgspec.json.decode(sys.argv[1], type=configuration.Target)
os_faults.OsFaults(300).call(catalogue.Verb.RESTART, target)
"""


class TestOsFaults(testtools.TestCase):
    def _serve(self, force: str = '') -> configuration.Target:
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        server = self.useFixture(sshd.Sshd(force))
        # os-faults knows no port; ansible takes one from here.
        self._set(
            'ANSIBLE_SSH_ARGS',
            f'-o Port={server.host.port} -o ControlMaster=no '
            '-o ControlPath=none',
        )
        scratch = self.useFixture(fixtures.TempDir()).path
        self._set('TMPDIR', scratch)
        # tempfile remembers the directory that it chose first.
        self.useFixture(fixtures.MonkeyPatch('tempfile.tempdir', scratch))
        self.scratch = pathlib.Path(scratch)
        return configuration.Target(
            name='rabbitmq',
            unit='no-such-unit',
            grep='/no/such/process',
            hosts=(
                ssh.Host(
                    address='127.0.0.1',
                    user=server.host.user,
                    key_file=server.host.key_file,
                ),
            ),
        )

    def _set(self, name: str, value: str) -> None:
        self.useFixture(fixtures.EnvironmentVariable(name, value))

    def _call(
        self, target: configuration.Target, timeout: float = 60.0
    ) -> str:
        engine = os_faults.OsFaults(timeout)
        error = self.assertRaises(
            os_faults.EngineError,
            engine.call,
            catalogue.Verb.RESTART,
            target,
        )
        self.assertNotIn('\n', str(error))
        self.assertEqual([], list(self.scratch.iterdir()))
        return str(error)

    def test_preflight(self) -> None:
        os_faults.preflight()

    def test_preflight_without_ansible(self) -> None:
        self._set('PATH', '/nonexistent')
        self.useFixture(
            fixtures.MonkeyPatch('sys.executable', '/nonexistent/python')
        )
        error = self.assertRaises(errors.UsageError, os_faults.preflight)
        self.assertIn('extreme-tempest-plugin[faults]', str(error))

    def test_cause_of_a_failure_arrives(self) -> None:
        text = self._call(self._serve())
        before, _, cause = text.partition('127.0.0.1: FAILED: ')
        self.assertIn('restart of rabbitmq', before)
        self.assertNotIn('no cause given', cause)
        self.assertGreater(len(cause), 10)

    def test_host_that_refuses(self) -> None:
        target = self._serve()
        self._set('ANSIBLE_SSH_ARGS', '-o Port=1')
        text = self._call(target)
        self.assertIn('127.0.0.1: UNREACHABLE: ', text)
        self.assertIn('refused', text)

    def test_ansible_complains(self) -> None:
        target = self._serve()
        self._set('ANSIBLE_STRATEGY', 'no_such_strategy')
        self.assertIn('no_such_strategy', self._call(target))

    def test_hang_is_killed_with_everything_below(self) -> None:
        target = self._serve(_HANG)
        began = time.monotonic()
        text = self._call(target, _TIMEOUT)
        self.assertLess(time.monotonic() - began, _TIMEOUT + 20)
        self.assertIn('[destructive] call_timeout', text)
        self.assertEqual([], _ours(target))

    def test_everything_ends_when_we_are_killed(self) -> None:
        target = self._serve(_HANG)
        caller = subprocess.Popen(
            [sys.executable, '-c', _CALL, msgspec.json.encode(target)]
        )
        self.addCleanup(process_tree.kill, caller.pid)
        self._await(lambda: len(_ours(target)) > 1, 60)
        caller.send_signal(signal.SIGKILL)
        caller.wait()
        self._await(lambda: not _ours(target), 30)
        self._await(lambda: not list(self.scratch.iterdir()), 30)

    def _await(
        self, condition: collections.abc.Callable[[], bool], seconds: float
    ) -> None:
        end = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)


def _ours(target: configuration.Target) -> list[str]:
    """Living processes that name this test's key: ssh, and who called it."""
    key = target.hosts[0].key_file.encode()
    found = []
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / 'cmdline').read_bytes()
            except OSError:
                continue
            if key in line:
                found.append(line.decode(errors='replace'))
    return found


class TestProcessTree(testtools.TestCase):
    def test_sessions_of_their_own_are_found(self) -> None:
        with tempfile.TemporaryFile() as out:
            root = subprocess.Popen(
                ['sh', '-c', 'setsid sleep 321 & setsid sleep 322; :'],
                stdout=out,
            )
            end = time.monotonic() + 30
            while len(process_tree._descendants(root.pid)) < 2:
                self.assertLess(time.monotonic(), end)
                time.sleep(0.02)
            below = process_tree._descendants(root.pid)
            process_tree.kill(root.pid)
            root.wait(30)
        for pid in below:
            self.assertFalse(_lives(pid))


def _lives(pid: int) -> bool:
    try:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return stat.rpartition(')')[2].split()[0] not in 'ZX'
