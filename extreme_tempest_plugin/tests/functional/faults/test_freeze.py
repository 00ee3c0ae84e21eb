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
"""SIGSTOP to real processes through a real sshd.

Only what systemd would say is made up: the names of unit and control group.
"""

import contextlib
import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import wait
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
FROZEN = catalogue.Proof.FROZEN
_TIMEOUT = 20.0
_HANG = 'while kill -0 $PPID 2>/dev/null; do sleep 0.2; done'
# A server with a worker, and one that has a new child all the time.
_SERVICE = """
import http.server, os, subprocess, time
server = http.server.HTTPServer(
    ('127.0.0.1', 0), http.server.BaseHTTPRequestHandler)
if not os.fork():
    while True:
        subprocess.run(['sleep', '0.02'])
if not os.fork():
    while True:
        time.sleep(60)
print(server.server_port, flush=True)
server.serve_forever()
"""
# After vfork(2), with a child that does not come to its exec before somebody
# writes to the pipe $1.
_VFORKS = """
import os, sys, time
print(0, flush=True)
os.posix_spawn('/bin/sleep', ['sleep', '60'], os.environ, file_actions=[
    (os.POSIX_SPAWN_OPEN, 0, sys.argv[1], os.O_RDONLY, 0)])
time.sleep(60)
"""
#: Of our own name, as others may test on this machine.
_GROUP = f'/extreme-test-{os.getpid()}/extreme.service'
# As "systemctl show" prints it; the unit is the number of the main process,
# which is that of its session, too.
_SYSTEMD = f"""
property() {{
  case $1 in
    Id) echo extreme.service;;
    ControlGroup) echo {_GROUP};;
    ActiveState) echo active;;
  esac
}}
show() {{
  printf '%s\\n' LoadState=loaded ActiveState=active SubState=running \\
    MainPID=$unit InvocationID=1 NRestarts=0 ActiveEnterTimestampMonotonic=1
}}
"""
#: Processes of a session in the place of those of a control group.
_SESSION = (
    _SYSTEMD
    + """
pids() { ps -o pid= -s "$unit"; }
"""
)


class Service(fixtures.Fixture):
    """A server with children; ``port`` and ``pid`` say where.

    :param program: and its arguments.
    """

    def __init__(self, *program: str) -> None:
        super().__init__()
        self.program = program or (_SERVICE,)

    def _setUp(self) -> None:
        process = subprocess.Popen(
            [sys.executable, '-c', *self.program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        self.pid = process.pid
        self.addCleanup(process.wait)
        self.addCleanup(self._end)
        self.port = int(process.stdout.readline())

    def answers(self, patience: float = 20.0) -> bool:
        """Whether it says something.

        :param patience: seconds to wait for that.
        """
        try:
            with socket.create_connection(
                ('127.0.0.1', self.port), patience
            ) as connection:
                connection.sendall(b'GET / HTTP/1.0\r\n\r\n')
                return bool(connection.recv(1))
        except TimeoutError:
            return False

    def states(self) -> list[str]:
        """What ``/proc`` says of every process of its session."""
        return list(self.processes().values())

    def processes(self) -> dict[int, str]:
        """The same, with their numbers."""
        found = {}
        for entry in pathlib.Path('/proc').iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    stat = (entry / 'stat').read_text()
                    words = stat.rpartition(')')[2].split()
                    if int(words[3]) == self.pid and words[0] not in 'ZX':
                        found[int(entry.name)] = words[0]
        return found

    def _end(self) -> None:
        # By the session: a test may have killed the parent of the others.
        while found := self.processes():
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


class TestFreeze(testtools.TestCase):
    def _serve(
        self, force: str = '', program: tuple[str, ...] = ()
    ) -> configuration.Target:
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        self.service = self.useFixture(Service(*program))
        self.sshd = self.useFixture(sshd.Sshd(force))
        return configuration.Target(
            name='server',
            unit=str(self.service.pid),
            hosts=(self.sshd.host,),
            port=self.service.port,
        )

    def _look(
        self, freezer: freeze.Freezer, target: configuration.Target
    ) -> freeze.FrozenState:
        (state,) = freezer.observe(target)
        return state

    def _freeze_and_thaw(
        self, freezer: freeze.Freezer, target: configuration.Target
    ) -> None:
        before = self._look(freezer, target)
        self.assertTrue(before.whole, before)
        self.assertTrue(before.answers)
        self.assertEqual('', before.forbidden)
        self.assertGreaterEqual(len(before.states), 3)
        self.assertFalse(before.shows(FROZEN, before))

        freezer.call(Verb.FREEZE, target)
        self.assertEqual({'T'}, set(self.service.states()))
        self.assertFalse(self.service.answers(patience=1))
        frozen = self._look(freezer, target)
        self.assertTrue(frozen.shows(FROZEN, before), frozen)
        self.assertFalse(frozen.whole)
        self.assertTrue(frozen.unit.port_open)
        self.assertIn('accepts and is silent', str(frozen))
        self.assertEqual(len(self.service.states()), len(frozen.states))

        freezer.call(Verb.THAW, target)
        self.assertNotIn('T', self.service.states())
        self.assertTrue(self.service.answers())
        after = self._look(freezer, target)
        self.assertTrue(after.whole, after)
        self.assertTrue(after.answers)
        # Heals what is whole as well.
        freezer.call(Verb.THAW, target)
        self.assertTrue(self._look(freezer, target).whole)

    def test_freeze_and_thaw(self) -> None:
        target = self._serve()
        self._freeze_and_thaw(freeze.Freezer(_TIMEOUT, find=find()), target)

    def test_processes_of_a_control_group(self) -> None:
        group = self._group()
        target = self._serve()
        _move(self.service.pid, group)
        freezer = freeze.Freezer(_TIMEOUT, find=freeze.SYSTEMD + _SYSTEMD)
        self._freeze_and_thaw(freezer, target)

    def test_child_that_is_stopped_before_its_exec(self) -> None:
        # Its parent is in vfork: until the exec it takes no signal.
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'pipe')
        os.mkfifo(path)
        target = self._serve(program=(_VFORKS, str(path)))
        service = self.service
        wait.until(lambda: sorted(service.states()) == ['D', 'S'])
        (child,) = service.processes().keys() - {service.pid}
        os.kill(child, signal.SIGSTOP)
        wait.until(lambda: sorted(service.states()) == ['D', 'T'])
        # Nothing but the stop keeps it from its exec.
        self.addCleanup(os.close, os.open(path, os.O_RDWR))
        freezer = freeze.Freezer(_TIMEOUT, find=find())
        freezer.call(Verb.FREEZE, target)
        self.assertEqual(['T', 'T'], service.states())
        freezer.call(Verb.THAW, target)
        wait.until(lambda: service.states() == ['S', 'S'])

    def _group(self) -> pathlib.Path:
        """Make a control group with one below it."""
        for root in ('/sys/fs/cgroup', '/sys/fs/cgroup/systemd'):
            if pathlib.Path(root, 'cgroup.procs').exists():
                break
        group = pathlib.Path(root + _GROUP)
        try:
            for path in (group.parent, group, group / 'below'):
                path.mkdir()
                self.addCleanup(_remove, path)
        except OSError as error:
            self.skipTest(f'{group} cannot be made: {error.strerror}')
        return group

    def test_port_that_nobody_serves(self) -> None:
        freezer = freeze.Freezer(_TIMEOUT, find=find())
        target = msgspec.structs.replace(self._serve(), port=1)
        self.assertFalse(self._look(freezer, target).whole)

    def test_our_own_session_is_not_stopped(self) -> None:
        target = self._serve()
        find = _SYSTEMD + 'pids() { echo "$unit"; echo $$; }\n'
        freezer = freeze.Freezer(_TIMEOUT, find=find)
        self.assertIn('own session', self._look(freezer, target).forbidden)
        error = self.assertRaises(
            remote.RemoteError, freezer.call, Verb.FREEZE, target
        )
        self.assertIn('holds our own session', str(error))
        self.assertNotIn('T', self.service.states())

    def test_group_that_is_not_the_units(self) -> None:
        target = self._serve()
        for group in ('/', '', '/system.slice', '/no.such/other.service'):
            find = (
                freeze.SYSTEMD
                + _SYSTEMD
                + 'property() { [ $1 = Id ] && echo extreme.service || '
                + f'echo "{group}"; }}\n'
            )
            error = self.assertRaises(
                remote.RemoteError,
                freeze.Freezer(_TIMEOUT, find=find).call,
                Verb.FREEZE,
                target,
            )
            self.assertIn('has no process', str(error))
        self.assertNotIn('T', self.service.states())

    def test_silent_host_is_given_up(self) -> None:
        target = self._serve(_HANG)
        freezer = freeze.Freezer(1.0, find=find())
        began = time.monotonic()
        self.assertRaises(
            ssh.UnreachableError, freezer.call, Verb.FREEZE, target
        )
        self.assertRaises(ssh.UnreachableError, freezer.observe, target)
        self.assertLess(time.monotonic() - began, 2 * (1 + 15))

    def test_one_host_of_two_is_silent(self) -> None:
        target = self._serve()
        host = self.sshd.host
        silent = dataclasses.replace(host, address='127.0.0.2', port=1)
        freezer = freeze.Freezer(_TIMEOUT, find=find())
        error = self.assertRaises(
            remote.RemoteError,
            freezer.call,
            Verb.FREEZE,
            msgspec.structs.replace(target, hosts=(silent, host)),
        )
        self.assertIn('127.0.0.2', str(error))
        self.assertEqual({'T'}, set(self.service.states()))
        freezer.call(Verb.THAW, target)


def _move(session: int, group: pathlib.Path) -> None:
    """Move the processes of a session into a group and the one below."""
    # Stopped, so that no child is born outside.
    os.killpg(session, signal.SIGSTOP)
    pids = subprocess.run(
        ['ps', '-o', 'pid=', '-s', str(session)],
        capture_output=True,
        check=True,
    ).stdout.split()
    for number, pid in enumerate(pids):
        where = group / 'below' if number == 1 else group
        with contextlib.suppress(ProcessLookupError):
            (where / 'cgroup.procs').write_bytes(pid)
    os.killpg(session, signal.SIGCONT)


def find() -> str:
    """How processes are found without systemd."""
    return freeze.SYSTEMD + _SESSION


def _remove(path: pathlib.Path) -> None:
    """A control group goes once its last process is gone."""
    for _ in range(100):
        try:
            path.rmdir()
        except OSError:
            time.sleep(0.05)
        else:
            return
