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
"""Recovery: each planned fault happened, and was healed in time."""

from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events


class Recovery:
    """The faults of the plan against the faults of the history."""

    name = 'recovery'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(self, faults: windows.Faults, gone: holes.Holes) -> None:
        self._faults = faults
        self._holes = gone
        self._gaps: list[model.Gap] = []
        self._findings: list[model.Finding] = []
        self._rows: list[model.Row] = []

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        for fault, planned in self._faults.missing():
            self._gap(
                f'{fault} ({planned.fault} of {planned.target}) was planned '
                'and never began: nothing was tested.'
            )
            self._row(
                f'recovery of {planned.target} ({fault})',
                planned.recovery,
                'not begun',
                None,
            )
        for story in self._faults.stories.values():
            self._judge(story)
        return model.Conclusion(
            findings=tuple(self._findings),
            gaps=tuple(self._gaps),
            rows=tuple(self._rows),
        )

    def _judge(self, story: windows.Story) -> None:
        if story.planned is None:
            self._gap(
                f'{story} is not in the plan: how fast it must recover is '
                'not known.'
            )
            return
        injected = story.at(events.FaultPhase.INJECTED)
        if injected is None:
            self._gap(f'{story} was never injected: nothing was tested.')
            self._row(
                f'recovery of {story.target} ({story.fault})',
                story.planned.recovery,
                'not injected',
                None,
            )
            return
        if story.at(events.FaultPhase.EVIDENCED) is None:
            self._gap(
                f'{story} is not proven to have happened: what it was to '
                'test was not tested.'
            )
        self._judge_time(story, injected, story.planned.recovery)

    def _judge_time(
        self, story: windows.Story, injected: int, limit: float
    ) -> None:
        limit_ns = round(limit * model.SECOND)
        took = story.recovery_ns
        name = f'recovery of {story.target} ({story.fault})'
        if took is not None and took < 0:
            self._gap(f'{story} was healed before it was injected.')
            self._row(name, limit, 'not known', None)
        elif took is not None and took <= limit_ns:
            proven = story.at(events.FaultPhase.EVIDENCED) is not None
            self._row(name, limit, model.seconds(took), proven or None)
        elif took is not None:
            self._find(story, limit, f'took {model.seconds(took)}')
            self._row(name, limit, model.seconds(took), False)
        elif self._holes or self._holes.last - injected <= limit_ns:
            self._gap(
                f'{story}: the history ends, or has holes, before its '
                'recovery was proven.'
            )
            self._row(name, limit, 'not known', None)
        else:
            waited = model.seconds(self._holes.last - injected)
            self._find(
                story, limit, f'was not proven healed until the end, {waited}'
            )
            self._row(name, limit, f'not in {waited}', False)

    def _find(self, story: windows.Story, limit: float, measured: str) -> None:
        last = max(story.phases.values(), key=lambda event: event.t)
        evidence = f' ({last.evidence})' if last.evidence else ''
        self._findings.append(
            model.Finding(
                checker=self.name,
                about=story.fault,
                what=f'{story} had not recovered within {limit:g} s. It '
                f'{measured} after the injection; its last phase is '
                f'{last.phase}{evidence}.',
                events=story.numbers(),
                look_again=(model.look_at(story.numbers()),),
            )
        )

    def _gap(self, why: str) -> None:
        self._gaps.append(model.Gap(checker=self.name, why=why))

    def _row(
        self, name: str, limit: float, measured: str, ok: bool | None
    ) -> None:
        self._rows.append(
            model.Row(
                name=name,
                wanted=f'at most {limit:g} s',
                measured=measured,
                ok=ok,
            )
        )
