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
"""Nova calls the services of a host down that has been off for long enough.

Until it does, it gives servers to a host that is not there. What it said just
before the heal counts, see ``steadying``. A host of which it said nothing has
none of its services, or nobody could ask: that is a gap if the plan has
``steady.down_after``.

https://docs.openstack.org/nova/latest/configuration/config.html#DEFAULT.service_down_time
"""

import collections.abc

from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import recovery
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

#: Kind of the census.
_SERVICE = 'service/'


class SeenDown:
    """What nova said of the hosts that were off."""

    name = recovery.Recovery.name

    def __init__(
        self,
        faults: windows.Faults,
        gone: holes.Holes,
        steady: plan_model.Steady,
    ) -> None:
        self._faults = faults
        self._holes = gone
        self._steady = steady
        self._said: list[events.Census] = []

    def see(self, entry: events.Census) -> None:
        if entry.phase is events.CensusPhase.DURING and (
            entry.resource.startswith(_SERVICE)
        ):
            self._said.append(entry)

    def conclude(self) -> model.Conclusion:
        findings: list[model.Finding] = []
        gaps: list[model.Gap] = []
        rows: list[model.Row] = []
        for story in self._expected():
            said = self._of(story)
            up = [entry for entry in said if entry.state == 'up']
            if not said and self._steady.down_after is not None:
                why = f'{story}: whether nova saw it down was not measured.'
                gaps.append(model.Gap(checker=self.name, why=why))
            if up and self._holes:
                gaps.append(model.doubt(self._finding(story, up)))
            elif up:
                findings.append(self._finding(story, up))
            if said:
                ok = not up or (None if self._holes else False)
                rows.append(self._row(story, up, ok))
        return model.Conclusion(
            findings=tuple(findings), gaps=tuple(gaps), rows=tuple(rows)
        )

    def _expected(self) -> collections.abc.Iterator[windows.Story]:
        """The faults that nova must have seen."""
        for story in self._faults.stories.values():
            # One that is not proven is a gap already.
            if (
                story.planned
                and self._steady.expects_down(story.planned)
                and story.at(events.FaultPhase.EVIDENCED) is not None
            ):
                yield story

    def _of(self, story: windows.Story) -> list[events.Census]:
        """What was said of the host of a fault, while nova had to know."""
        healed = story.at(events.FaultPhase.HEALED)
        since = _off(story) + round(self._steady.down_in * model.SECOND)
        return [
            entry
            for entry in self._said
            if entry.refs.get('target') == story.target
            and since <= entry.t < (windows.OPEN if healed is None else healed)
        ]

    def _finding(
        self, story: windows.Story, up: list[events.Census]
    ) -> model.Finding:
        numbers = (*story.numbers(), *(entry.n for entry in up))
        return model.Finding(
            checker=self.name,
            about=story.fault,
            what=f'Nova called {_names(up)} up '
            f'{model.seconds(up[0].t - _off(story))} after {story} was '
            'proven. It gives work to a host that is off.',
            events=numbers,
            look_again=(
                'openstack compute service list',
                model.look_at(numbers),
            ),
            service='nova',
        )

    def _row(
        self, story: windows.Story, up: list[events.Census], ok: bool | None
    ) -> model.Row:
        return model.Row(
            name=f'{story.target} seen down ({story.fault})',
            wanted=f'after {self._steady.down_in:g} s',
            measured=f'{_names(up)} up' if up else 'down',
            ok=ok,
        )


def _off(story: windows.Story) -> int:
    """Since when it is for certain, ns: a shutdown takes its time."""
    return story.at(events.FaultPhase.EVIDENCED) or 0


def _names(entries: list[events.Census]) -> str:
    return ', '.join(
        entry.resource.removeprefix(_SERVICE) for entry in entries
    )
