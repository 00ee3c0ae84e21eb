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
import rich.padding
import rich.table
import rich.text

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import summary
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.reports import verdict_json

#: Its name in the directory of a run.
NAME = 'summary.txt'

#: Findings and gaps that are shown; verdict.json has all.
MOST_SHOWN = 10
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
    _headline(verdict, console)
    _slo(verdict, console)
    _services(verdict, console)
    _faults(verdict, console)
    _operations(verdict, console)
    _findings(verdict, console)
    _gaps(verdict, console)
    _run(verdict, directory, console)


def _headline(
    verdict: verdicts.Verdict, console: rich.console.Console
) -> None:
    line = rich.text.Text()
    line.append(verdict.verdict.upper(), _STYLES[verdict.verdict])
    line.append(f'  {_clean(verdict.plan)}: {_clean(verdict.reason)}')
    console.print(line, highlight=False)


def _slo(verdict: verdicts.Verdict, console: rich.console.Console) -> None:
    if not verdict.slo:
        return
    table = _table('', 'SLO', 'measured', 'wanted')
    for row in verdict.slo:
        table.add_row(
            rich.text.Text(*_MARKS[row.ok]),
            _clean(row.name),
            row.measured,
            row.wanted,
        )
    _block(table, console)


def _services(
    verdict: verdicts.Verdict, console: rich.console.Console
) -> None:
    if not verdict.uptime:
        return
    table = _table('service', 'uptime', 'requests', 'failed', 'missed', 'down')
    for service, seen in verdict.uptime.items():
        table.add_row(
            _clean(service),
            _percent(seen.uptime_pct),
            str(seen.total_requests),
            str(seen.failed_requests),
            str(seen.missed_requests),
            f'{seen.down_time:.2f} s',
        )
    _block(table, console)
    for service, seen in verdict.uptime.items():
        for one in seen.outages[:MOST_OUTAGES]:
            _item(_outage(service, one), console)
        more = len(seen.outages) - MOST_OUTAGES
        if more > 0:
            _item(f'{_clean(service)}: {more} more outages', console)


def _outage(service: str, one: summary.OutageRow) -> str:
    errors = ', '.join(f'{name} {count}' for name, count in one.errors.items())
    cause = ' and '.join(one.faults) or 'no fault active'
    still = ', not over' if one.open else ''
    # The day is in the last lines; at night the time is enough.
    start = one.start[11:23]
    return _clean(
        f'{service} away from {start} for {one.seconds:.2f} s '
        f'({one.least_s:.2f} to {one.most_s:.2f}){still}: {errors}; {cause}'
    )


def _faults(verdict: verdicts.Verdict, console: rich.console.Console) -> None:
    if not verdict.faults:
        return
    _title('faults', console)
    for fault in verdict.faults:
        took = (
            'not proven healed'
            if fault.recovery_s is None
            else f'healed after {fault.recovery_s:.1f} s'
        )
        proven = '' if 'evidenced' in fault.phases else ', not proven'
        _item(
            _clean(
                f'{fault.fault}  {fault.kind} of {fault.target}{proven}, '
                f'{took}'
            ),
            console,
        )
        for phase, label in _PROOFS.items():
            if phase in fault.evidence:
                _item(
                    _clean(f'{label}: {fault.evidence[phase]}'),
                    console,
                    indent=4,
                )


def _operations(
    verdict: verdicts.Verdict, console: rich.console.Console
) -> None:
    if not verdict.operations:
        return
    table = _table(
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
        table.add_row(_clean(action), *map(str, numbers), *times)
    _block(table, console)
    excused = round(verdict.measured.get('errors_during_faults', 0))
    if excused:
        _item(
            f'{model.plural(excused, "error")} during faults, not counted',
            console,
        )


def _findings(
    verdict: verdicts.Verdict, console: rich.console.Console
) -> None:
    if not verdict.findings:
        return
    _title(f'findings ({len(verdict.findings)})', console)
    shown = verdict.findings[:MOST_SHOWN]
    for number, finding in enumerate(shown, start=1):
        _hang(
            f'{number:>3}. ',
            f'{finding.checker}: {_clean(finding.what)}',
            console,
        )
        if finding.events:
            numbers = ', '.join(map(str, finding.events))
            _item(f'events {numbers}', console, indent=5)
        for command in finding.look_again:
            # A command that is wrapped cannot be copied.
            _command(f'     $ {_clean(command)}', console)
    _more(len(verdict.findings), console)


def _gaps(verdict: verdicts.Verdict, console: rich.console.Console) -> None:
    if not verdict.gaps:
        return
    _title(f'not measured ({len(verdict.gaps)})', console)
    for gap in verdict.gaps[:MOST_SHOWN]:
        _hang('  - ', f'{gap.checker}: {_clean(gap.why)}', console)
    _more(len(verdict.gaps), console)


def _run(
    verdict: verdicts.Verdict,
    directory: pathlib.Path | None,
    console: rich.console.Console,
) -> None:
    _title('run', console)
    _item(
        _clean(
            f'{_when(verdict.start)} for {verdict.duration_s:.1f} s, '
            f'{model.plural(verdict.events, "event")}, seed {verdict.seed}'
        ),
        console,
    )
    if directory is not None:
        _command(f'  files in {directory}', console)
        _command(f'  $ tempest extreme check {directory}', console)


def _more(count: int, console: rich.console.Console) -> None:
    if count > MOST_SHOWN:
        _item(
            f'and {count - MOST_SHOWN} more, see {verdict_json.NAME}', console
        )


def _table(first: str, *columns: str) -> rich.table.Table:
    table = rich.table.Table(
        box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style='bold'
    )
    table.add_column(first, overflow='fold')
    for column in columns:
        words = column in ('SLO', 'wanted', 'measured')
        table.add_column(
            column,
            justify='left' if words else 'right',
            no_wrap=True,
        )
    return table


def _title(title: str, console: rich.console.Console) -> None:
    console.print()
    console.print(rich.text.Text(title, 'bold'), highlight=False)


def _block(table: rich.table.Table, console: rich.console.Console) -> None:
    console.print()
    console.print(table, highlight=False)


def _item(line: str, console: rich.console.Console, indent: int = 2) -> None:
    console.print(
        rich.padding.Padding(rich.text.Text(line), (0, 0, 0, indent)),
        highlight=False,
    )


def _hang(mark: str, line: str, console: rich.console.Console) -> None:
    """A line whose further lines stand below its first word."""
    grid = rich.table.Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(rich.text.Text(mark), rich.text.Text(line))
    console.print(grid, highlight=False)


def _command(line: str, console: rich.console.Console) -> None:
    console.print(rich.text.Text(line), soft_wrap=True, highlight=False)


def _percent(value: float | None) -> str:
    return 'unknown' if value is None else f'{value:.3f} %'


def _when(utc: str) -> str:
    """``2026-11-20 18:00:00 UTC`` of ISO 8601."""
    return f'{utc[:10]} {utc[11:19]} UTC'


def _clean(line: str) -> str:
    """Text of a cloud must not move the cursor of a terminal."""
    return ''.join(letter if letter.isprintable() else '?' for letter in line)
