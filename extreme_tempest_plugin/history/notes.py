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
"""Writing notes."""

import collections.abc

from extreme_tempest_plugin.history import events


class Notes:
    """The notes of one actor.

    :param record: takes each event; ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    """

    def __init__(
        self,
        actor: str,
        record: collections.abc.Callable[[events.Event], None],
        clock: collections.abc.Callable[[], int],
    ) -> None:
        self._actor = actor
        self._record = record
        self._now = clock

    def __call__(
        self, what: events.Topic, about: str = '', text: str = ''
    ) -> None:
        """Write one."""
        self._record(
            events.Note(
                t=self._now(),
                actor=self._actor,
                what=what,
                about=about,
                text=text,
            )
        )

    def unmeasured(self, about: str, why: str) -> None:
        """Nobody knows: the verdict is at best unknown."""
        self(events.Topic.UNMEASURED, about, why)

    def clock(self, utc: int) -> None:
        """What the clock of this process is by UTC.

        :param utc: the time, ns since 1970.
        """
        offset = utc - self._now()
        self(events.Topic.CLOCK, self._actor, str(offset))
