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
"""The steady state: each of its checks came back in time after each fault.

A fault leaves it at its injection; what a check said last before the next
fault counts. Faults that overlap leave it together: their checks are judged
after the last heal. A check that says something somewhere in the history and
nothing after a heal was not measured there. That nova sees a host which is off
belongs here, too, see ``seen_down``.
"""

import collections
import dataclasses

from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import recovery
from extreme_tempest_plugin.checkers import seen_down
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model


@dataclasses.dataclass(slots=True)
class _Span:
    """From an injection to the next one that does not overlap, ns.

    :ivar healed: when the last of its faults was proven healed; OPEN if one
        was not.
    """

    stories: list[windows.Story]
    start: int
    healed: int
    end: int = windows.OPEN

    @property
    def last(self) -> windows.Story:
        """The fault that was healed last."""
        return max(self.stories, key=_healed)


class Steadiness:
    """What the checks of the steady state said.

    :param plan: what it wants, and whether its faults may overlap.
    """

    name = recovery.Recovery.name
    wants: tuple[type[events.Event], ...] = (events.Census, events.Note)

    def __init__(
        self,
        faults: windows.Faults,
        gone: holes.Holes,
        plan: plan_model.Plan,
    ) -> None:
        self._faults = faults
        self._holes = gone
        self._down = seen_down.SeenDown(faults, gone, plan.steady)
        self._limit = plan.steady.within
        self._limit_ns = round(plan.steady.within * model.SECOND)
        self._named = plan.steady.checks or ()
        # The next fault may be under way while a heal is being proven, and
        # nobody waits for the steady state between the two.
        self._grace = windows.GRACE_NS if plan.overlap else 0
        self._said: dict[str, list[events.Note]] = collections.defaultdict(
            list
        )

    def see(self, event: events.AnyEvent) -> None:
        if isinstance(event, events.Note) and (
            event.what is events.Topic.STEADY
        ):
            self._said[event.about].append(event)
        elif isinstance(event, events.Census):
            self._down.see(event)

    def took(self, story: windows.Story) -> dict[str, int | None]:
        """From an injection until each check was steady and stayed so, ns.

        :returns: by check that was asked; None if it was not steady again.
        """
        start = story.at(events.FaultPhase.INJECTED)
        for span in self._spans():
            if start is not None and story in span.stories:
                return {
                    name: None if note.text else note.t - start
                    for name, note in self._ends(span, start).items()
                }
        return {}

    def conclude(self) -> model.Conclusion:
        said = [
            self._down.conclude(),
            *(
                self._judge(span)
                for span in self._spans()
                # One that was not healed is a finding already.
                if span.healed != windows.OPEN and span.last.planned
            ),
        ]
        return model.Conclusion(
            findings=tuple(each for one in said for each in one.findings),
            gaps=tuple(each for one in said for each in one.gaps),
            rows=tuple(each for one in said for each in one.rows),
        )

    def _spans(self) -> list[_Span]:
        begun = sorted(
            (
                (start, _healed(story), story)
                for story in self._faults.stories.values()
                if (start := story.at(events.FaultPhase.INJECTED)) is not None
            ),
            key=lambda one: one[0],
        )
        spans: list[_Span] = []
        for start, healed, story in begun:
            due = story.at(events.FaultPhase.PLANNED)
            began = start if due is None else min(start, due)
            if spans and began <= spans[-1].healed + self._grace:
                spans[-1].stories.append(story)
                spans[-1].healed = max(spans[-1].healed, healed)
                continue
            if spans:
                # It was decided then, by what was known.
                spans[-1].end = began
            spans.append(_Span([story], start, healed))
        return spans

    def _ends(self, span: _Span, start: int) -> dict[str, events.Note]:
        """What tells of each check whether it came back, and when.

        Its time ends with the limit, or the next fault: what comes later has
        other causes. Where it is not steady then, the first note that it is
        counts, however late. One that said nothing after the heal is left out.

        :param start: of the injection, ns.
        """
        found = {}
        for name, said in self._said.items():
            within = sorted(
                (note for note in said if start <= note.t < span.end),
                key=lambda note: note.t,
            )
            healed = span.healed != windows.OPEN
            if within and (not healed or within[-1].t >= span.healed):
                found[name] = _end(within, span.healed + self._limit_ns)
        return found

    def _judge(self, span: _Span) -> model.Conclusion:
        story = span.last
        injected = story.at(events.FaultPhase.INJECTED)
        ends = self._ends(span, span.start if injected is None else injected)
        gaps = [
            f'{story}: whether {name} was steady again was not measured.'
            for name in dict.fromkeys((*self._named, *self._said))
            if name not in ends
        ]
        findings = []
        for name, note in ends.items():
            if self._in_time(span, note):
                continue
            found = self._finding(span, name, note)
            seen = min(span.end, self._holes.last) - span.healed
            if self._holes or (note.text and seen <= self._limit_ns):
                gaps.append(model.doubt(found).why)
            else:
                findings.append(found)
        ok = False if findings else None if gaps else True
        return model.Conclusion(
            findings=tuple(findings),
            gaps=tuple(model.Gap(checker=self.name, why=why) for why in gaps),
            rows=(self._row(span, ends, ok),) if ends or gaps else (),
        )

    def _in_time(self, span: _Span, note: events.Note) -> bool:
        return not note.text and note.t - span.healed <= self._limit_ns

    def _finding(
        self, span: _Span, name: str, note: events.Note
    ) -> model.Finding:
        after = model.seconds(note.t - span.healed)
        what = (
            f'It was not until the next fault or the end: {note.text}'
            if note.text
            else f'It was {after} after it'
        )
        numbers = (*span.last.numbers(), note.n)
        return model.Finding(
            checker=self.name,
            about=span.last.fault,
            what=f'{name} was not steady within {self._limit:g} s after the '
            f'heal of {span.last}. {what}.',
            events=numbers,
            look_again=(model.look_at(numbers),),
        )

    def _row(
        self,
        span: _Span,
        ends: dict[str, events.Note],
        ok: bool | None,
    ) -> model.Row:
        measured = 'not measured'
        if ends:
            name, last = max(
                ends.items(), key=lambda one: (bool(one[1].text), one[1].t)
            )
            after = model.seconds(max(0, last.t - span.healed))
            measured = (
                f'{name} not again' if last.text else f'{after} ({name})'
            )
        return model.Row(
            name=f'steady after {span.last.target} ({span.last.fault})',
            wanted=f'at most {self._limit:g} s',
            measured=measured,
            ok=ok,
        )


def _healed(story: windows.Story) -> int:
    healed = story.at(events.FaultPhase.HEAL_EVIDENCED)
    return windows.OPEN if healed is None else healed


def _end(said: list[events.Note], bound: int) -> events.Note:
    """Of what one check said, in order, what counts.

    :param bound: when its time is over, ns.
    """
    early = [note for note in said if note.t <= bound]
    if early and not early[-1].text:
        # The first of those that say so without a break.
        while len(early) > 1 and not early[-2].text:
            early.pop()
        return early[-1]
    late = [note for note in said if note.t > bound and not note.text]
    return late[0] if late else said[-1]
