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

import itertools
import pathlib
import time

from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import writer
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import spec as storm_spec
from extreme_tempest_plugin.storm import user


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
        self._cloud = clients.make(
            whole.cloud,
            whole.credentials,
            clients.CALL_TIMEOUT,
            connections=worker.users + 4,
        )
        self._actions = actions.weighted(whole.storm)
        self._limits = model.limits(
            whole.users, whole.max_instances, worker.room
        )
        self._indices = itertools.count(worker.first_user)
        self._ended = False

    def new_user(self, told: user.Told) -> tuple[int, user.User]:
        """The next user, with its index over all workers.

        :param told: told of each call that has ended.
        """
        worker, whole = self.worker, self.worker.whole
        index = next(self._indices)
        made = user.User(
            index=index,
            actor=f'{worker.actor}/user-{index}',
            prefix=whole.prefix,
            actions=self._actions,
            limits=self._limits,
            rng=choosing.source(whole.seed, index),
            settle_timeout=int(whole.storm.settle_timeout * 1e9),
            surroundings=user.Surroundings(
                cloud=self._cloud,
                ledger=self._ledger,
                record=self._writer.append,
                clock=time.monotonic_ns,
                ended=told,
            ),
        )
        return index, made

    def started(self) -> None:
        """The users begin."""
        self._note(events.Topic.STARTED)
        offset = time.time_ns() - time.monotonic_ns()
        self._note(events.Topic.CLOCK, str(offset))
        if self.worker.remark:
            self._note(events.Topic.REMARK, self.worker.remark)

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
            self._note(events.Topic.ENDED)

    def _note(self, what: events.Topic, text: str = '') -> None:
        self._writer.append(
            events.Note(
                t=time.monotonic_ns(),
                actor=self.worker.actor,
                what=what,
                about=self.worker.actor,
                text=text,
            )
        )
