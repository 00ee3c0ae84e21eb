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
"""Ask a library of others in a process of its own, which can be killed.

Such a library may wait for ever. The process ends by itself when its time is
over, and with its parent: a button that a killed run wanted pressed must not
be pressed after the heal.
"""

import collections.abc
import ctypes
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from typing import TypeVar

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults.drivers import os_faults

_T = TypeVar('_T')

_TEXT_LIMIT = 300
#: What brings a library that is not always there.
_EXTRAS = {'netmiko': 'netmiko', 'sushy': 'redfish'}
#: prctl(2)
_PR_SET_PDEATHSIG = 1


class ChildError(errors.HarnessError):
    """It gave no answer, or one that says what went wrong."""


class Answer(msgspec.Struct, frozen=True):
    """What became of a request.

    :param said: empty where there is nothing to say.
    :param error: what went wrong, one line; empty if nothing.
    """

    said: str = ''
    error: str = ''


def ask(
    name: str,
    request: object,
    timeout: float,
    secrets: collections.abc.Iterable[str],
    needs: str = '',
) -> str:
    """What a module beside this one says that calls :func:`serve`.

    :param name: of the module.
    :param request: goes through a pipe: arguments can be read by everybody.
    :param timeout: seconds after which it is killed.
    :param secrets: what no message may hold.
    :param needs: library of an extra, without which it does not start.
    :raises ChildError: if it did not answer in time, or something went wrong.
    :raises UsageError: if the library is not installed.
    """
    if needs:
        _require(needs)
    words = (sys.executable, '-P', '-m', f'{__package__}.{name}')
    silent = ChildError(f'no answer within {timeout:g} s')
    try:
        done = subprocess.run(
            (*words, f'{timeout:g}', str(os.getpid())),
            input=msgspec.json.encode(request),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os_faults.environment(tempfile.gettempdir()),
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise silent from None
    except OSError as error:
        raise ChildError(ssh.ours(name, error)) from None
    try:
        answer = msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.DecodeError:
        if done.returncode == -signal.SIGALRM:
            raise silent from None
        raise ChildError(
            f'{name} ended with status {done.returncode} and no answer'
        ) from None
    if answer.error:
        text = answer.error
        for secret in filter(None, secrets):
            text = os_faults.without(secret, text)
        raise ChildError(text[:_TEXT_LIMIT])
    return answer.said


def _require(library: str) -> None:
    if importlib.util.find_spec(library) is None:
        extra = _EXTRAS[library]
        raise errors.UsageError(
            f'{library} is not installed: install the extra `{extra}`: '
            f"pip install 'extreme-tempest-plugin[{extra}]'"
        )


def serve(kind: type[_T], act: collections.abc.Callable[[_T], str]) -> int:
    """Read the request, act and answer: the whole life of the process.

    :param kind: of the request.
    :param act: does what is asked for; whatever it raises is the answer.
    :returns: the exit status.
    """
    seconds, parent = float(sys.argv[1]), int(sys.argv[2])
    # The default of this signal ends the process, also one that hangs.
    signal.setitimer(signal.ITIMER_REAL, seconds)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return 1
    # Nothing but the answer may come out of our stdout.
    out = os.dup(1)
    os.dup2(2, 1)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=kind)
    try:
        answer = Answer(said=act(request))
    except Exception as error:
        # Whatever a foreign library raises is an answer, not a traceback.
        # Whole: half a secret could not be found in it any more.
        text = ' '.join(f'{type(error).__name__}: {error}'.split())
        answer = Answer(error=text)
    os.write(out, msgspec.json.encode(answer))
    return 0
