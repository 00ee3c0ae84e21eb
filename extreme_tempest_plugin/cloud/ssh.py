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
"""Run a command on a host with the system's own ssh.

The system's ssh rather than a library: it reads the operator's ssh_config
and agent, and a child process can be killed for certain.

Host keys are not checked, as os-faults does not check them: hosts of a test
cloud are reinstalled under the same address, and nothing secret is sent. A
password is never asked for.
"""

import collections.abc
import concurrent.futures
import contextlib
import ctypes
import dataclasses
import os
import re
import shlex
import signal
import subprocess
from typing import TypeVar

from extreme_tempest_plugin import errors

_T = TypeVar('_T')

#: What an address, a user or a path may be made of. They become arguments of
#: ssh, where a leading dash would be an option.
SAFE = re.compile(r'[\w/~.][\w./@:+~-]*\Z', re.ASCII)

_CONNECT_TIMEOUT = 5
#: Seconds for what was killed to end.
_REAP = 5.0
_OPTIONS = (
    'BatchMode=yes',
    f'ConnectTimeout={_CONNECT_TIMEOUT}',
    # A host that is cut off in the middle of a command.
    'ServerAliveInterval=2',
    'ServerAliveCountMax=3',
    # A shared connection would survive a partition as a dead one.
    'ControlMaster=no',
    'ControlPath=none',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'ForwardAgent=no',
    'ForwardX11=no',
)
#: Exit status of ssh where ssh itself failed.
_SSH_FAILED = 255
#: prctl(2)
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)

# Root where that needs no password, else the user alone: logs are often
# readable by one and not by the other.
_AS_ROOT = (
    'if [ "$(id -u)" != 0 ] && sudo -n true </dev/null 2>/dev/null; '
    'then exec sudo -n -- "$@"; fi; exec "$@"'
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """How a host is reached.

    :param user: empty for what ssh_config says.
    :param key_file: private key; empty for what ssh_config and the agent
        offer.
    :param jump: the host through which it is reached.
    """

    address: str
    user: str = ''
    key_file: str = ''
    port: int = 22
    jump: 'Host | None' = None

    @property
    def way(self) -> frozenset[str]:
        """Addresses of the host and of those through which it is reached."""
        before = self.jump.way if self.jump else frozenset()
        return before | {self.address}


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What a command left behind.

    :param status: its exit status.
    """

    status: int
    stdout: str
    stderr: str


class UnreachableError(errors.HarnessError):
    """The host could not be asked; nobody knows what it would have said."""


def run(
    host: Host,
    argv: tuple[str, ...],
    *,
    timeout: float = 20.0,
    stdin: str = '',
    as_root: bool = False,
    with_us: bool = False,
) -> Result:
    """Run a command; its failure is a status and no exception.

    :param argv: the command, quoted for the shell of the user there. It must
        not end with status 255, which ssh keeps for itself.
    :param timeout: seconds after which ssh is killed.
    :param stdin: what the command reads.
    :param as_root: through sudo, where sudo asks for no password.
    :param with_us: ssh dies when we are killed, so that a command that has
        not yet arrived then never does.
    :raises UnreachableError: if the host could not be reached, refused the
        key, or did not answer in time, or ssh could not be started here.
    """
    if as_root:
        argv = ('sh', '-c', _AS_ROOT, 'sh', *argv)
    process = _start(command(host, argv), with_us)
    try:
        stdout, stderr = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        raise UnreachableError(
            f'{host.address}: no answer over ssh within {timeout:g} s'
        ) from None
    finally:
        # Also a ProxyCommand; and nothing is left if we are interrupted.
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_REAP)
        # Not read to their end: what lives on would hold them open.
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode == _SSH_FAILED:
        raise UnreachableError(f'{host.address}: ssh: {_last_line(stderr)}')
    return Result(process.returncode, stdout, stderr)


def everywhere(
    hosts: collections.abc.Sequence[Host],
    ask: collections.abc.Callable[[Host], _T],
) -> tuple[_T, ...]:
    """Ask all hosts at the same time, so that a silent one costs once.

    :param ask: asks one of them.
    :returns: what each said, in their order.
    :raises Exception: what ``ask`` raised for the first host that raised.
    :raises UnreachableError: if this machine has no threads left.
    """
    if len(hosts) == 1:
        return (ask(hosts[0]),)
    with concurrent.futures.ThreadPoolExecutor(len(hosts)) as pool:
        try:
            answers = pool.map(ask, hosts)
        except RuntimeError as error:
            raise UnreachableError(ours('threads', error)) from None
        return tuple(answers)


def ours(what: str, error: Exception) -> str:
    """What to say where this machine itself cannot do something.

    :param what: that it could not start.
    """
    return (
        f'{what} could not be started on this machine: {error}: look at its '
        'own disk, memory and number of processes'
    )


def command(host: Host, argv: tuple[str, ...]) -> list[str]:
    """The arguments of ssh, for :func:`run` and for messages."""
    return [*_ssh(host), host.address, shlex.join(argv)]


def _start(words: list[str], with_us: bool) -> subprocess.Popen[str]:
    us = os.getpid()

    def die_with_us() -> None:
        # Between fork and exec: no import, no lock, nothing but these calls.
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != us:
            os._exit(_SSH_FAILED)

    try:
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
            errors='replace',
            start_new_session=True,
            preexec_fn=die_with_us if with_us else None,
        )
    except FileNotFoundError:
        raise errors.UsageError(
            'ssh is not installed: install openssh-client'
        ) from None
    except (OSError, subprocess.SubprocessError) as error:
        raise UnreachableError(ours('ssh', error)) from None


def _ssh(host: Host) -> list[str]:
    options = [word for option in _OPTIONS for word in ('-o', option)]
    words = ['ssh', '-T', '-p', str(host.port), *options]
    if host.user:
        words += ['-l', host.user]
    if host.key_file:
        words += ['-i', host.key_file, '-o', 'IdentitiesOnly=yes']
    if host.jump is not None:
        inner = [*_ssh(host.jump), '-W', '%h:%p', host.jump.address]
        words += ['-o', f'ProxyCommand={shlex.join(inner)}']
    return words


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else 'failed without a word'
