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
"""Monitors as a campaign uses them: started together, ended together."""

import collections.abc
import contextlib
import os
import pathlib
import select
import signal
import subprocess
import sys
import time
import types
import typing

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import monitor
from extreme_tempest_plugin.uptime import progress
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import tokens

#: A monitor that has not sent its first sample by then does not start.
START_SECONDS = tokens.TIMEOUT_NS / 1e9 + 30.0
#: On top of the time-out of the samples in flight.
_END_SECONDS = 10.0


#: What ``Monitors.progress`` gives for each service.
Progress = progress.Progress


class Monitors:
    """One process for each spec, for as long as the block lasts.

    :param wanted: see ``orders.specs``.
    :raises HarnessError: on entry, if one does not start; none is left.
    :raises UsageError: on entry, if the cloud has no such service, or refuses
        the user; none is left.
    """

    def __init__(self, wanted: collections.abc.Iterable[spec_.Spec]) -> None:
        self._wanted = tuple(wanted)
        self._running: dict[str, _Monitor] = {}

    def __enter__(self) -> typing.Self:
        try:
            for spec in self._wanted:
                self._running[spec.service] = _Monitor(spec)
            end = time.monotonic() + START_SECONDS
            for one in self._running.values():
                one.await_ready(end)
        except OSError as error:
            self.stop()
            raise errors.HarnessError(
                f'uptime monitors do not start: {error.strerror}'
            ) from error
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.stop()

    def check(self) -> tuple[str, ...]:
        """One line for each monitor that died or ended badly.

        What it should have seen is unknown.
        """
        return tuple(
            f'uptime monitor of {service} failed: {one.reason()}'
            for service, one in self._running.items()
            if one.failed()
        )

    def over(self) -> bool:
        """Each has sent all its samples, where their number was given."""
        return bool(self._running) and all(
            one.over() for one in self._running.values()
        )

    def progress(self) -> dict[str, progress.Progress]:
        """How each service does, from what its part holds by now."""
        now = time.monotonic_ns()
        return {
            service: one.tail.read(now)
            for service, one in self._running.items()
        }

    def stop(self) -> None:
        """End all; each waits for its answers, not for longer than it may.

        A second time does nothing. What does not end is killed, and misses
        its ENDED in the history.
        """
        for one in self._running.values():
            one.ask_to_end()
        with contextlib.ExitStack() as rest:
            # Each is awaited, also when waiting for another is interrupted.
            for one in self._running.values():
                rest.callback(one.await_end)


class _Monitor:
    def __init__(self, spec: spec_.Spec) -> None:
        self._spec = spec
        self._asked = False
        self._said = b''
        self.tail = progress.Tail(pathlib.Path(spec.part), spec.interval_ns)
        # A session of its own: Ctrl-C on the terminal is for the campaign,
        # which ends its monitors in good order.
        self._process = subprocess.Popen(
            [sys.executable, '-m', monitor.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(spec_.encode(spec))

    def await_ready(self, end: float) -> None:
        """Until its first sample is on its way.

        :param end: time.monotonic() by which it must be.
        :raises UsageError: if the cloud does not fit what was asked for.
        :raises HarnessError: if it is not, with what the process said.
        """
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        left = max(0.0, end - time.monotonic())
        readable, _, _ = select.select([out], [], [], left)
        if readable and os.read(out, len(monitor.READY)) == monitor.READY:
            return
        if readable:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_SECONDS)
            why = self.reason()
            if self._process.poll() == monitor.UNFIT:
                raise errors.UsageError(f'uptime: {why}')
        else:
            why = f'not ready after {START_SECONDS:g} s'
        raise errors.HarnessError(
            f'uptime monitor of {self._spec.service} did not start: {why}'
        )

    def failed(self) -> bool:
        """It ended although nobody asked it to, or not in good order."""
        wanted = self._asked or self._spec.samples > 0
        status = self._process.poll()
        return status is not None and (status != 0 or not wanted)

    def over(self) -> bool:
        """It has sent all its samples and awaited their answers."""
        return self._spec.samples > 0 and self._process.poll() is not None

    def reason(self) -> str:
        """The last line that it said, or how it ended."""
        out = self._process.stderr
        assert out is not None
        # One that said nothing is closed by the second time.
        if not out.closed and self._process.poll() is not None:
            self._said += out.read() or b''
        lines = self._said.decode(errors='replace').splitlines()
        if lines:
            return lines[-1]
        status = self._process.poll()
        if status is not None and status < 0:
            return f'killed by {signal.Signals(-status).name}'
        return f'exit status {status}'

    def ask_to_end(self) -> None:
        if self._process.poll() is None:
            self._asked = True
            self._process.terminate()

    def await_end(self) -> None:
        """Until it is gone, and its pipes are closed."""
        try:
            self._process.wait(self._spec.timeout + _END_SECONDS)
        except BaseException as error:
            self._process.kill()
            self._process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
        finally:
            self._close()

    def _close(self) -> None:
        self.reason()
        for pipe in (
            self._process.stdin,
            self._process.stdout,
            self._process.stderr,
        ):
            if pipe is not None:
                pipe.close()
