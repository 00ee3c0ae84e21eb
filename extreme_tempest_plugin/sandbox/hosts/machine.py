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
"""One host from outside: start it, press its button, run things there."""

import collections.abc
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.hosts import storage
from extreme_tempest_plugin.sandbox.hosts.board import Specification
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.topology import Host
from extreme_tempest_plugin.sandbox.topology import Topology

_PATH = (
    '/opt/openstack/bin:/usr/local/sbin:/usr/local/bin:'
    '/usr/sbin:/usr/bin:/sbin:/bin'
)
_ENVIRONMENT = {
    'PATH': _PATH,
    'HOME': '/root',
    'LC_ALL': 'C.UTF-8',
    'PYTHONWARNINGS': 'ignore',
}


def power(layout: Layout, host: str, order: str, timeout: float) -> str:
    """Give the supervisor of a host an order.

    :param host: its name
    :param order: one of supervisor.ORDERS
    :param timeout: seconds
    :returns: the power state after it: ``on`` or ``off``; ``gone`` when
        there is no supervisor
    :raises errors.SandboxError: the supervisor could not do it
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(layout.socket(host)))
            connection.sendall(order.encode('ascii') + b'\n')
            answer = json.loads(connection.recv(4096) or b'{}')
        except (FileNotFoundError, ConnectionError):
            return 'gone'
        except TimeoutError:
            raise errors.SandboxError(
                f'the supervisor of {host} does not answer'
            ) from None
    if 'error' in answer:
        raise errors.SandboxError(f'{host}: {answer["error"]}')
    return str(answer.get('power', 'gone'))


class Machine:
    """A host of a sandbox.

    :param layout: of the sandbox
    :param host: as the topology has it
    """

    def __init__(self, layout: Layout, host: Host) -> None:
        self.layout = layout
        self.host = host
        self.group = Group(f'{layout.cgroup}/{host.name}')

    def start(
        self, shape: Topology, lower: collections.abc.Sequence[pathlib.Path]
    ) -> None:
        """Start the supervisor, which switches the machine on.

        :param lower: read-only layers of its disk, the uppermost first
        """
        spec = Specification(
            name=self.layout.name,
            state_root=str(self.layout.state_root),
            run_root=str(self.layout.run_root),
            topology=shape.name,
            host=self.host.name,
            lower=tuple(map(str, lower)),
            binds=storage.binds(self.layout, shape, self.host.role),
        )
        directory = self.layout.host_dir(self.host.name)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        # From its first moment: what is torn down meanwhile finds it there.
        group = Group(f'{self.layout.cgroup}/power')
        with open(directory / 'console.log', 'ab') as console:
            subprocess.Popen(
                [
                    *group.enter_prefix(),
                    # Mounts of the host stay unseen and end with it.
                    *('unshare', '--mount', '--propagation', 'slave', '--'),
                    *(sys.executable, '-m'),
                    'extreme_tempest_plugin.sandbox.hosts.supervisor',
                    spec.to_json(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd='/',
                start_new_session=True,
            )

    def power(self, order: str, timeout: float = 60) -> str:
        """See power() of this module."""
        return power(self.layout, self.host.name, order, timeout)

    def leader(self) -> int | None:
        """The PID, on this machine, of the host's own PID 1."""
        for pid in self.group.processes():
            try:
                status = pathlib.Path(f'/proc/{pid}/status').read_text('utf-8')
            except OSError:
                continue
            for line in status.splitlines():
                if line.startswith('NSpid:') and line.split()[2:] == ['1']:
                    return pid
        return None

    def run(
        self,
        argv: collections.abc.Sequence[str],
        *,
        timeout: float = 60,
        stdin: str = '',
        env: collections.abc.Mapping[str, str] | None = None,
    ) -> str:
        """Run a command inside the host as its root and return its output.

        :param env: added to a plain environment
        :raises errors.CommandFailed: the host is off or the command failed
        """
        leader = self.leader()
        if leader is None:
            raise errors.CommandFailed(f'{self.host.name} is not running')
        enter = [
            *('nsenter', f'--target={leader}', '--mount', '--uts', '--ipc'),
            *('--net', '--pid', '--root', '--'),
            # A command that takes too long ends inside the host as well, not
            # only the process here that waits for it.
            *('setpriv', '--pdeathsig', 'KILL'),
            # The working directory must be one of the host, too.
            *('env', '--chdir=/root'),
        ]
        return shell.run(
            [*enter, *argv],
            timeout=timeout,
            stdin=stdin,
            env={**_ENVIRONMENT, **(env or {})},
        )

    def journal(self, unit: str, lines: int = 15) -> str:
        """The end of the journal of a unit, or why there is none."""
        try:
            return self.run(
                [
                    *('journalctl', '--no-pager', '--output=short-iso'),
                    *(f'--unit={unit}', f'--lines={lines}'),
                ],
                timeout=10,
            ).rstrip()
        except errors.CommandFailed:
            return self.console(lines)

    def console(self, lines: int = 15) -> str:
        """The end of what the host printed while it started."""
        path = self.layout.host_dir(self.host.name) / 'console.log'
        try:
            return shell.tail(path.read_text('utf-8', 'replace'), lines)
        except OSError:
            return ''

    def quit(self) -> None:
        """Cut the power and end the supervisor, and with it the mounts."""
        if self.power('quit') == 'gone':
            return
        end = time.monotonic() + 20
        while self.power('status') != 'gone' and time.monotonic() < end:
            time.sleep(0.02)

    def wait_for_boot(self, timeout: float) -> None:
        """Wait until its systemd has started what it wants to start.

        :raises errors.StepFailed: it has not, in time
        """
        end = time.monotonic() + timeout
        while True:
            try:
                # A failed unit makes this fail: services are looked at later.
                state = self.run(
                    ['sh', '-c', 'systemctl is-system-running || true'],
                    timeout=10,
                ).strip()
            except errors.CommandFailed:
                state = 'unreachable'
            if state in ('running', 'degraded'):
                return
            if time.monotonic() > end:
                raise errors.StepFailed(
                    f'{self.host.name} has not booted after {timeout:.0f} s: '
                    f'{state}',
                    self.console(),
                )
            time.sleep(0.2)

    def wait_for(self, power: str, timeout: float) -> None:
        """Wait until it is on or off.

        :raises errors.StepFailed: it is not, in time
        """
        end = time.monotonic() + timeout
        while self.power('status') != power:
            if time.monotonic() > end:
                raise errors.StepFailed(
                    f'{self.host.name} is not {power} after {timeout:.0f} s',
                    self.console(),
                )
            time.sleep(0.1)


def machines(layout: Layout, shape: Topology) -> tuple[Machine, ...]:
    """All hosts of a topology."""
    return tuple(Machine(layout, host) for host in shape.hosts)


def present(layout: Layout) -> bool:
    """Whether anything of a sandbox of that name is on this machine."""
    if Group(layout.cgroup).exists() or layout.run_dir.exists():
        return True
    return any(
        os.path.lexists(f'/run/netns/{name}') for name in layout.all_machines()
    )
