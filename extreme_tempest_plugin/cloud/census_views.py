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
"""The part of the census that asks services about each other's resources.

Placement has allocations for nova's servers, cinder has attachments to them,
name servers answer for designate's zones. They must agree, see
``checkers.references``. Each view is a kind of its own, so that it is not
taken for the resource itself.
"""

import collections.abc
import dataclasses
import time

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes

#: Resources that are asked about one by one, at most.
MOST = 500


class HiddenError(Exception):
    """It is not ours to see: that is a remark, and no gap."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that a service says.

    :param id: unique among those of its view.
    """

    id: str
    state: str = 'present'
    refs: dict[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one service says of another's resources.

    :param kind: of its rows.
    :param rows: asks; may raise CallError or HiddenError at any time.
    """

    kind: str
    service: str
    rows: collections.abc.Callable[[], collections.abc.Iterable[Row]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Writes down what views show.

    :param project: id of the run's project.
    :param record: takes each event, ``Writer.append``.
    """

    project: str
    record: collections.abc.Callable[[events.Event], None]
    phase: events.CensusPhase = events.CensusPhase.AFTER
    actor: str = 'campaign'
    clock: collections.abc.Callable[[], int] = time.monotonic_ns

    def take(self, views: collections.abc.Iterable[View]) -> None:
        """Record each view, and that it is complete, or why it is not."""
        note = notes.Notes(self.actor, self.record, self.clock)
        for view in views:
            note(*self._take(view))

    def _take(self, view: View) -> tuple[events.Topic, str, str]:
        count = 0
        try:
            for row in view.rows():
                count += 1
                self.record(
                    events.Census(
                        t=self.clock(),
                        actor=self.actor,
                        phase=self.phase,
                        service=view.service,
                        resource=f'{view.kind}/{row.id}',
                        state=row.state,
                        owner=self.project,
                        refs=row.refs,
                    )
                )
        except HiddenError as error:
            return events.Topic.REMARK, f'census/{view.kind}', str(error)
        except ports.CallError as error:
            # While something is broken, an answer is luck.
            excused = (
                error.refusal.kind is ports.Kind.FAIL
                or self.phase is events.CensusPhase.DURING
            )
            return (
                events.Topic.REMARK if excused else events.Topic.UNMEASURED,
                f'census/{view.kind}',
                f'could not be listed: {error}',
            )
        return (
            events.Topic.CENSUS_COMPLETE,
            f'{self.phase}/{view.kind}',
            f'{count} listed',
        )


def bounded(names: collections.abc.Collection[str], what: str) -> list[str]:
    """What to ask about one by one, in a fixed order.

    :raises HiddenError: if there are too many.
    """
    if len(names) > MOST:
        raise HiddenError(
            f'not checked: {len(names)} {what} are too many to ask about one '
            'by one'
        )
    return sorted(names)
