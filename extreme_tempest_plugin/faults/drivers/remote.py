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
"""Run a script of ours on a host, as root, and tell why it failed."""

import collections.abc
import re

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh

# What the tester is for the host: sudo forgets it, so it is handed on.
_AS_ROOT = """
client=${SSH_CONNECTION%% *}
client=${client%%%*}
script=$1; shift
if [ "$(id -u)" = 0 ]; then exec sh -c "$script" extreme "$client" "$@"; fi
exec sudo -n -- sh -c "$script" extreme "$client" "$@"
"""
# Every script begins so: $client is the address that we come from, $limit the
# seconds after which something that hangs must have ended.
_BEGIN = """
client=$1; limit=$2; shift 2
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C
fail() { echo "$*" >&2; exit 3; }
# A heal waits for the injection of a run that was killed meanwhile. Of a
# directory that every Linux has, so that no file is left.
lock() {
  exec 9</run || exit 3
  flock -w 10 9 || fail 'another command of ours does not end: /run is locked'
}
"""
#: What arguments of a script may be made of.
_SAFE = re.compile(r'[\w./@:+,-]*\Z', re.ASCII)
#: Of the time of a call, what is left for the host: the rest is for the way.
_SHARE = 0.8


class RemoteError(errors.HarnessError):
    """The script failed on the host; it may have done its work in part."""


def run(host: ssh.Host, script: str, *args: str, timeout: float) -> str:
    """Run it and return what it printed.

    :param script: for sh; its text is ours, never a user's.
    :param args: become ``$1``, ``$2``, …; all other values come here.
    :param timeout: seconds after which we give it up.
    :raises RemoteError: if it failed, with its last line of stderr.
    :raises UnreachableError: if the host did not answer in time.
    """
    for arg in args:
        if not _SAFE.match(arg):
            raise RemoteError(f'{host.address}: refused as argument: {arg!r}')
    limit = str(max(1, int(timeout * _SHARE)))
    argv = ('sh', '-c', _AS_ROOT, 'sh', _BEGIN + script, limit, *args)
    answer = ssh.run(host, argv, timeout=timeout, with_us=True)
    if answer.status:
        lines = answer.stderr.strip().splitlines() or ['failed without a word']
        raise RemoteError(f'{host.address}: {lines[-1].strip()[:200]}')
    return answer.stdout


def on_all(
    hosts: collections.abc.Sequence[ssh.Host],
    act: collections.abc.Callable[[ssh.Host], object],
) -> None:
    """Act on all hosts at the same time; what fails on one spares no other.

    :raises RemoteError: with what went wrong on each host; the only one's own
        error where there is no other.
    """
    if len(hosts) == 1:
        act(hosts[0])
        return

    def trouble(host: ssh.Host) -> str:
        try:
            act(host)
        except errors.ExtremeError as error:
            return str(error)
        return ''

    troubles = [text for text in ssh.everywhere(hosts, trouble) if text]
    if troubles:
        raise RemoteError('; '.join(troubles))


def pairs(text: str) -> list[tuple[str, str]]:
    """The lines ``key=value`` of an answer."""
    return [
        (key, value)
        for key, found, value in (
            line.partition('=') for line in text.splitlines()
        )
        if found
    ]
