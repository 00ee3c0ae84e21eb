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
"""Start and stop a storm's processes, and see how far they are."""

import collections.abc
import dataclasses
import pathlib
import shutil
import tempfile
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import quota
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import children
from extreme_tempest_plugin.storm import letting_in
from extreme_tempest_plugin.storm import settling
from extreme_tempest_plugin.storm import shares
from extreme_tempest_plugin.storm import sharing
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.storm import tally

#: Seconds until a load process must be ready to fire; importing locust and
#: Tempest takes 2 to 5 of them on a busy machine.
START_TIMEOUT = 90.0

#: Seconds over the settle time-out until a load process is killed: a call in
#: flight, the grace after the deadline, and some for a busy machine. Two
#: looks at each resource of a user come on top.
MARGIN = clients.CALL_TIMEOUT + settling.GRACE / 1e9 + 30.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the load processes ended.

    :param who: the one that did not end well, or the last one.
    :param status: its exit status; negative for a signal.
    :param killed: they did not end in time and were killed.
    :param log_tail: the end of their log, where they did not end well.
    """

    who: str
    status: int
    killed: bool
    log_tail: str

    @property
    def ok(self) -> bool:
        """They did all that they were told; else the verdict is unknown."""
        return self.status == 0 and not self.killed


class Storm:
    """One storm: one load process, or several and their master.

    :param spec: what to do.
    :param run_dir: RUN, see the contract of the run directory.
    :param hear: told of each event of the storm, whenever ``progress`` is
        asked for.
    :param spare: kinds of which the quota keeps room for one more.
    :raises PlanError: for an unknown action.
    :raises UsageError: for a limit below the number of users.
    """

    def __init__(
        self,
        spec: storm_spec.StormSpec,
        run_dir: pathlib.Path,
        hear: tally.Hear = lambda event: None,
        spare: collections.abc.Container[str] = (),
    ) -> None:
        self._limits = shares.limits(spec.storm, actions.created(spec.storm))
        self._spec = spec
        self._spare = spare
        self._run_dir = run_dir
        names = [f'storm-{n}.jsonl' for n in range(_workers(spec))]
        self.parts = tuple(run_dir / 'parts' / name for name in names)
        self.ledgers = tuple(
            run_dir / 'ledgers' / name
            for name in (*names, f'storm-{sharing.CREATOR}.jsonl')
        )
        self.log = run_dir / 'locust.log'
        self._tallies = [tally.Tally(part, hear) for part in self.parts]
        self._children: children.Children | None = None
        self._deadline = 0.0
        self._killed = False
        self._stopped = False

    def start(self) -> None:
        """Start firing; returns when the users do.

        :raises HarnessError: if the load process does not come up, or what
            the plan shares cannot be created.
        """
        for path in (*self.parts, *self.ledgers):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._limits, remark = self._within_quota()
        shared = self._prepare()
        private = pathlib.Path(tempfile.mkdtemp(prefix='extreme-'))
        self._children = children.Children(self.log, private, self._patience)
        try:
            self._children.start(self._shares(shared, remark))
            self._await_start()
        except BaseException:
            # Also for Ctrl-C: the caller has nothing yet that it could stop.
            self.kill()
            raise
        finally:
            shutil.rmtree(private, ignore_errors=True)
        self._deadline = time.monotonic() + self._spec.longest + self._patience

    def running(self) -> bool:
        """Whether a process lives; an overdue one is killed.

        When one has died the others end in good order: what is measured
        without it is not what the plan says.
        """
        if self._children is None or not self._children.running:
            return False
        if self._children.dead:
            self.stop()
        if not any(child.running for child in self._children.workers):
            # With workers elsewhere it waits for what they send home.
            self._children.stop_master()
        if time.monotonic() >= self._deadline:
            self._killed = True
            self._children.kill()
            return False
        return True

    def pids(self) -> tuple[int, ...]:
        """Ids of the processes."""
        if self._children is None:
            return ()
        return tuple(child.process.pid for child in self._children.all)

    def progress(self) -> tally.Progress:
        """Numbers up to now, cheap enough for each second."""
        return tally.add(one.read() for one in self._tallies)

    def stop(self) -> None:
        """Fire no more; what is pending is settled. Returns at once."""
        if self._children is not None and not self._stopped:
            self._stopped = True
            self._deadline = min(
                self._deadline, time.monotonic() + self._patience
            )
            self._children.stop()

    def kill(self) -> None:
        """End all at once; what they had made is in the ledgers."""
        if self._children is not None:
            self._children.kill()

    def wait(self, timeout: float | None = None) -> Ended | None:
        """Wait for the end, which comes by itself within a bounded time.

        :param timeout: seconds; None waits until the end.
        :returns: None if it still runs after ``timeout``.
        """
        if self._children is None:
            return Ended(
                who='the storm', status=-1, killed=False, log_tail='no start'
            )
        until = None if timeout is None else time.monotonic() + timeout
        while self.running():
            if until is not None and time.monotonic() >= until:
                return None
            time.sleep(0.1)
        last = self._children.dead or self._children.all[-1]
        well = last.process.returncode == 0 and not self._killed
        return Ended(
            who=last.name,
            status=last.process.returncode,
            killed=self._killed,
            log_tail='' if well else self._children.log_tail(),
        )

    @property
    def _patience(self) -> float:
        looks = 2 * sum(self._limits.values()) * clients.LOOK_TIMEOUT
        storm = self._spec.storm
        settle = max(map(storm.deadline, ('', *storm.stuck_after)))
        return settle + MARGIN + looks + actions.longest(storm)

    def _within_quota(self) -> tuple[dict[str, int], str]:
        """The limits, and what is to be said about them."""
        spec = self._spec
        if spec.storm.over_quota:
            return self._limits, ''
        try:
            room = quota.room(
                clients.make(spec.cloud, spec.credentials), self._limits
            )
        except ports.CallError as error:
            # The cloud may be ill before the storm begins; that is no reason
            # not to measure it.
            return self._limits, f'the quota could not be read: {error}'
        return shares.within(self._limits, room, self._spare)

    def _prepare(self) -> tuple[storm_spec.SharedResource, ...]:
        """Create what is there for all users, and what they act on.

        :raises HarnessError: if it cannot be had.
        """
        way_in = letting_in.is_wanted(self._spec)
        if not self._spec.storm.shared and not way_in:
            return ()
        part, log = (
            self._run_dir / folder / f'storm-{sharing.CREATOR}.jsonl'
            for folder in ('parts', 'ledgers')
        )
        spec = self._spec
        cloud = clients.pair(spec.cloud, spec.credentials)
        admin = (
            clients.pair(spec.cloud, spec.admin).calls if spec.admin else None
        )
        with writer.Writer(part) as out:
            world = around.Surroundings(
                cloud=cloud.calls,
                looks=cloud.looks,
                admin=admin,
                ledger=ledger.Ledger(log),
                record=out.append,
                clock=time.monotonic_ns,
            )
            if way_in:
                letting_in.let_in(spec, world)
            return sharing.create(spec, world)

    def _shares(
        self, shared: tuple[storm_spec.SharedResource, ...], remark: str
    ) -> tuple[storm_spec.WorkerSpec, ...]:
        """What each load process is told."""
        return tuple(
            storm_spec.WorkerSpec(
                whole=self._spec,
                worker=number,
                workers=len(self.parts),
                limits=self._limits,
                shared=shared,
                remark='' if number else remark,
                boot=storm_spec.boot(),
                utc=storm_spec.utc_offset(),
                part=str(self.parts[number].absolute()),
                ledger=str(self.ledgers[number].absolute()),
            )
            for number in range(len(self.parts))
        )

    def _await_start(self) -> None:
        assert self._children is not None
        deadline = time.monotonic() + START_TIMEOUT * len(self.parts)
        while time.monotonic() < deadline:
            if self.progress().started:
                return
            if dead := self._children.dead:
                raise errors.HarnessError(
                    f'{dead.name} ended with status '
                    f'{dead.process.returncode} before it began: '
                    f'{self._children.log_tail()}'
                )
            time.sleep(0.05)
        raise errors.HarnessError(
            f'the load did not begin within {START_TIMEOUT:g} s: '
            f'{self._children.log_tail()}'
        )


def _workers(spec: storm_spec.StormSpec) -> int:
    """Load processes here and on other machines."""
    others = spec.others.workers if spec.others else 0
    return spec.storm.processes + others
