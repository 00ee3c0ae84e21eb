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
"""What a checker is and what it says.

A checker sees the events of a history once, in order, and concludes at the
end. It claims nothing that its events do not prove: what they cannot tell is
a gap, and a gap makes the verdict ``unknown``.
"""

import collections.abc
import shlex
from typing import Protocol

import msgspec

from extreme_tempest_plugin.history import events

#: Nanoseconds in a second.
SECOND = 1_000_000_000

#: Events and request ids that one finding lists at most; the history has all.
MOST_EVIDENCE = 10


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found, with its evidence.

    :param checker: name of the checker.
    :param about: the resource, service or fault.
    :param what: two sentences: what is wrong, and why that is certain.
    :param events: numbers of the events that prove it.
    :param request_ids: for the logs of the cloud.
    :param look_again: commands that show it again.
    :param count: how many times it happened.
    :param service: whose it is, where there is one.
    :param action: of the operation that shows it, where there is one.
    :param slo: name of the SLO that it counts against; empty for one that
        has a row of its own.
    :param known: id of the known issue that it is; empty if it is none.
    """

    checker: str
    about: str
    what: str
    events: tuple[int, ...] = ()
    request_ids: tuple[str, ...] = ()
    look_again: tuple[str, ...] = ()
    count: int = 1
    service: str = ''
    action: str = ''
    slo: str = ''
    known: str = ''


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that could not be measured.

    :param checker: name of the checker.
    :param why: one sentence.
    """

    checker: str
    why: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the SLO table.

    :param name: what was asked.
    :param wanted: what the plan wants.
    :param measured: what the history shows.
    :param ok: whether it was reached; None if nobody knows.
    """

    name: str
    wanted: str
    measured: str
    ok: bool | None


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """An SLO that allows a number of findings.

    :param doubtful: something was not seen, so that a low number proves
        nothing.
    """

    name: str
    allowed: int
    doubtful: bool = False

    def row(self, findings: collections.abc.Iterable[Finding]) -> Row:
        """What it says of these findings; known issues do not count."""
        certain = sum(
            finding.count
            for finding in findings
            if finding.slo == self.name and not finding.known
        )
        too_many = certain > self.allowed
        return Row(
            name=self.name,
            wanted=f'at most {self.allowed}',
            measured=str(certain),
            ok=False if too_many else None if self.doubtful else True,
        )


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """All that a checker has to say.

    :param rows: lines for the SLO table.
    :param measured: numbers by name, for the reader.
    """

    findings: tuple[Finding, ...] = ()
    gaps: tuple[Gap, ...] = ()
    rows: tuple[Row | Limit, ...] = ()
    measured: dict[str, float] = {}


class Collector(Protocol):
    """Sees the events once, in order.

    :ivar wants: the types of the events that it is shown.
    """

    @property
    def wants(self) -> tuple[type[events.Event], ...]: ...

    def see(self, event: events.AnyEvent) -> None:
        """Take one event in; must not raise, whatever the event says."""


class Checker(Collector, Protocol):
    """A function from a history to findings, in steps.

    :ivar name: names it in findings.
    """

    @property
    def name(self) -> str: ...

    def conclude(self) -> Conclusion:
        """After the last event: what was found and what was not seen."""


def show(
    source: collections.abc.Iterable[events.AnyEvent],
    collectors: collections.abc.Sequence[Collector],
) -> None:
    """Show each event, once, to those who want its type."""
    table: dict[
        type[events.Event],
        list[collections.abc.Callable[[events.AnyEvent], None]],
    ] = collections.defaultdict(list)
    for collector in collectors:
        for kind in collector.wants:
            table[kind].append(collector.see)
    for event in source:
        for see in table[type(event)]:
            see(event)


def doubt(finding: Finding) -> Gap:
    """A finding that a history with holes does not prove."""
    return Gap(
        checker=finding.checker,
        why='It looks so, but the history has holes, so it is not certain: '
        + finding.what,
    )


def seconds(duration_ns: int) -> str:
    """A duration for people.

    :param duration_ns: in ns.
    """
    value = duration_ns / SECOND
    if value < 10:
        return f'{value:.2f} s'
    return f'{value:.1f} s' if value < 100 else f'{value:.0f} s'


def plural(number: int, one: str, many: str = '') -> str:
    """``1 server``, ``2 servers``.

    :param many: the plural where it is not ``one`` with an s.
    """
    return f'{number} {one if number == 1 else many or one + "s"}'


def look_at(
    numbers: collections.abc.Sequence[int], path: str = 'history.jsonl'
) -> str:
    """The command that prints these events: the header is line 1."""
    lines = ''.join(f'{number + 1}p;' for number in numbers)
    return f"sed -n '{lines}' {path}"


def grep_request(request_id: str) -> str:
    """The command that finds a request in the journals of a host."""
    return f'journalctl --no-pager --grep {shlex.quote(request_id)}'


def show_resource(resource: str) -> str:
    """The command that shows a resource, ``server/<id>``.

    Quoted: a name that a cloud made up must not run in an operator's shell.
    """
    kind, _, name = resource.partition('/')
    return f'openstack {shlex.quote(kind)} show {shlex.quote(name)}'
