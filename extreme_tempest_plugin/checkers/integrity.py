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
"""Whether the history can be judged at all, and was tidied up.

A run that did nothing, whose processes died, or whose history lacks events
proves nothing: it is unknown, never a pass.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import unexpected
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

LEFT = 'resources left behind'

#: An action that was tried so often and never succeeded was not tested.
ENOUGH_TRIES = 5


class Integrity:
    """Processes, holes, what was not measured and what was left behind."""

    name = 'integrity'
    wants: tuple[type[events.Event], ...] = (events.Note,)

    def __init__(
        self,
        calls: operations.Operations,
        gone: holes.Holes,
        plan: plan_model.Plan,
    ) -> None:
        self._calls = calls
        self._holes = gone
        self._plan = plan
        self._started: dict[str, int] = collections.defaultdict(int)
        self._ended: dict[str, int] = collections.defaultdict(int)
        self._unmeasured: list[events.Note] = []
        self._left: dict[str, events.Note] = {}

    def see(self, event: events.AnyEvent) -> None:
        if type(event) is not events.Note:
            return
        match event.what:
            case events.Topic.STARTED:
                self._started[event.about] += 1
            case events.Topic.ENDED:
                self._ended[event.about] += 1
            case events.Topic.UNMEASURED:
                self._unmeasured.append(event)
            case events.Topic.LEFT_BEHIND:
                self._left.setdefault(event.about, event)

    def conclude(self) -> model.Conclusion:
        if not self._holes.seen:
            return model.Conclusion(
                gaps=(self._gap('The history has no events.'),)
            )
        gaps = [
            *self._holes.gaps(self.name),
            *map(self._gap, self._processes()),
            *map(self._gap, self._work()),
            *(
                self._gap(f'{note.about}: not measured: {note.text}')
                for note in self._unmeasured
            ),
        ]
        left = tuple(map(_left_behind, self._left.values()))
        return model.Conclusion(
            findings=left,
            gaps=tuple(gaps),
            rows=(self._left_limit(),) if self._plan.storm else (),
        )

    def _gap(self, why: str) -> model.Gap:
        return model.Gap(checker=self.name, why=why)

    def _left_limit(self) -> model.Limit:
        # The storm's clean-up is the campaign's: it speaks if it ended.
        silent = self._ended.get('campaign', 0) == 0
        return model.Limit(name=LEFT, allowed=0, doubtful=silent)

    def _processes(self) -> collections.abc.Iterator[str]:
        for actor, times in self._ended.items():
            if self._started.get(actor, 0) < times:
                yield f'The process {actor} ended and never began.'
        for actor, times in self._started.items():
            if self._ended.get(actor, 0) < times:
                yield (
                    f'The process {actor} began and never ended in good '
                    'order: it died, and what it would have seen is lost.'
                )
            if times > 1:
                yield (
                    f'This is more than one run: the process {actor} began '
                    f'{times} times.'
                )
        if 'campaign' not in self._started:
            yield 'The campaign never began to write: no run is recorded.'
        if self._plan.storm and not any(
            actor.startswith('storm/') for actor in self._started
        ):
            yield 'A storm was planned and no process of it ever began.'
        services = self._plan.uptime.services if self._plan.uptime else ()
        for service in services or ():
            if f'uptime/{service}' not in self._started:
                yield f'{service} was to be watched and no process began to.'

    def _work(self) -> collections.abc.Iterator[str]:
        """What was planned and did not come to be, or only in part."""
        yield from self._broken_operations()
        if self._plan.storm is None:
            return
        tried: dict[str, int] = collections.defaultdict(int)
        done: dict[str, int] = collections.defaultdict(int)
        skipped: dict[str, list[str]] = collections.defaultdict(list)
        for operation in self._calls:
            if operation.error.startswith(unexpected.SKIPPED):
                skipped[operation.action].append(operation.error)
            tried[operation.action] += 1
            done[operation.action] += operation.acknowledged
        if not any(done.values()):
            yield 'No operation of the storm succeeded: nothing was tested.'
            return
        for action, reasons in skipped.items():
            if not done[action]:
                yield f'{action} was not tested: {reasons[0]}.'
        for action, times in tried.items():
            if action in skipped:
                continue
            if times >= ENOUGH_TRIES and not done[action]:
                yield (
                    f'{action} was tried {times} times and never succeeded: '
                    'it was not tested.'
                )

    def _broken_operations(self) -> collections.abc.Iterator[str]:
        pending = [
            operation
            for operation in self._calls
            if operation.known is operations.Known.PENDING
        ]
        if pending:
            count = model.plural(len(pending), 'operation')
            yield (
                f'{count} without a recorded outcome, first '
                f'{pending[0].action} {pending[0].op} at event '
                f'{pending[0].n}.'
            )
        for numbers, what in (
            (self._calls.orphans, 'without the call that it belongs to'),
            (self._calls.doubles, 'that an operation has already'),
        ):
            if numbers:
                count = model.plural(len(numbers), 'event')
                yield f'{count} {what}, first event {numbers[0]}.'


def _left_behind(note: events.Note) -> model.Finding:
    said = f' ({note.text})' if note.text else ''
    return model.Finding(
        checker='integrity',
        slo=LEFT,
        about=note.about,
        what=f'{note.about} was left behind. The clean-up of the run tried '
        f'again and again, and the cloud did not delete it{said}.',
        events=(note.n,),
        look_again=(
            model.show_resource(note.about),
            'tempest extreme clean --run .',
        ),
    )
