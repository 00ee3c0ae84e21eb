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
"""Says what is done: a live line on a terminal, else plain lines."""

import collections.abc
import contextlib
import sys
import time
import typing

import rich.console
import rich.status


class Progress(typing.Protocol):
    """Whom the work tells what it does."""

    def step(self, text: str) -> None:
        """A new step begins; the one before it has ended well."""

    def detail(self, text: str) -> None:
        """What the step is waiting for, or which part of it has ended."""


class Plain:
    """One line a step, with the seconds since the start.

    :param stream: where to; standard error if not given
    """

    def __init__(self, stream: typing.TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._start = time.monotonic()

    def step(self, text: str) -> None:
        elapsed = time.monotonic() - self._start
        print(f'{elapsed:6.1f} s  {text}', file=self._stream, flush=True)

    def detail(self, text: str) -> None:
        pass


class Live:
    """A line that moves while a step lasts, and a tick when it has ended."""

    def __init__(
        self, console: rich.console.Console, status: rich.status.Status
    ) -> None:
        self._console = console
        self._status = status
        self._start = self._step_start = time.monotonic()
        self._text = ''

    def step(self, text: str) -> None:
        self.finish()
        self._text = text
        self._step_start = time.monotonic()
        self._status.update(text)

    def detail(self, text: str) -> None:
        self._status.update(f'{self._text} [dim]{text}[/dim]')

    def finish(self) -> None:
        """Tick off the last step."""
        if self._text:
            elapsed = time.monotonic() - self._step_start
            self._console.print(
                f'[green]✓[/green] {self._text} [dim]{elapsed:.1f} s[/dim]'
            )
            self._text = ''


@contextlib.contextmanager
def shown() -> collections.abc.Iterator[Progress]:
    """A progress display that suits standard error."""
    console = rich.console.Console(stderr=True)
    if not console.is_terminal:
        yield Plain()
        return
    with console.status('') as status:
        live = Live(console, status)
        yield live
        live.finish()
