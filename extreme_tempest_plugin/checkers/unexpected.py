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
"""Unexpected answers: a 5xx, none at all, or a refusal without a right to it.

Only while nothing was being broken. A refused connection is a ``fail``, for
it certainly did nothing, and yet it is no answer.

A refusal (4xx) is the cloud's right where the contract of the API allows it
for that call (``allowed``), where a quota is used up, where the cloud asks to
be left alone for a while, and where what was acted on is gone (404) by a
deletion that it acknowledged before, however late. Any other one is a finding:
a user acts on what it has seen at rest and nobody else touches.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

#: How the error of a call begins that the load process broke off.
INTERRUPTED = 'interrupted: '

#: How it begins where a test of Tempest was skipped.
SKIPPED = 'skipped: '

NO_ANSWER = 'no answer'

ERRORS = 'unexpected 5xx or no answer'
REFUSALS = 'unexpected refusals (4xx)'

#: With these a service says that a quota is used up, and names it: nova,
#: glance 403, neutron 409, cinder, swift and designate 413.
QUOTA = frozenset({403, 409, 413})

_GONE = '404'

#: The rate of requests is limited, whatever was asked for (RFC 6585).
TOO_MANY = 429

_Key = tuple[str, str, str]
_Groups = dict[_Key, list[operations.Operation]]


class Unexpected:
    """Answers of 500 and more, and none at all, outside fault windows.

    :param slo: how many of each kind the plan allows.
    """

    name = 'unexpected'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self,
        calls: operations.Operations,
        faults: windows.Faults,
        slo: plan_model.Slo,
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._slo = slo

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        cover = windows.Cover(self._faults.windows())
        errors: _Groups = collections.defaultdict(list)
        refusals: _Groups = collections.defaultdict(list)
        excused = 0
        deleted = self._deleted()
        for operation in self._calls:
            wrong = answer(operation)
            refused = refusal(operation)
            if not wrong and not refused:
                continue
            late = deleted.get(operation.resource, operation.began)
            if refused == _GONE and late < operation.began:
                continue
            if cover.of(operation.began, operation.end):
                excused += 1
                continue
            key = (operation.service, operation.action, wrong or refused)
            (errors if wrong else refusals)[key].append(operation)
        faults = bool(self._faults.stories)
        return model.Conclusion(
            findings=(
                *(_finding(key, errors[key], faults) for key in errors),
                *(_refused(key, refusals[key]) for key in refusals),
            ),
            rows=(
                model.Limit(name=ERRORS, allowed=self._slo.unexpected_5xx),
                model.Limit(name=REFUSALS, allowed=self._slo.unexpected_4xx),
            )
            if len(self._calls)
            else (),
            measured={
                'unexpected': _total(errors),
                'unexpected_refusals': _total(refusals),
                'errors_during_faults': excused,
            },
        )

    def _deleted(self) -> dict[str, int]:
        """When a deletion was acknowledged, ns, by what it deletes."""
        found: dict[str, int] = {}
        for call in self._calls:
            if call.consumes and call.acknowledged and call.resource:
                found[call.resource] = min(
                    call.end, found.get(call.resource, call.end)
                )
        return found


def _total(groups: _Groups) -> int:
    return sum(len(group) for group in groups.values())


def answer(operation: operations.Operation) -> str:
    """The class of an unexpected answer, empty for any other."""
    known, status = operation.known, operation.status
    if known in (operations.Known.OK, operations.Known.PENDING):
        return ''
    if status >= 500:
        return str(status)
    if status == 0:
        # A call that we broke off ourselves says nothing of the cloud.
        own = operation.error.startswith((INTERRUPTED, SKIPPED))
        return '' if own else NO_ANSWER
    if status < 300:
        return f'{status} with a malformed body'
    return ''


def refusal(operation: operations.Operation) -> str:
    """The status of a refusal that the contract does not allow, or empty."""
    status = operation.status
    if operation.known is not operations.Known.FAIL or not (
        400 <= status < 500
    ):
        return ''
    right = (
        # A history of before 2026-11-21 does not say what was allowed.
        not operation.effect
        or status in operation.allowed
        or status == TOO_MANY
        or operation.retry_after > 0
        or (status in QUOTA and 'quota' in operation.error.lower())
    )
    return '' if right else str(status)


def _finding(
    key: _Key,
    group: collections.abc.Sequence[operations.Operation],
    faults: bool,
) -> model.Finding:
    service, action, answer = key
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
    return _make(
        key,
        group,
        f'{service} {did} {times}. {why}, so this is the '
        f"cloud's own{_said(group)}.",
        ERRORS,
    )


def _refused(
    key: _Key, group: collections.abc.Sequence[operations.Operation]
) -> model.Finding:
    service, action, answer = key
    times = model.plural(len(group), 'time')
    allowed = ', '.join(map(str, group[0].allowed))
    return _make(
        key,
        group,
        f'{service} refused {action} {times} with {answer}. What it acted on '
        'had been seen at rest in a state that allows it, and the contract '
        f'of the API allows {f"only {allowed}" if allowed else "no refusal"} '
        f'there{_said(group)}.',
        REFUSALS,
    )


def _said(group: collections.abc.Iterable[operations.Operation]) -> str:
    """The first error that says something, to be added to a sentence."""
    return next((f': {one.error}' for one in group if one.error), '')


def _make(
    key: _Key,
    group: collections.abc.Sequence[operations.Operation],
    what: str,
    slo: str,
) -> model.Finding:
    shown = group[: model.MOST_EVIDENCE]
    numbers = tuple(operation.answer for operation in shown)
    ids = tuple(each for one in shown for each in one.request_ids())
    return model.Finding(
        checker='unexpected',
        about=key[0],
        service=key[0],
        action=key[1],
        slo=slo,
        what=what,
        events=numbers,
        request_ids=ids,
        look_again=(
            model.look_at(numbers),
            *(model.grep_request(each) for each in ids[:3]),
        ),
        count=len(group),
    )
