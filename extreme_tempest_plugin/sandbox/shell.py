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
"""Running a command: a list, a time limit, an error that says what failed."""

import collections.abc
import shlex
import subprocess

from extreme_tempest_plugin.sandbox import errors

#: Lines of a failed command's output that its error shows.
SHOWN_LINES = 15


def tail(text: str, lines: int = SHOWN_LINES) -> str:
    """The last lines of a text, without the empty ones."""
    kept = [line for line in text.splitlines() if line.strip()]
    return '\n'.join(kept[-lines:])


def run(
    argv: collections.abc.Sequence[str],
    *,
    timeout: float = 120,
    stdin: str = '',
    env: collections.abc.Mapping[str, str] | None = None,
) -> str:
    """Run a command to its end and return what it printed.

    :param argv: the command and its arguments; no shell is involved
    :param timeout: seconds after which it is killed
    :param stdin: text for its standard input
    :param env: its whole environment; None passes ours on
    :returns: its standard output
    :raises errors.CommandFailed: it is missing, failed or took too long
    """
    shown = shlex.join(argv)
    if len(shown) > 160:
        shown = shown[:157] + '...'
    try:
        done = subprocess.run(
            list(argv),
            check=False,
            capture_output=True,
            encoding='utf-8',
            errors='replace',
            input=stdin,
            timeout=timeout,
            env=None if env is None else dict(env),
        )
    except FileNotFoundError as error:
        raise errors.CommandFailed(
            f'{argv[0]} is not installed (wanted for: {shown})'
        ) from error
    except subprocess.TimeoutExpired as error:
        raise errors.CommandFailed(
            f'no end after {timeout:.0f} s: {shown}'
        ) from error
    if done.returncode:
        output = tail(done.stderr) or tail(done.stdout)
        raise errors.CommandFailed(
            f'exit code {done.returncode}: {shown}\n{output}'.rstrip()
        )
    return done.stdout
