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
"""The processes of a storm: Locust's, each in a session of its own.

One load process runs alone. Several are Locust's workers, and one more is
their master, which tells them when to begin and adds up their statistics.
"""

import dataclasses
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

from extreme_tempest_plugin.storm import spec as storm_spec

_LOCUSTFILE = pathlib.Path(__file__).with_name('locustfile.py')

#: Lines of locust.log that go into a message.
TAIL = 8

_ERROR = re.compile(r'/(ERROR|CRITICAL)/|^\w+(\.\w+)*(Error|Exception): ')

#: Nobody else may join.
_LOOPBACK = '127.0.0.1'

#: Addresses to listen on that are none to speak to.
_EVERYWHERE = frozenset({'0.0.0.0', '*', '::'})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process.

    :param name: for messages.
    """

    name: str
    process: subprocess.Popen[bytes]

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self.process.poll() is None

    @property
    def ended_badly(self) -> bool:
        """Whether it is dead and did not do all that it was told."""
        return self.process.poll() not in (None, 0)


class Children:
    """The processes of one storm.

    :param log: file that they write to; their working directory is its own.
    :param private: directory for what they are told.
    :param stop_timeout: seconds that users have for settling.
    """

    def __init__(
        self, log: pathlib.Path, private: pathlib.Path, stop_timeout: float
    ) -> None:
        self._log = log
        self._private = private
        self._stop_timeout = stop_timeout
        self.workers: list[Child] = []
        self.master: Child | None = None
        self.guests = 0

    def start(self, shares: tuple[storm_spec.WorkerSpec, ...]) -> None:
        """Start a process for each share, and their master if they need one.

        :raises OSError: if one cannot be started.
        """
        whole = shares[0].whole
        if len(shares) == 1:
            options = _test(whole.users, whole.web_ui)
            self.workers.append(self._spawn(shares[0], options))
            return
        others = whole.others
        port = others.port if others else _free_port()
        host = others.host if others else _LOOPBACK
        own, guests = shares, tuple[storm_spec.WorkerSpec, ...]()
        if others:
            own, guests = shares[: -others.workers], shares[-others.workers :]
        # As many users for each worker as the first one has: those that are
        # over do nothing, and so it does not matter whom Locust gives which.
        most = len(shares[0].indices)
        self.master = self._spawn(
            storm_spec.MasterSpec(
                guests=guests, key=others.key if others else ''
            ),
            [
                *_test(most * len(shares), whole.web_ui),
                *('--master', '--expect-workers', str(len(shares))),
                *('--master-bind-host', host),
                *('--master-bind-port', str(port)),
            ],
        )
        self.guests = len(guests)
        near = _LOOPBACK if host in _EVERYWHERE else host
        for share in own:
            self.workers.append(
                self._spawn(
                    share,
                    [
                        *('--worker', '--master-host', near),
                        *('--master-port', str(port)),
                    ],
                )
            )

    @property
    def all(self) -> tuple[Child, ...]:
        """Those that were started."""
        master = (self.master,) if self.master else ()
        return (*self.workers, *master)

    @property
    def running(self) -> bool:
        """Whether one of them lives."""
        return any(child.running for child in self.all)

    @property
    def dead(self) -> Child | None:
        """One that did not end well, None if there is none."""
        return next((one for one in self.all if one.ended_badly), None)

    def stop(self) -> None:
        """Tell the load processes to fire no more."""
        for child in self.workers:
            if child.running:
                child.process.send_signal(storm_spec.STOP)
        if self.guests:
            self.stop_master()

    def stop_master(self) -> None:
        """Tell the master to end, once it has nothing left to lead."""
        if self.master and self.master.running:
            self.master.process.send_signal(storm_spec.STOP)

    def kill(self) -> None:
        """End them at once."""
        for child in self.all:
            if child.running:
                # Its own session, so the group holds it and its children.
                os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()

    def log_tail(self) -> str:
        """What they said at last, one line."""
        try:
            text = self._log.read_text(errors='replace')
        except OSError as error:
            return f'{self._log} cannot be read: {error.strerror}'
        lines = [line for line in text.splitlines() if line.strip()]
        # Locust's statistics come last; errors are lines of their own.
        told = [line for line in lines if _ERROR.search(line)]
        lines = told or lines
        return f'{self._log}: ' + ' | '.join(lines[-TAIL:])

    def join(self, key: str, host: str, port: int) -> Child:
        """Start a load process for a storm of another machine."""
        return self._spawn(
            storm_spec.GuestSpec(key=key),
            [
                *('--worker', '--master-host', host),
                *('--master-port', str(port)),
            ],
        )

    def _spawn(self, told: storm_spec.Told, options: list[str]) -> Child:
        number = len(self.all)
        path = self._private / f'storm-{number}.json'
        storm_spec.write(path, told)
        # Locust reads options from its own variables and from files in the
        # working directory; none of them may change what a plan says.
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('LOCUST_')
        }
        environment[storm_spec.VARIABLE] = str(path)
        environment[storm_spec.PARENT] = str(os.getpid())
        # Tempest looks for tempest.conf in ./etc, unless it is told, and the
        # load process is somewhere else.
        here = str(pathlib.Path('etc').absolute())
        environment.setdefault('TEMPEST_CONFIG_DIR', here)
        with self._log.open('ab') as log:
            process = subprocess.Popen(
                [
                    *_COMMAND,
                    '--stop-timeout',
                    str(int(self._stop_timeout)),
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._log.parent,
                env=environment,
                start_new_session=True,
            )
        return Child(name=told.name, process=process)


_COMMAND = (
    *(sys.executable, '-m', 'locust', '--locustfile', str(_LOCUSTFILE)),
    # A call that fails is an event, not a failure of the load process.
    *('--exit-code-on-error', '0'),
    *('--only-summary', '--loglevel', 'WARNING'),
)


def _test(users: int, web_ui: str) -> list[str]:
    """Options of who leads: all users at once, without a question."""
    count = str(users)
    options = ['--users', count, '--spawn-rate', count]
    if not web_ui:
        return ['--headless', *options]
    host, _, port = web_ui.rpartition(':')
    return [
        *('--autostart', '--web-host', host.strip('[]'), '--web-port', port),
        *options,
    ]


def _free_port() -> int:
    with socket.create_server((_LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
