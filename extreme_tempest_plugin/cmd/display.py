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
"""What a terminal shows while a campaign runs."""

import collections.abc
import contextlib
import sys

import rich.console
import rich.live
import rich.table
import rich.text

from extreme_tempest_plugin import progress
from extreme_tempest_plugin.plan import values

#: What a monitor's last sample says; None if it says nothing about now.
_STATES: dict[bool | None, tuple[str, str]] = {
    True: ('up  ', 'green'),
    False: ('AWAY', 'bold red'),
    None: ('?   ', 'yellow'),
}

#: What a terminal or a pipe raises that is gone; rich exits for a pipe.
_GONE = (OSError, SystemExit)


@contextlib.contextmanager
def live(quiet: bool) -> collections.abc.Iterator[progress.Display]:
    """Show progress: a table on a terminal, a line for each phase elsewhere.

    A terminal that is gone is shown nothing any more, and ends nothing.

    :param quiet: show nothing, for machine-readable output.
    """
    console = rich.console.Console(stderr=True)
    if quiet:
        yield lambda shown: None
    elif console.is_terminal:
        area = rich.live.Live(console=console, transient=True)
        area.start()
        try:
            yield _Lasting(_Table(area))
        finally:
            with contextlib.suppress(*_GONE):
                area.stop()
    else:
        yield _Lasting(_Lines())


class _Lasting:
    """Shows for as long as there is somebody who sees it."""

    def __init__(self, show: progress.Display) -> None:
        self._show = show
        self._gone = False

    def __call__(self, shown: progress.Progress) -> None:
        if self._gone:
            return
        try:
            self._show(shown)
        except _GONE:
            self._gone = True


class _Table:
    """A table that is drawn anew, with the remarks above it."""

    def __init__(self, area: rich.live.Live) -> None:
        self._area = area
        self._said = 0

    def __call__(self, shown: progress.Progress) -> None:
        for remark in shown.remarks[self._said :]:
            self._area.console.print(remark, style='yellow', markup=False)
        self._said = len(shown.remarks)
        self._area.update(render(shown))


class _Lines:
    """A line when the phase changes, and for each remark: for logs."""

    def __init__(self) -> None:
        self._phase = ''
        self._said = 0

    def __call__(self, shown: progress.Progress) -> None:
        for remark in shown.remarks[self._said :]:
            print(remark, file=sys.stderr, flush=True)
        self._said = len(shown.remarks)
        if shown.phase != self._phase:
            self._phase = shown.phase
            print(_head(shown), file=sys.stderr, flush=True)


def _head(shown: progress.Progress) -> str:
    if shown.duration >= values.MOST_SECONDS:
        return f'{shown.elapsed:5.0f} s  {shown.phase}'
    return f'{shown.elapsed:5.0f} / {shown.duration:.0f} s  {shown.phase}'


def render(shown: progress.Progress) -> rich.table.Table:
    """The table of one moment."""
    table = rich.table.Table.grid(padding=(0, 2))
    table.add_row(rich.text.Text(_head(shown), style='bold'))
    if shown.storm:
        storm = shown.storm
        table.add_row(
            f'storm     {storm.ok} ok, {storm.fail} fail, {storm.info} info, '
            f'{storm.settled} settled, {storm.pending} pending'
        )
    for service, seen in shown.monitors.items():
        line = rich.text.Text(f'{service:<10}')
        line.append(*_STATES[seen.up])
        line.append(f'  {seen.failed} of {seen.samples} samples failed')
        if seen.missed:
            line.append(f', {seen.missed} missed', 'yellow')
        table.add_row(line)
    return table
