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
"""Shows that an outage would be found, before anybody trusts that none was.

A stand-in on loopback is broken for a known time while a real monitor process
watches it, as often as the plan wants its services to be watched, but at
least ten times a second. What it finds must be that outage and nothing else.
"""

import collections.abc
import contextlib
import dataclasses
import http.server
import json
import pathlib
import tempfile
import threading
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.uptime import availability
from extreme_tempest_plugin.uptime import outages
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import watch

#: Seconds for which the stand-in is broken.
LENGTH = 0.5
_LONGEST_INTERVAL = 0.1
#: A machine that is only busy for a moment gets a second chance.
_TRIES = 2
#: Answers before and after the outage, and how long they may take.
_ANSWERS = 4
_PATIENCE = 10.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of it.

    :param passed: the outage was found as it was.
    :param text: one line.
    """

    passed: bool
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Planted:
    """Broken from a time to a time, each known to lie in a window, ns."""

    start: tuple[int, int]
    end: tuple[int, int]


class StandIn:
    """A keystone and a service on loopback; ``set`` breaks the service."""

    def __init__(self) -> None:
        self.answers = 0
        self._broken = False
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers['Content-Length'] or 0))
                self._say(201, stand_in.token())

            def do_GET(self) -> None:
                stand_in.answers += 1
                if stand_in.broken:
                    self._say(503, {})
                else:
                    self._say(200, {'servers': []})

            def _say(self, status: int, document: object) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header('X-Subject-Token', 'self-test')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Nobody reads it."""

        self._server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), Handler
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={'poll_interval': 0.05},
            daemon=True,
        )

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._server.server_port}'

    @property
    def broken(self) -> bool:
        return self._broken

    def __enter__(self) -> 'StandIn':
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def set(self, broken: bool) -> tuple[int, int]:
        """Break or heal it; returns the window in which that was."""
        before = time.monotonic_ns()
        self._broken = broken
        return before, time.monotonic_ns()

    def await_answers(self) -> None:
        """Until some more were given.

        :raises HarnessError: if they are not.
        """
        wanted, end = self.answers + _ANSWERS, time.monotonic() + _PATIENCE
        while self.answers < wanted:
            if time.monotonic() > end:
                raise errors.HarnessError(
                    f'nothing was sent for {_PATIENCE:g} s'
                )
            time.sleep(0.01)

    def token(self) -> object:
        """A token of an hour."""
        url = {'url': self.url, 'interface': 'public'}
        return {
            'token': {
                'issued_at': '2026-01-01T00:00:00Z',
                'expires_at': '2026-01-01T01:00:00Z',
                'catalog': [{'type': 'compute', 'endpoints': [url]}],
            }
        }


def run(interval: float) -> Result:
    """Plant an outage and see whether it is found.

    :param interval: seconds between two samples, of the plan.
    """
    for _ in range(_TRIES):
        try:
            planted, found = _watch(min(interval, _LONGEST_INTERVAL))
        except (errors.ExtremeError, OSError) as error:
            why = str(error)
            continue
        why = judge(planted, found, min(interval, _LONGEST_INTERVAL), interval)
        if not why:
            (outage,) = found
            return Result(
                passed=True,
                text=f'self-test: an outage of {_length(planted)} was '
                f'measured as {_seconds(outage.least_ns)} to '
                f'{_seconds(outage.most_ns)} s',
            )
    return Result(
        passed=False,
        text=f'self-test: an outage of {LENGTH:g} s was planted in a stand-in '
        f'on this machine and not measured: {why}; it is too busy to watch '
        'anything',
    )


def judge(
    planted: Planted,
    found: collections.abc.Sequence[availability.Outage],
    interval: float,
    wanted: float,
) -> str:
    """Why what was found is not what was planted; empty if it is.

    :param interval: seconds between two samples of the self-test.
    :param wanted: the same of the plan, which each edge may be off besides.
    """
    if len(found) != 1:
        return f'{len(found)} outages were found instead of 1'
    (one,) = found
    slack = round((interval + max(wanted, 0.05)) * 1e9)
    for edge, earliest, latest, window in (
        ('start', one.start_earliest_ns, one.start_latest_ns, planted.start),
        ('end', one.end_earliest_ns, one.end_latest_ns, planted.end),
    ):
        # The stand-in itself may answer late, so its windows have slack, too.
        if earliest > window[1] + slack or latest < window[0] - slack:
            return f'its {edge} was found elsewhere'
        if latest - earliest > 2 * slack:
            return (
                f'its {edge} was found to {_seconds(latest - earliest)} s only'
            )
    return ''


def _watch(
    interval: float,
) -> tuple[Planted, tuple[availability.Outage, ...]]:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stand_in = stack.enter_context(StandIn())
        spec = spec_.Spec(
            service='nova',
            target='nova',
            run='self-test',
            part=str(pathlib.Path(folder) / 'part.jsonl'),
            auth_url=f'{stand_in.url}/v3',
            region='',
            endpoint_type='public',
            catalog_type='compute',
            ca_file='',
            insecure=False,
            username='self-test',
            password='self-test',
            user_domain='Default',
            project_id='self-test',
            interval=interval,
            timeout=5.0,
        )
        with watch.Monitors([spec]):
            stand_in.await_answers()
            start = stand_in.set(True)
            time.sleep(LENGTH)
            planted = Planted(start, stand_in.set(False))
            stand_in.await_answers()
        watched = [
            event
            for event in reader.Reader(pathlib.Path(spec.part), part=True)
            if isinstance(event, events.Sample | events.Missed)
        ]
    return planted, outages.of(watched, spec.interval_ns).outages


def _length(planted: Planted) -> str:
    return f'{_seconds(planted.end[0] - planted.start[0])} s'


def _seconds(duration_ns: int) -> str:
    return f'{duration_ns / 1e9:.2f}'
