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
"""The summary for people: on a terminal, and plain in summary.txt.

Read at night in ten seconds: the first line is the verdict and why. No
frames, so that it survives a log and a subunit attachment.
"""

import io
import pathlib

import rich.console
import rich.text

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import summary_uptime
from extreme_tempest_plugin.checkers import unanswered
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.reports import page
from extreme_tempest_plugin.reports import text_findings
from extreme_tempest_plugin.reports import verdict_json

#: Its name in the directory of a run.
NAME = 'summary.txt'

#: Outages of one service that are shown.
MOST_OUTAGES = 5

_WIDTH = 80

_STYLES = {
    verdicts.Word.PASS: 'bold green',
    verdicts.Word.FAIL: 'bold red',
    verdicts.Word.UNKNOWN: 'bold yellow',
}
_MARKS: dict[bool | None, tuple[str, str]] = {
    True: ('ok', 'green'),
    False: ('FAIL', 'bold red'),
    None: ('unknown', 'bold yellow'),
}


#: Phases of a fault that a reader wants proof of.
_PROOFS = {'evidenced': 'happened', 'heal-evidenced': 'healed'}

#: What operations without an answer came to.
_SIDES = {
    unanswered.Side.DONE: 'done',
    unanswered.Side.NOT_DONE: 'not done',
    unanswered.Side.NO_TRACE: 'that leave no trace',
    unanswered.Side.UNKNOWN: 'not shown',
}


def render(
    verdict: verdicts.Verdict, directory: pathlib.Path | None = None
) -> str:
    """The summary as plain text, 80 columns.

    :param directory: of the run, where its files lie; None to leave it out.
    """
    out = io.StringIO()
    console = rich.console.Console(
        file=out, width=_WIDTH, color_system=None, force_terminal=False
    )
    _print(verdict, directory, console)
    # rich fills lines up with spaces, which a log should not have.
    lines = (line.rstrip() for line in out.getvalue().splitlines())
    return '\n'.join(lines) + '\n'


def write(verdict: verdicts.Verdict, directory: pathlib.Path) -> None:
    """Write summary.txt into the directory of a run.

    :raises OSError: if it cannot be written.
    """
    verdict_json.write_whole(directory / NAME, render(verdict, directory))


def show(
    verdict: verdicts.Verdict,
    directory: pathlib.Path | None,
    console: rich.console.Console,
) -> None:
    """Print the summary.

    :param console: where to; on a terminal with its colours and width,
        elsewhere plain.
    """
    if console.is_terminal:
        _print(verdict, directory, console)
    else:
        console.file.write(render(verdict, directory))


def _print(
    verdict: verdicts.Verdict,
    directory: pathlib.Path | None,
    console: rich.console.Console,
) -> None:
    out = page.Page(console)
    _headline(verdict, out)
    _slo(verdict, out)
    # Why the verdict is what it is comes before what else was seen: a log of
    # CI that keeps the beginning only has it.
    text_findings.findings(verdict, out)
    text_findings.known_issues(verdict, out)
    text_findings.gaps(verdict, out)
    _services(verdict, out)
    _faults(verdict, out)
    _operations(verdict, out)
    text_findings.logs(verdict, out)
    _run(verdict, directory, out)


def _headline(verdict: verdicts.Verdict, out: page.Page) -> None:
    line = rich.text.Text()
    line.append(verdict.verdict.upper(), _STYLES[verdict.verdict])
    line.append(f'  {page.clean(verdict.plan)}: {page.clean(verdict.reason)}')
    out.line(line)


def _slo(verdict: verdicts.Verdict, out: page.Page) -> None:
    if not verdict.slo:
        return
    table = page.table('', 'SLO', 'measured', 'wanted', wraps=1, words=True)
    for row in verdict.slo:
        table.add_row(
            rich.text.Text(*_MARKS[row.ok]),
            page.clean(row.name),
            row.measured,
            row.wanted,
        )
    out.block(table)


def _services(verdict: verdicts.Verdict, out: page.Page) -> None:
    if not verdict.uptime:
        return
    table = page.table(
        'service', 'uptime', 'requests', 'failed', 'missed', 'down', 'p99'
    )
    for service, seen in verdict.uptime.items():
        table.add_row(
            page.clean(service),
            _percent(seen.uptime_pct),
            str(seen.total_requests),
            str(seen.failed_requests),
            str(seen.missed_requests),
            f'{seen.down_time:.2f} s',
            f'{seen.latency.p99_s:.3f} s' if seen.latency else '',
        )
    out.block(table)
    for service, seen in verdict.uptime.items():
        for one in seen.outages[:MOST_OUTAGES]:
            out.item(_outage(service, one))
        more = len(seen.outages) - MOST_OUTAGES
        if more > 0:
            out.item(f'{page.clean(service)}: {more} more outages')


def _outage(service: str, one: summary_uptime.OutageRow) -> str:
    errors = ', '.join(f'{name} {count}' for name, count in one.errors.items())
    marks = (f'"{text}"' for text in one.marks)
    cause = ' and '.join((*one.faults, *marks)) or 'no fault active'
    still = ', not over' if one.open else ''
    if one.shared_s:
        cause += f', the control away for {one.shared_s:.2f} s of it'
    # The day is in the last lines; at night the time is enough.
    start = one.start[11:23]
    return page.clean(
        f'{service} away from {start} for {one.seconds:.2f} s '
        f'({one.least_s:.2f} to {one.most_s:.2f}){still}: {errors}; {cause}'
    )


def _faults(verdict: verdicts.Verdict, out: page.Page) -> None:
    if not verdict.faults:
        return
    out.title('faults')
    for fault in verdict.faults:
        took = (
            'not proven healed'
            if fault.recovery_s is None
            else f'healed after {fault.recovery_s:.1f} s'
        )
        proven = '' if 'evidenced' in fault.phases else ', not proven'
        out.item(
            page.clean(
                f'{fault.fault}  {fault.kind} of {fault.target}{proven}, '
                f'{took}'
            )
        )
        for label, times in (
            ('worked', fault.worked_s),
            ('steady', fault.steady_s),
        ):
            if times:
                out.item(page.clean(f'{label}: {_again(times)}'), indent=4)
        for phase, label in _PROOFS.items():
            if phase in fault.evidence:
                out.item(
                    page.clean(f'{label}: {fault.evidence[phase]}'), indent=4
                )


def _again(times: dict[str, float | None]) -> str:
    """When each was again what it was before."""
    return ', '.join(
        f'{name} not again' if after is None else f'{name} after {after:.1f} s'
        for name, after in times.items()
    )


def _operations(verdict: verdicts.Verdict, out: page.Page) -> None:
    if not verdict.operations:
        return
    table = page.table(
        'operation',
        'ok',
        'fail',
        'info',
        'pending',
        'to rest',
        'p95',
        'slowest',
    )
    for action, counts in verdict.operations.items():
        rest = verdict.settle.get(action)
        times = (
            (
                f'{rest.median_s:.2f} s',
                f'{rest.p95_s:.2f}',
                f'{rest.max_s:.2f}',
            )
            if rest
            else ('', '', '')
        )
        numbers = (counts.ok, counts.fail, counts.info, counts.pending)
        table.add_row(page.clean(action), *map(str, numbers), *times)
    out.block(table)
    _unanswered(verdict, out)
    excused = round(verdict.measured.get('errors_during_faults', 0))
    if excused:
        out.item(
            f'{model.plural(excused, "error")} during faults, not counted'
        )


def _unanswered(verdict: verdicts.Verdict, out: page.Page) -> None:
    sides = {
        words: round(verdict.measured.get(side.value, 0))
        for side, words in _SIDES.items()
    }
    if total := sum(sides.values()):
        became = ', '.join(f'{n} {words}' for words, n in sides.items() if n)
        out.item(f'{total} without an answer, by the census: {became}')


def _run(
    verdict: verdicts.Verdict,
    directory: pathlib.Path | None,
    out: page.Page,
) -> None:
    out.title('run')
    out.item(
        page.clean(
            f'{_when(verdict.start)} for {verdict.duration_s:.1f} s, '
            f'{model.plural(verdict.events, "event")}, seed {verdict.seed}'
        )
    )
    if directory is not None:
        out.command(f'  files in {directory}')
        out.command(f'  $ tempest extreme check {directory}')


def _percent(value: float | None) -> str:
    return 'unknown' if value is None else f'{value:.3f} %'


def _when(utc: str) -> str:
    """``2026-11-20 18:00:00 UTC`` of ISO 8601."""
    return f'{utc[:10]} {utc[11:19]} UTC'
