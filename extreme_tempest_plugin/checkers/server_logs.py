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
"""Lines of the servers' logs that an operator should read.

Lines that differ in numbers, ids and times only are one kind of line. They
are always listed; they are findings where the plan limits them
(``slo.log_errors``), for services log an ERROR in many a healthy race.

A line is read some time after it was written. So one that no request id ties
to an operation is excused from the injection of the first fault on.
"""

import collections
import collections.abc
import re

import msgspec

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events

SLO = 'error lines in server logs'

#: What makes two lines of one kind different.
_VARIABLE = re.compile(
    r'req-[0-9a-f-]{36}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,}'
    r'|xt-[0-9a-f]{12}[\w-]*|\d[\d.:,T-]*'
)

#: Time, process and level, which come before the words of oslo.log's lines.
_HEAD = re.compile(r'^.*?\s(?:ERROR|CRITICAL|TRACE)\s+')

#: Context in brackets: request id, user, project.
_CONTEXT = re.compile(r'^(\S+)\s+\[[^\]]*\]\s*')


class LogLines(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of line.

    :param words: without times and ids.
    :param hosts: where it was seen.
    :param count: how many times, in all.
    :param excused: how many of them while something was broken on purpose.
    :param first: number of the first event.
    :param actions: of the operations whose requests it is about.
    """

    level: str
    file: str
    words: str
    hosts: tuple[str, ...]
    count: int
    excused: int
    first: int
    actions: tuple[str, ...]


_Key = tuple[str, str, str]


class ServerLogs:
    """Lines of level ERROR, CRITICAL and TRACE.

    :param allowed: kinds of lines that the plan allows; None lists them only.
    """

    name = 'logs'
    wants: tuple[type[events.Event], ...] = (events.Log,)

    def __init__(
        self,
        calls: operations.Operations,
        faults: windows.Faults,
        allowed: int | None,
    ) -> None:
        self._calls = calls
        self._faults = faults
        self._allowed = allowed
        self._seen: dict[_Key, list[events.Log]] = collections.defaultdict(
            list
        )
        #: After ``conclude``: what was seen, most frequent first.
        self.lines: tuple[LogLines, ...] = ()

    def see(self, event: events.AnyEvent) -> None:
        if type(event) is events.Log:
            key = (event.level, event.file, words(event.line))
            self._seen[key].append(event)

    def conclude(self) -> model.Conclusion:
        wanted = {
            event.request_id
            for group in self._seen.values()
            for event in group
            if event.request_id
        }
        by_request = {
            call.request_id: call
            for call in self._calls
            if call.request_id in wanted and call.request_id
        }
        cover = windows.Cover(self._faults.windows())
        begun = min(
            (window.start for window in self._faults.windows()),
            default=None,
        )
        found: list[model.Finding] = []
        lines: list[LogLines] = []
        for key, group in self._seen.items():
            counted = [
                event
                for event in group
                if not _excused(event, by_request, cover, begun)
            ]
            lines.append(_lines(key, group, len(counted), by_request))
            if counted:
                found.append(_finding(key, counted, by_request))
        self.lines = tuple(
            sorted(lines, key=lambda one: (-one.count, one.first))
        )
        measured = {'log_lines': float(sum(map(len, self._seen.values())))}
        if self._allowed is None:
            return model.Conclusion(measured=measured)
        return model.Conclusion(
            findings=tuple(found),
            rows=(model.Limit(name=SLO, allowed=self._allowed),),
            measured=measured,
        )


def words(line: str) -> str:
    """A line without what makes it different from others of its kind."""
    said = _HEAD.sub('', line, count=1)
    said = _CONTEXT.sub(r'\1 ', said, count=1)
    return _VARIABLE.sub('*', said).strip()


_ByRequest = collections.abc.Mapping[str, operations.Operation]


def _excused(
    event: events.Log,
    by_request: _ByRequest,
    cover: windows.Cover,
    begun: int | None,
) -> bool:
    call = by_request.get(event.request_id)
    if call is not None:
        return bool(
            cover.of(call.began, call.rest.t if call.rest else event.t)
        )
    return begun is not None and event.t >= begun


def _actions(
    group: collections.abc.Iterable[events.Log], by_request: _ByRequest
) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            by_request[event.request_id].action
            for event in group
            if event.request_id in by_request
        )
    )


def _lines(
    key: _Key,
    group: collections.abc.Sequence[events.Log],
    counted: int,
    by_request: _ByRequest,
) -> LogLines:
    level, file, said = key
    return LogLines(
        level=level,
        file=file,
        words=said,
        hosts=tuple(dict.fromkeys(event.host for event in group)),
        count=len(group),
        excused=len(group) - counted,
        first=group[0].n,
        actions=_actions(group, by_request),
    )


def _finding(
    key: _Key,
    group: collections.abc.Sequence[events.Log],
    by_request: _ByRequest,
) -> model.Finding:
    level, file, said = key
    shown = group[: model.MOST_EVIDENCE]
    numbers = tuple(event.n for event in shown)
    ids = tuple(
        dict.fromkeys(event.request_id for event in shown if event.request_id)
    )
    actions = _actions(group, by_request)
    whose = f' It belongs to {", ".join(actions)}.' if actions else ''
    return model.Finding(
        checker='logs',
        about=f'{group[0].host}:{file}',
        what=f'{level} in {file} of {group[0].host}, '
        f'{model.plural(len(group), "time")}: {said}.{whose} Nothing was '
        'being broken when it was written.',
        events=numbers,
        request_ids=ids,
        look_again=(
            model.look_at(numbers),
            *map(model.grep_request, ids[:3]),
        ),
        action=actions[0] if actions else '',
        slo=SLO,
    )
