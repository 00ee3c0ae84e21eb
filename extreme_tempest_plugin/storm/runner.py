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
"""Start and stop the load process, and see how far it is."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import quota
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import settling
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import tally

#: Seconds until the load process must be ready to fire; importing locust and
#: Tempest takes 2 to 5 of them on a busy machine.
START_TIMEOUT = 90.0

#: Seconds over the settle time-out until a load process is killed: a call in
#: flight, the grace after the deadline, and some for a busy machine. Two
#: looks at each resource of a user come on top.
MARGIN = clients.CALL_TIMEOUT + settling.GRACE / 1e9 + 30.0

#: Lines of locust.log that go into a message.
TAIL = 8

_LOCUSTFILE = pathlib.Path(__file__).with_name('locustfile.py')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the load process ended.

    :param status: exit status; negative for a signal.
    :param killed: it did not end in time and was killed.
    :param log_tail: the end of its log, where it did not end well.
    """

    status: int
    killed: bool
    log_tail: str

    @property
    def ok(self) -> bool:
        """It did all that it was told; otherwise the verdict is unknown."""
        return self.status == 0 and not self.killed


class Storm:
    """One storm: a child process of its own session.

    :param spec: what to do.
    :param run_dir: RUN, see the contract of the run directory.
    :raises PlanError: for an unknown action.
    :raises UsageError: if there are fewer servers than users.
    """

    def __init__(
        self, spec: storm_spec.StormSpec, run_dir: pathlib.Path
    ) -> None:
        actions.check(spec.storm)
        self._limits = model.limits(spec.users, spec.max_instances)
        self._spec = spec
        self.parts = (run_dir / 'parts' / 'storm-0.jsonl',)
        self.ledgers = (run_dir / 'ledgers' / 'storm-0.jsonl',)
        self.log = run_dir / 'locust.log'
        self._tallies = [tally.Tally(part) for part in self.parts]
        self._child: subprocess.Popen[bytes] | None = None
        self._private: pathlib.Path | None = None
        self._deadline = 0.0
        self._killed = False

    def start(self) -> None:
        """Start firing; returns when the users do.

        :raises HarnessError: if the load process does not come up.
        :raises UsageError: if the quota has less room than there are users.
        """
        room, remark = self._room()
        spec = self._spec
        self._limits = model.limits(spec.users, spec.max_instances, room)
        for path in (*self.parts, *self.ledgers):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._private = pathlib.Path(tempfile.mkdtemp(prefix='extreme-'))
        try:
            self._spawn(self._private / 'storm.json', room, remark)
            self._await_start()
        except BaseException:
            # Also for Ctrl-C: the caller has nothing yet that it could stop.
            self.kill()
            raise
        finally:
            shutil.rmtree(self._private, ignore_errors=True)
        self._deadline = (
            time.monotonic() + self._spec.duration + self._patience
        )

    def running(self) -> bool:
        """Whether the load process lives; an overdue one is killed."""
        if self._child is None or self._child.poll() is not None:
            return False
        if time.monotonic() >= self._deadline:
            self._kill()
            return False
        return True

    def progress(self) -> tally.Progress:
        """Numbers up to now, cheap enough for each second."""
        return tally.add(one.read() for one in self._tallies)

    def stop(self) -> None:
        """Fire no more; what is pending is settled. Returns at once."""
        if self._child is not None and self._child.poll() is None:
            self._deadline = min(
                self._deadline, time.monotonic() + self._patience
            )
            self._child.send_signal(storm_spec.STOP)

    def kill(self) -> None:
        """End the load process at once; what it had made is in the ledger."""
        if self._child is not None and self._child.poll() is None:
            self._kill()

    def wait(self, timeout: float | None = None) -> Ended | None:
        """Wait for the end, which comes by itself within a bounded time.

        :param timeout: seconds; None waits until the end.
        :returns: None if it still runs after ``timeout``.
        """
        if self._child is None:
            return Ended(status=-1, killed=False, log_tail='never started')
        until = None if timeout is None else time.monotonic() + timeout
        while self.running():
            if until is not None and time.monotonic() >= until:
                return None
            time.sleep(0.1)
        status = self._child.wait()
        well = status == 0 and not self._killed
        return Ended(
            status=status,
            killed=self._killed,
            log_tail='' if well else self._log_tail(),
        )

    @property
    def _patience(self) -> float:
        looks = 2 * sum(self._limits.values()) * clients.LOOK_TIMEOUT
        return self._spec.storm.settle_timeout + MARGIN + looks

    def _room(self) -> tuple[quota.Room, str]:
        """What the quota leaves, and what is to be said about it."""
        spec = self._spec
        cloud = clients.make(spec.cloud, spec.credentials)
        try:
            room = cloud.compute.show_room()
        except ports.CallError as error:
            # The cloud may be ill before the storm begins; that is no reason
            # not to measure it.
            return quota.UNLIMITED, f'the quota could not be read: {error}'
        if room.servers is not None and room.servers < spec.max_instances:
            return room, (
                f'the quota of the project has room for {room.servers} '
                f'servers: max_instances {spec.max_instances} is lowered '
                'to that'
            )
        return room, ''

    def _spawn(
        self, path: pathlib.Path, room: quota.Room, remark: str
    ) -> None:
        spec = self._spec
        worker = storm_spec.WorkerSpec(
            whole=spec,
            worker=0,
            first_user=0,
            users=spec.users,
            room=room,
            remark=remark,
            part=str(self.parts[0].absolute()),
            ledger=str(self.ledgers[0].absolute()),
        )
        storm_spec.write(path, worker)
        # Locust reads options from its own variables and from files in the
        # working directory; none of them may change what a plan says.
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith('LOCUST_')
        }
        environment[storm_spec.VARIABLE] = str(path)
        with self.log.open('ab') as log:
            self._child = subprocess.Popen(
                _command(spec.users, self._patience),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env=environment,
                start_new_session=True,
            )

    def _await_start(self) -> None:
        assert self._child is not None
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self.progress().started:
                return
            if self._child.poll() is not None:
                raise errors.HarnessError(
                    'the load process ended with status '
                    f'{self._child.returncode} before it began: '
                    f'{self._log_tail()}'
                )
            time.sleep(0.05)
        self._kill()
        raise errors.HarnessError(
            f'the load process did not begin within {START_TIMEOUT:g} s: '
            f'{self._log_tail()}'
        )

    def _kill(self) -> None:
        assert self._child is not None
        self._killed = True
        # Its own session, so the group holds it and its children alone.
        os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()

    def _log_tail(self) -> str:
        try:
            text = self.log.read_text(errors='replace')
        except OSError as error:
            return f'{self.log} cannot be read: {error.strerror}'
        lines = [line for line in text.splitlines() if line.strip()]
        return f'{self.log}: ' + ' | '.join(lines[-TAIL:])


def _command(users: int, stop_timeout: float) -> list[str]:
    return [
        sys.executable,
        '-m',
        'locust',
        '--locustfile',
        str(_LOCUSTFILE),
        '--headless',
        '--users',
        str(users),
        '--spawn-rate',
        str(users),
        '--stop-timeout',
        str(int(stop_timeout)),
        # A call that fails is an event, not a failure of the load process.
        '--exit-code-on-error',
        '0',
        '--only-summary',
        '--loglevel',
        'WARNING',
    ]
