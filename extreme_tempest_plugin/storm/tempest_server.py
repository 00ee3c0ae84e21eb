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
"""Runs tests of Tempest, each in a process of its own.

A load process is full of greenlets, and a test of Tempest is not made for
them. This server has imported Tempest once; for each request it forks, and
the fork runs one test, answers, and ends. It ends with its parent.

usage: python -m extreme_tempest_plugin.storm.tempest_server SOCKET
"""

import importlib
import io
import os
import random
import re
import signal
import socketserver
import sys
import types
import typing
import unittest

import msgspec

#: Seconds that a test has to clean up after its time is over.
GRACE = 30

#: Attributes behind the name of a test: ``[id-…,smoke]``.
_ATTRIBUTES = re.compile(r'\[[^\[\]]*\]\Z')


class Request(msgspec.Struct, frozen=True):
    """One test to run.

    :param timeout: seconds; a test that takes longer fails.
    """

    test: str
    timeout: int


class Result(msgspec.Struct, frozen=True):
    """How it ended.

    :param text: why it failed or was skipped, one line.
    """

    outcome: typing.Literal['ok', 'skipped', 'failed']
    text: str = ''


def load(test: str) -> unittest.TestSuite:
    """The one test of a name.

    :param test: as Tempest lists it.
    :raises ValueError: if there is none, or more than one.
    """
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromName(_ATTRIBUTES.sub('', test))
    if loader.errors:
        raise ValueError(_last_line(str(loader.errors[0])))
    if suite.countTestCases() != 1:
        raise ValueError(f'{suite.countTestCases()} tests, not one')
    return suite


def run(request: Request) -> Result:
    """Run one test here and now, with the fixtures of its class."""
    try:
        suite = load(request.test)
    except Exception as error:
        return Result('failed', f'{type(error).__name__}: {error}')
    result = unittest.TestResult()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(request.timeout)
    try:
        suite.run(result)
    finally:
        signal.alarm(0)
    broken = [*result.errors, *result.failures]
    if broken:
        print(f'{request.test}:\n{broken[0][1]}', file=sys.stderr, flush=True)
        return Result('failed', _last_line(broken[0][1]))
    if result.unexpectedSuccesses:
        return Result('failed', 'it was expected to fail, and did not')
    if result.skipped:
        return Result('skipped', result.skipped[0][1])
    if result.testsRun != 1:
        return Result('failed', f'{result.testsRun} tests were run, not one')
    return Result('ok')


def _too_long(number: int, frame: types.FrameType | None) -> None:
    # It may hang in its cleanup, too: then nothing but the end helps.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(GRACE)
    raise TimeoutError('the test took too long')


def _last_line(traceback: str) -> str:
    lines = [line for line in traceback.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ''


class _Handler(socketserver.StreamRequestHandler):
    """One request, in the fork."""

    rfile: io.BufferedIOBase

    def handle(self) -> None:
        # All forks would draw the same names of resources.
        random.seed()
        request = msgspec.json.decode(self.rfile.readline(), type=Request)
        self.wfile.write(msgspec.json.encode(run(request)))


class _Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Forks for each connection, until its parent is gone."""

    max_children = 1000
    request_queue_size = 1000

    def __init__(self, path: str) -> None:
        super().__init__(path, _Handler)
        self._parent = os.getppid()

    def service_actions(self) -> None:
        super().service_actions()
        if os.getppid() != self._parent:
            raise SystemExit


def main(path: str) -> None:
    """Serve requests until the parent is gone.

    :param path: of the socket; its directory is removed at the end.
    """
    # What each test needs: once here, and not in each fork. The proxy of the
    # configuration reads tempest.conf when it is asked for something.
    for name in ('tempest.config', 'tempest.clients', 'tempest.test'):
        importlib.import_module(name)
    os.umask(0o077)
    with _Server(path) as server:
        try:
            server.serve_forever()
        finally:
            os.unlink(path)
            os.rmdir(os.path.dirname(path))


if __name__ == '__main__':
    main(sys.argv[1])
