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
"""Unexpected answers: a 5xx, or none, while nothing was being broken.

A refused connection is a ``fail``, for it certainly did nothing, and yet it
is no answer.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events

#: How the error of a call begins that the load process broke off.
INTERRUPTED = 'interrupted: '

NO_ANSWER = 'no answer'

_Key = tuple[str, str, str]


class Unexpected:
    """Answers of 500 and more, and none at all, outside fault windows.

    :param allowed: how many the plan allows.
    """

    name = 'unexpected'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self,
        calls: operations.Operations,
        faults: windows.Faults,
        allowed: int,
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._allowed = allowed

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        cover = windows.Cover(self._faults.windows())
        groups: dict[_Key, list[operations.Operation]] = (
            collections.defaultdict(list)
        )
        excused = 0
        for operation in self._calls:
            answer = _answer(operation)
            if not answer:
                continue
            if cover.of(operation.invoke.t, operation.end):
                excused += 1
                continue
            invoke = operation.invoke
            groups[(invoke.service, invoke.action, answer)].append(operation)
        total = sum(len(group) for group in groups.values())
        return model.Conclusion(
            findings=tuple(
                _finding(key, group, bool(self._faults.stories))
                for key, group in groups.items()
            ),
            rows=(
                model.at_most(
                    'unexpected 5xx or no answer', self._allowed, total, ()
                ),
            )
            if len(self._calls)
            else (),
            measured={'unexpected': total, 'errors_during_faults': excused},
        )


def _answer(operation: operations.Operation) -> str:
    """The class of an unexpected answer, empty for any other."""
    outcome = operation.outcome
    if outcome is None or isinstance(outcome, events.Ok):
        return ''
    if outcome.status >= 500:
        return str(outcome.status)
    if outcome.status == 0:
        # A call that we broke off ourselves says nothing of the cloud.
        own = outcome.error.startswith(INTERRUPTED)
        return '' if own else NO_ANSWER
    if outcome.status < 300:
        return f'{outcome.status} with a malformed body'
    return ''


def _finding(
    key: _Key,
    group: collections.abc.Sequence[operations.Operation],
    faults: bool,
) -> model.Finding:
    service, action, answer = key
    shown = group[: model.MOST_EVIDENCE]
    numbers = tuple(
        operation.outcome.n for operation in shown if operation.outcome
    )
    ids = tuple(each for one in shown for each in one.request_ids())
    error = next(
        (
            one.outcome.error
            for one in group
            if one.outcome and one.outcome.error
        ),
        '',
    )
    times = model.plural(len(group), 'time')
    did = (
        f'gave no answer to {action}'
        if answer == NO_ANSWER
        else f'answered {answer} to {action}'
    )
    why = (
        'No fault was active then'
        if faults
        else 'Nothing was being broken in this run'
    )
    said = f': {error}' if error else ''
    return model.Finding(
        checker='unexpected',
        about=service,
        what=f'{service} {did} {times}. {why}, so this is the '
        f"cloud's own{said}.",
        events=numbers,
        request_ids=ids,
        look_again=(
            model.look_at(numbers),
            *(model.grep_request(each) for each in ids[:3]),
        ),
        count=len(group),
    )
