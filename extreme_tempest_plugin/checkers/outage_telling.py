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
"""What is told of an outage: its causes, and the samples that show it."""

import bisect
import collections.abc

from extreme_tempest_plugin.checkers import marks
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.uptime import availability

#: Of the checker that finds them.
NAME = 'outage'

#: After every number of an event.
LAST_NUMBER = 2**63

#: A sample, or one that could not be sent.
Watched = events.Sample | events.Missed


class Telling:
    """Knows the causes and the samples; to be made when all were seen.

    :param slo: what is allowed.
    :param watched: samples by service, missed ones too.
    """

    def __init__(
        self,
        slo: plan_model.Slo,
        faults: windows.Faults,
        marked: marks.Marks,
        watched: collections.abc.Mapping[
            str, collections.abc.Iterable[Watched]
        ],
    ) -> None:
        self._slo = slo
        self._faults = faults
        self._cover = windows.Cover(faults.windows())
        self._marks = marked
        self._watched = watched
        self._failures: dict[str, list[tuple[int, int]]] = {}

    def faults_of(self, outage: availability.Outage) -> tuple[str, ...]:
        """The faults that were active in an outage; none explains it."""
        return self._cover.of(outage.start_ns, outage.end_ns)

    def marks_of(self, outage: availability.Outage) -> tuple[str, ...]:
        """What the operator says that he did in an outage."""
        return self._marks.of(outage.start_ns, outage.end_ns)

    def finding(self, service: str, one: availability.Outage) -> model.Finding:
        """An outage that is longer than allowed."""
        numbers = self._evidence(service, one)
        errors = ', '.join(
            f'{name} {count}' for name, count in one.errors.items()
        )
        still = ' and was still away at the end' if one.open else ''
        failed = model.plural(one.failed, 'sample')
        return model.Finding(
            checker=NAME,
            about=service,
            what=f'{service} was away for {model.seconds(one.length_ns)}'
            f'{still}, {self._cause(one)}. {failed} in a row failed '
            f'({errors}), so it lasted at least '
            f'{model.seconds(one.least_ns)}; allowed are '
            f'{self._slo.allowed_outage(service):g} s.',
            events=numbers,
            look_again=(model.look_at(numbers),),
        )

    def _cause(self, one: availability.Outage) -> str:
        """The faults and marks that cover it."""
        names = self.faults_of(one)
        doing = ' and '.join(f'"{text}"' for text in self.marks_of(one))
        marked = f'the operator was {doing}' if doing else ''
        if names:
            stories = (str(self._faults.stories[name]) for name in names)
            active = f'while {" and ".join(stories)} was active'
            return f'{active} and {marked}' if marked else active
        if marked:
            return f'while {marked}, and no fault was active then'
        return 'and no fault was active then'

    def _evidence(
        self, service: str, one: availability.Outage
    ) -> tuple[int, ...]:
        """Numbers of the first failed samples and of the last."""
        failed = self._failed(service)
        start = bisect.bisect_left(failed, (one.start_ns, 0))
        end = bisect.bisect_right(failed, (one.end_earliest_ns, LAST_NUMBER))
        shown = failed[start : min(end, start + model.MOST_EVIDENCE)]
        if end - start > model.MOST_EVIDENCE:
            shown[-1] = failed[end - 1]
        return tuple(number for _, number in shown)

    def _failed(self, service: str) -> list[tuple[int, int]]:
        """When failed samples were sent, and their numbers, in order."""
        if service not in self._failures:
            self._failures[service] = sorted(
                (event.sent, event.n)
                for event in self._watched.get(service, ())
                if isinstance(event, events.Sample) and event.error
            )
        return self._failures[service]
