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
"""What a fault writes into the history."""

import collections.abc
import time

from extreme_tempest_plugin.history import events

Record = collections.abc.Callable[[events.Event], None]


class Recorder:
    """Writes the events and notes of one fault.

    A history that cannot be written must not keep a fault from being
    healed: the error is kept in ``broken`` for later.

    :param fault: its identity within the run: ``fault-1``.
    :param kind: ``service.restart``.
    :param target: its name.
    :param record: takes each event; ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    :param actor: who writes.
    """

    def __init__(
        self,
        fault: str,
        kind: str,
        target: str,
        record: Record,
        clock: collections.abc.Callable[[], int] = time.monotonic_ns,
        actor: str = 'campaign',
    ) -> None:
        self.broken: OSError | None = None
        self._fault = fault
        self._kind = kind
        self._target = target
        self._record = record
        self._now = clock
        self._actor = actor

    def phase(
        self, phase: events.FaultPhase, proof: str = '', t: int | None = None
    ) -> None:
        """The fault has come so far.

        :param proof: what shows it, one line.
        :param t: when, ns; now if it is not given.
        """
        self._write(
            events.Fault(
                t=self._now() if t is None else t,
                actor=self._actor,
                fault=self._fault,
                kind=self._kind,
                phase=phase,
                target=self._target,
                evidence=proof,
            )
        )

    def unmeasured(self, text: str) -> None:
        """Nobody knows whether the target stands this fault."""
        self._note(events.Topic.UNMEASURED, text)

    def remark(self, text: str) -> None:
        """For the reader only."""
        self._note(events.Topic.REMARK, text)

    def _note(self, topic: events.Topic, text: str) -> None:
        self._write(
            events.Note(
                t=self._now(),
                actor=self._actor,
                what=topic,
                about=self._fault,
                text=f'{self._kind} of {self._target}: {text}',
            )
        )

    def _write(self, event: events.Event) -> None:
        try:
            self._record(event)
        except OSError as error:
            self.broken = error
