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
"""Latency of calls and time to rest, against what the plan allows.

A limit is missed where all that is possible is above it, and kept where all
of it is below; between the two nobody knows. See ``durations``.
"""

import collections.abc

from extreme_tempest_plugin.checkers import durations
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

#: Kind of the operations that are tests of Tempest: no limit by default.
TEST = 'tempest'

_Limits = collections.abc.Mapping[str, plan_model.Times]


class Times:
    """Latency and time to rest outside of fault windows."""

    name = 'times'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self,
        calls: operations.Operations,
        faults: windows.Faults,
        gone: holes.Holes,
        slo: plan_model.Slo,
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._holes = gone
        self._slo = slo
        self._findings: list[model.Finding] = []
        self._gaps: list[model.Gap] = []
        self._rows: list[model.Row] = []

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        cover = windows.Cover(self._faults.windows())
        if self._slo.latency:
            samples = durations.latencies(self._calls, cover)
            self._judge_all('latency', self._slo.latency, samples)
        if self._slo.settle:
            samples = durations.settle_times(self._calls, cover)
            self._judge_all('time to rest', self._slo.settle, samples)
        return model.Conclusion(
            findings=tuple(self._findings),
            gaps=tuple(self._gaps),
            rows=tuple(self._rows),
        )

    def _judge_all(
        self, what: str, wanted: _Limits, samples: durations.Samples
    ) -> None:
        default = wanted.get(plan_model.DEFAULT)
        named = {**wanted}
        named.pop(plan_model.DEFAULT, None)
        if default:
            for action in samples:
                if action.partition('.')[0] != TEST:
                    named.setdefault(action, default)
        for action, times in named.items():
            for name, percent, limit in times.limits():
                self._judge(
                    f'{name} of the {what} of {action}',
                    samples.get(action, []),
                    percent,
                    limit,
                )

    def _judge(
        self,
        name: str,
        samples: list[durations.Sample],
        percent: int,
        limit: float,
    ) -> None:
        limit_ns = round(limit * model.SECOND)
        least, most = durations.bounds(samples, percent)
        ok = None
        if least > limit_ns:
            finding = _finding(name, samples, least, limit)
            # What is in a hole may have been quick.
            if self._holes and percent < 100:
                self._gaps.append(model.doubt(finding))
            else:
                ok = False
                self._findings.append(finding)
        elif most <= limit_ns:
            ok = True
        else:
            self._gaps.append(
                model.Gap(
                    checker=self.name,
                    why=f'The {name} is not known to be at most {limit:g} s: '
                    f'{_doubt(samples, percent, least, most)}.',
                )
            )
        self._rows.append(
            model.Row(
                name=name,
                wanted=f'at most {limit:g} s',
                measured=_measured(len(samples), least, most, ok),
                ok=ok,
            )
        )


def _measured(number: int, least: int, most: int, ok: bool | None) -> str:
    if not number:
        return 'nothing'
    if ok is True or least == most:
        shown = model.seconds(most)
    elif ok is False or most == durations.FOREVER:
        shown = f'at least {model.seconds(least)}'
    else:
        shown = f'{model.seconds(least)} to {model.seconds(most)}'
    return f'{shown} of {number}'


def _doubt(
    samples: list[durations.Sample], percent: int, least: int, most: int
) -> str:
    """Why it is not known."""
    takes = durations.needed(percent)
    if len(samples) < takes:
        return (
            f'that takes {model.plural(takes, "operation")}, and '
            f'{len(samples)} ended outside of fault windows'
        )
    if most == durations.FOREVER:
        return (
            f'it is at least {model.seconds(least)}, and some operations '
            'were never seen to end'
        )
    return (
        f'it is between {model.seconds(least)} and {model.seconds(most)}, '
        'for the looks do not show the moment'
    )


def _finding(
    name: str, samples: list[durations.Sample], least: int, limit: float
) -> model.Finding:
    limit_ns = round(limit * model.SECOND)
    slow = sorted(
        (one for one in samples if one.least > limit_ns),
        key=lambda one: one.least,
        reverse=True,
    )
    calls = [one.operation for one in slow[: model.MOST_EVIDENCE // 3]]
    first = calls[0]
    numbers = tuple(number for call in calls for number in call.evidence())
    ids = tuple(each for call in calls for each in call.request_ids())
    since = ', counted from when it was due' if first.intended else ''
    return model.Finding(
        checker=Times.name,
        about=first.action,
        service=first.service,
        action=first.action,
        what=f'The {name} is at least {model.seconds(least)}, and the plan '
        f'allows {limit:g} s. Outside of fault windows {len(slow)} of '
        f'{model.plural(len(samples), "operation")} took certainly longer, '
        f'the slowest at least {model.seconds(slow[0].least)}{since}.',
        events=numbers,
        request_ids=ids,
        look_again=(
            model.look_at(numbers),
            *map(model.grep_request, ids),
        ),
    )
