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
import re
import select
import signal
import subprocess
import sys
import time
import types
import typing

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.uptime import monitor
from extreme_tempest_plugin.uptime import progress
from extreme_tempest_plugin.uptime import questions
from extreme_tempest_plugin.uptime import recipes
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import targets
from extreme_tempest_plugin.uptime import tokens

if typing.TYPE_CHECKING:
    # Both load Tempest, which nothing here needs.
    from extreme_tempest_plugin import settings as settings_
    from extreme_tempest_plugin.cloud import credentials as credentials_

#: A monitor that has not sent its first sample by then does not start.
START_SECONDS = tokens.TIMEOUT_NS / 1e9 + 30.0
#: On top of the time-out of the samples in flight.
_END_SECONDS = 10.0
#: What a name may not have that is part of the name of a file.
_UNSAFE = re.compile(r'[^A-Za-z0-9_.-]')


#: What ``Monitors.progress`` gives for each service.
Progress = progress.Progress


def check(uptime: model.Uptime) -> None:
    """Look at what a plan wants watched before anything is done.

    :raises UsageError: if there is no probe for one of them.
    """
    for name in uptime.services or ():
        target = targets.parse(name)
        if target.how == 'write':
            recipes.check(target.service)
    control = uptime.control
    if control is not None and targets.parse(control).kind == 'api':
        raise errors.UsageError(
            f'uptime: control {control}: give something that is not of the '
            'cloud: tcp:HOST:PORT, ping:HOST or dns:NAME@SERVER'
        )


def specs(
    settings: 'settings_.Settings',
    credentials: 'credentials_.Credentials',
    uptime: model.Uptime,
    run: str,
    directory: pathlib.Path,
) -> tuple[spec_.Spec, ...]:
    """What each monitor of a plan is told.

    :param run: identity of the run.
    :param directory: RUN, see the contract of the run directory.
    :raises UsageError: if there is no probe for a service.
    """
    services = uptime.services
    if services is None:
        services = settings.services
    check(msgspec.structs.replace(uptime, services=services))
    wanted = {name: name for name in services}
    if uptime.control is not None:
        wanted[model.CONTROL] = uptime.control
    cloud = settings.cloud
    return tuple(
        spec_.Spec(
            service=name,
            target=target,
            run=run,
            part=str(directory / 'parts' / _file(name)),
            ledger=str(directory / 'ledgers' / _file(name)),
            auth_url=cloud.auth_url,
            region=cloud.region,
            endpoint_type=cloud.endpoint_type,
            catalog_type=_catalog_type(cloud, targets.parse(target).service),
            ca_file=cloud.ca_file,
            insecure=cloud.insecure,
            username=credentials.username,
            password=credentials.password,
            user_domain=credentials.user_domain,
            project_id=credentials.project_id,
            interval=uptime.interval,
            timeout=uptime.timeout,
            samples=uptime.samples or 0,
        )
        for name, target in wanted.items()
    )


def ledgers(
    wanted: collections.abc.Iterable[spec_.Spec],
) -> tuple[pathlib.Path, ...]:
    """What the write probes among some monitors have made is in these."""
    return tuple(
        path for one in wanted if (path := pathlib.Path(one.ledger)).exists()
    )


def _file(name: str) -> str:
    return f'uptime-{_UNSAFE.sub("_", name)}.jsonl'


def _catalog_type(cloud: 'settings_.Cloud', service: str) -> str:
    """Its type in the catalog; a service without a name here is its type."""
    known = questions.TYPES | cloud.catalog_types
    return known.get(service, service)


class Monitors:
    """One process for each spec, for as long as the block lasts.

    :param wanted: see ``specs``.
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
