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
"""Begin a Galera cluster again that was stopped as a whole.

Once the last node has left in good order none begins by itself. The last one
has all data and says so in its grastate.dat, as long as the cluster was not
begun elsewhere; it must be told to begin, and the others join it. Where no
node says so, or a power cut took all at once, nothing is done here: the nodes
find each other by themselves, or an operator has to choose.

Source: https://galeracluster.com/library/documentation/crash-recovery.html
"""

import collections.abc
import re
import time

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import configuration

#: As a configuration may call it.
UNITS = frozenset(
    f'{name}{kind}'
    for name in ('mariadb', 'mysql', 'mysqld')
    for kind in ('', '.service')
)

#: Seconds for a look at one node.
_LOOK = 10.0

# Debian, Red Hat and their like have it there. galera_recovery, which the unit
# calls at each start, needs my_print_defaults, too. One that was told to begin
# is as good as active, however long it takes; others wait in vain.
_STATE = """
cat /var/lib/mysql/grastate.dat && my_print_defaults --mysqld || exit
if systemctl show-environment | grep -q '^_WSREP_NEW_CLUSTER=.' ||
  pgrep -f 'wsrep-new-cluste[r]' >/dev/null
then echo active
else systemctl show -P ActiveState "$0"
fi
"""
# A script that is killed would leave its variable to systemd, and every later
# start of the node would begin a cluster of its own.
_BEGIN = """
trap 'systemctl unset-environment _WSREP_NEW_CLUSTER' EXIT
trap 'exit 124' TERM INT HUP
systemctl stop "$0" && galera_new_cluster
"""
_SAFE = re.compile(r'^safe_to_bootstrap:\s*1\s*$', re.MULTILINE)
_MEMBERS = re.compile(
    r'^--wsrep[-_]cluster[-_]address=gcomm://([^?\s]+)', re.MULTILINE
)

#: Runs a command on a host, as root, for so many seconds.
Ask = collections.abc.Callable[[ssh.Host, tuple[str, ...], float], ssh.Result]


class BeginError(errors.HarnessError):
    """The node that may begin the cluster did not."""


def over_ssh(
    host: ssh.Host, argv: tuple[str, ...], timeout: float
) -> ssh.Result:
    """What a node answers, as root."""
    return ssh.run(host, argv, timeout=timeout, as_root=True)


def begin(
    target: configuration.Target,
    timeout: float,
    ask: Ask = over_ssh,
    clock: collections.abc.Callable[[], float] = time.monotonic,
) -> float:
    """Begin the cluster where that is needed and may be done.

    The target must have all nodes that the cluster has by its own
    configuration: another one may run. All must answer, none may run, and
    exactly one must say that it is safe to begin with it.

    :param target: a database on several hosts.
    :param timeout: seconds for all of it.
    :returns: seconds that it took.
    :raises BeginError: if it was begun, and did not come up.
    """
    began = clock()
    if host := _first(target, min(_LOOK, timeout / 2), ask):
        left = timeout - (clock() - began)
        argv = ('timeout', f'{left:.0f}', 'sh', '-c', _BEGIN, target.unit)
        try:
            said = ask(host, argv, left)
        except ssh.UnreachableError as error:
            raise BeginError(f'galera_new_cluster: {error}') from None
        if said.status:
            why = said.stderr.strip().splitlines() or ['no word']
            raise BeginError(
                f'{host.address}: galera_new_cluster ended with '
                f'{said.status}: {why[-1]}'
            )
    return clock() - began


def _first(
    target: configuration.Target, timeout: float, ask: Ask
) -> ssh.Host | None:
    """The node that is to begin, None if none is."""
    try:
        seen = ssh.everywhere(
            target.hosts,
            lambda host: ask(host, ('sh', '-c', _STATE, target.unit), timeout),
        )
    except ssh.UnreachableError:
        return None
    if any(one.status for one in seen):
        return None
    running = any(one.stdout.split()[-1:] == ['active'] for one in seen)
    if running or any(_members(one.stdout) != len(seen) for one in seen):
        return None
    safe = [
        host
        for host, one in zip(target.hosts, seen, strict=True)
        if _SAFE.search(one.stdout)
    ]
    return safe[0] if len(safe) == 1 else None


def _members(text: str) -> int:
    """How many nodes the cluster has; the last word on it counts."""
    found = _MEMBERS.findall(text)
    return len(found[-1].split(',')) if found else 0
