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
"""The load process without locust: its part, its ledger, its users."""

import collections.abc
import dataclasses
import functools
import pathlib
import time

from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import fast
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import schemas
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import pacing
from extreme_tempest_plugin.storm import replayer
from extreme_tempest_plugin.storm import shares
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.storm import user


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What one user lives by.

    :param begin: when it begins, ns.
    """

    user: user.User
    pace: pacing.Pace
    begin: int


class Process:
    """What the users of one load process share.

    :param worker: its share of the storm.
    :raises OSError: if its part or its ledger cannot be written.
    """

    def __init__(self, worker: storm_spec.WorkerSpec) -> None:
        whole = worker.whole
        self.worker = worker
        self._writer = writer.Writer(pathlib.Path(worker.part))
        self._ledger = ledger.Ledger(pathlib.Path(worker.ledger))
        self._schemas = schemas.Schemas(
            worker.actor, self._writer.append, self.clock
        )
        self._cloud = clients.pair(
            whole.cloud,
            whole.credentials,
            connections=len(worker.indices) + 4,
            connect=fast.connect,
            validates=self._schemas,
        )
        self._admin = (
            clients.pair(
                whole.cloud,
                whole.admin,
                connect=fast.connect,
                validates=self._schemas,
            ).calls
            if whole.admin
            else None
        )
        self._actions = actions.weighted(whole.storm)
        self._shared = tuple(
            model.Resource(
                key=one.key,
                kind=one.kind,
                id=one.id,
                name=one.name,
                possible=frozenset(one.possible),
            )
            for one in worker.shared
        )
        self._indices = iter(worker.indices)
        self._start = 0
        self._idle = 0
        elsewhere = worker.boot and worker.boot != storm_spec.boot()
        self._shift = storm_spec.utc_offset() - worker.utc if elsewhere else 0
        self._replayers: list[replayer.Replayer] = []
        self._ended = False

    def clock(self) -> int:
        """CLOCK_MONOTONIC of the campaign's machine, ns.

        On another machine it is that of its own, moved by what the two differ
        in from UTC.
        """
        return time.monotonic_ns() + self._shift

    def new_user(self, told: around.Told) -> Seat | None:
        """The next user of this process, None if it has all of its own.

        :param told: told of each call that has ended.
        """
        worker, whole = self.worker, self.worker.whole
        index = next(self._indices, None)
        if index is None:
            return None
        make: collections.abc.Callable[..., user.User] = (
            functools.partial(
                replayer.Replayer, steps=whole.script.get(index, ())
            )
            if whole.script
            else user.User
        )
        made = make(
            name=str(index),
            actor=f'{worker.actor}/user-{index}',
            prefix=whole.prefix,
            actions=self._actions,
            limits=shares.share(worker.limits, whole.users, index),
            shared=self._shared,
            over_quota=whole.storm.over_quota,
            rng=choosing.source(whole.seed, index),
            deadline=whole.storm.deadline,
            surroundings=around.Surroundings(
                cloud=self._cloud.calls,
                looks=self._cloud.looks,
                admin=self._admin,
                ledger=self._ledger,
                record=self._writer.append,
                clock=self.clock,
                ended=told,
            ),
        )
        if isinstance(made, replayer.Replayer):
            self._replayers.append(made)
            return Seat(user=made, pace=made, begin=self._start)
        return Seat(
            user=made,
            pace=pacing.pace(whole.storm, whole.seed, index),
            begin=pacing.begin(whole.storm, index, self._start),
        )

    def left(self) -> int:
        """Operations of a replay that were not issued."""
        return sum(one.left for one in self._replayers)

    def idle(self) -> None:
        """An operation was due, and there was nothing that could be done."""
        self._idle += 1

    def started(self) -> bool:
        """The users begin.

        :returns: False the second time, which changes nothing.
        """
        if self._start:
            return False
        self._start = self.clock()
        self._note(events.Topic.STARTED, self.worker.whole.run)
        self._note_clock()
        if self._shift:
            self._note(
                events.Topic.REMARK,
                'on another machine: its times are as exact as the UTC of '
                'both machines is the same',
            )
        if self.worker.remark:
            self._note(events.Topic.REMARK, self.worker.remark)
        return True

    def broken(self, error: BaseException) -> None:
        """Our own side broke: what was to be measured is unknown."""
        self._note(
            events.Topic.UNMEASURED,
            f'{type(error).__name__}: {outcomes.line(error)}',
        )

    def ended(self) -> None:
        """All is settled; a second time does nothing."""
        if not self._ended:
            self._ended = True
            if left := self.left():
                self._note(
                    events.Topic.REMARK,
                    f'{left} operations of the replay were not issued: the '
                    'time was up before what they act on came to rest',
                )
            if self._idle and self.worker.whole.storm.rate is not None:
                self._note(
                    events.Topic.REMARK,
                    f'{self._idle} operations were due when their user could '
                    'do nothing: the limits are reached, all is busy, or the '
                    'cloud asked it to wait',
                )
            self._schemas.ended()
            self._note_clock()
            self._note(events.Topic.ENDED)

    def _note_clock(self) -> None:
        self._note(events.Topic.CLOCK, str(time.time_ns() - self.clock()))

    def _note(self, what: events.Topic, text: str = '') -> None:
        self._writer.append(
            events.Note(
                t=self.clock(),
                actor=self.worker.actor,
                what=what,
                about=self.worker.actor,
                text=text,
            )
        )
