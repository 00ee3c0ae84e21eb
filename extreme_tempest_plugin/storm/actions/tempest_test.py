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
"""Any test of Tempest as an action: ``tempest.test:<id of the test>``.

The test runs in a process of its own, with the credentials that Tempest gives
it, see ``storm.tempest_server``. The fixtures of its class are made and torn
down for each call, as with ``class_setup_per: action`` of tempest-stress.
"""

import contextlib
import functools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import typing

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import tempest_server

#: How the name of such an action begins in a plan.
PREFIX = 'tempest.test:'

#: Seconds that one test may take.
TIMEOUT = 300

#: Seconds until the server must be there; it imports Tempest.
START = 90.0

#: How the error of a call begins whose test was skipped. Checkers rely on it:
#: nothing happened, and nothing was tested.
SKIPPED = 'skipped: '

_SERVER = 'extreme_tempest_plugin.storm.tempest_server'


class _Runner:
    """The server of this process; started when it is needed first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._path = ''

    def run(self, test: str) -> tempest_server.Result:
        """Run a test; a bounded time."""
        request = tempest_server.Request(test=test, timeout=TIMEOUT)
        patience = TIMEOUT + tempest_server.GRACE + 30
        answer = b''
        with contextlib.suppress(OSError), self._connected() as connection:
            connection.settimeout(patience)
            connection.sendall(msgspec.json.encode(request) + b'\n')
            while part := connection.recv(65_536):
                answer += part
        try:
            return msgspec.json.decode(answer, type=tempest_server.Result)
        except msgspec.DecodeError:
            return tempest_server.Result(
                'failed', 'the process of the test ended without a result'
            )

    def _connected(self) -> socket.socket:
        """A connection; the server is started if there is none.

        :raises HarnessError: if it does not come up.
        """
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                self._start()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._path)
        return connection

    def _start(self) -> None:
        folder = tempfile.mkdtemp(prefix='extreme-tests-')
        self._path = os.path.join(folder, 'server')
        # In our process group: whoever kills us kills it, too.
        self._child = subprocess.Popen(
            [sys.executable, '-m', _SERVER, self._path],
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START
        while time.monotonic() < deadline and self._child.poll() is None:
            if os.path.exists(self._path):
                return
            time.sleep(0.1)
        raise errors.HarnessError(
            'the process that runs tests of Tempest did not come up within '
            f'{START:g} s: see locust.log'
        )


_RUNNER = _Runner()


class TempestTest(model.Action):
    """A test of Tempest; it must not fail."""

    service = ''
    kind = 'tempest'
    effect = model.Effect.READS
    longest = float(TIMEOUT + tempest_server.GRACE)
    test: typing.ClassVar[str]

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        result = _RUNNER.run(self.test)
        if result.outcome == 'skipped':
            raise ports.CallError(
                ports.Refusal(
                    kind=ports.Kind.FAIL,
                    error=outcomes.line(f'{SKIPPED}{result.text}'),
                )
            )
        return ports.Answer(status=0, body=msgspec.json.encode(result))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        result = answer.read(tempest_server.Result)
        return model.Sight(
            state=result.outcome,
            reached=result.outcome == 'ok',
            final=True,
            error=outcomes.line(result.text),
        )


@functools.cache
def named(name: str) -> model.Action | None:
    """The action of a name in a plan, None if it is not for a test."""
    if not name.startswith(PREFIX):
        return None
    test = name.removeprefix(PREFIX)
    return type('TempestTest', (TempestTest,), {'name': name, 'test': test})()


def check(name: str) -> str:
    """Why the test of an action cannot be run; empty if it can.

    Imports the test: never in a load process.
    """
    try:
        tempest_server.load(name.removeprefix(PREFIX))
    except Exception as error:
        return outcomes.line(error)
    return ''
