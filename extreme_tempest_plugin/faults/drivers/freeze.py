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
"""Stop every process of a unit with SIGSTOP, and let them go on.

The processes are those of the unit's control group, as systemd names it;
never a pattern's, which also matches the editor that has the file open. See
systemctl(1), cgroups(7), and proc_pid_stat(5) for the states.
"""

import dataclasses

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import remote

#: How processes are found, shell functions for "$unit": ``pids`` prints them,
#: ``show`` the unit's properties, ``revive`` starts it where it ended while
#: it was stopped, ``slay`` sends SIGKILL. Tests without systemd bring their
#: own.
SYSTEMD = f"""
property() {{ systemctl show -p "$1" -- "$unit" | sed -n "s/^$1=//p"; }}
show() {{ systemctl show -p {evidence.PROPERTIES} -- "$unit"; }}
group() {{
  id=$(property Id); group=$(property ControlGroup)
  # Only a service's own: that of a slice, or "/", holds much more.
  case $id in *.service) ;; *) fail "$unit is no service";; esac
  case $group in */"$id") echo "$group";; esac
}}
pids() {{
  group=$(group) || exit 3
  [ -n "$group" ] || return 0
  # One hierarchy, or beside those of version 1.
  for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
  do
    [ -d "$root$group" ] || continue
    find "$root$group" -name cgroup.procs -exec cat {{}} + 2>/dev/null
    return 0
  done
  fail "$unit: its control group $group is not found below /sys/fs/cgroup"
}}
revive() {{
  case $(property ActiveState) in
    inactive|failed) systemctl start -- "$unit";;
  esac
}}
slay() {{
  case $(property KillMode) in
    control-group|mixed) whom=all;;
    # The others are meant to outlive it: containers, guests, namespaces.
    *) whom=main;;
  esac
  systemctl kill --kill-who=$whom --signal=KILL -- "$unit"
}}
"""
# A process may be born while the others are being stopped: look again.
_COMMON = """
unit=$1; shift
states() {
  for pid in $1; do
    # "pid (name) state ..."; a name may hold anything.
    stat=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
    state=${stat##*) }; state=${state%% *}
    case $state in Z|X) ;; *) echo "$pid $state";; esac
  done
}
ours() { for pid in $1; do [ "$pid" != $$ ] || return 0; done; return 1; }
# "fail" within $( ) ends only that.
look() { found=$(pids) || exit 3; now=$(states "$found"); }
"""
_FREEZE = """
lock
look
[ -n "$now" ] || fail "$unit has no process"
ours "$found" && fail "$unit holds our own session: it must not be stopped"
for round in 1 2 3 4 5 6 7 8 9 10; do
  running=$(echo "$now" | sed -n 's/ [^T]$//p')
  [ -n "$running" ] || exit 0
  # After vfork(2) one is in D, and not stopped, until its child is past its
  # exec, where a child that is stopped never comes.
  if echo "$now" | grep -q ' D$'; then
    kill -CONT $(echo "$now" | sed -n 's/ T$//p') 2>/dev/null
    sleep 0.1
    look
  fi
  kill -STOP $(echo "$now" | sed 's/ .*//') 2>/dev/null
  sleep 0.1
  look
done
fail "$unit: still runs:" $running
"""
_THAW = """
lock
for round in 1 2 3 4 5 6 7 8 9 10; do
  look
  # To all: one in state D has its SIGSTOP still before it.
  [ -z "$found" ] || kill -CONT $found 2>/dev/null
  sleep 0.1
  look
  echo "$now" | grep -q ' T$' || { revive; exit; }
done
fail "$unit: still stopped:" $now
"""
# The kernel accepts connections for a process that is stopped, so something
# must be said. HTTP is: other servers complain or hang up, which is an answer.
#: Ends a look: what the port $1 says, at the address $2 or on loopback.
PORT = """
[ "$1" = 0 ] && exit 0
for address in "$2" 127.0.0.1; do
  said=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit 1
    echo Port=open
    printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3
    timeout 2 head -c 1 <&3 >/dev/null
    [ $? = 124 ] && echo Answer=no || echo Answer=yes
  ' - "$address" "$1" 2>/dev/null)
  case $said in Port=open*) echo "$said"; exit 0;; esac
done
echo Port=closed
"""
_LOOK = (
    """
show || exit 3
look
echo "$now" | sed -n 's/^/Process=/p' | grep ' '
ours "$found" && echo Ours=yes
"""
    + PORT
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FrozenState(evidence.State):
    """A unit and its processes on one host, at one moment.

    :param states: of the processes, as in ``/proc``: ``T`` is stopped.
    :param answers: something came back from the port within 2 s.
    :param ours: our own session is among the processes.
    """

    unit: evidence.UnitState
    states: tuple[str, ...]
    answers: bool
    ours: bool

    @property
    def whole(self) -> bool:
        return self.unit.whole and 'T' not in self.states

    @property
    def moving(self) -> bool:
        return self.unit.moving

    @property
    def start(self) -> str:
        return self.unit.start

    @property
    def forbidden(self) -> str:
        if not self.ours:
            return self.unit.forbidden
        return (
            f'{self.unit.host}: our own session is among its processes: it '
            'could not be healed'
        )

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert proof is catalogue.Proof.FROZEN
        assert isinstance(before, FrozenState)
        if not self.states or set(self.states) != {'T'}:
            return False
        # A port that was silent before proves nothing by being silent.
        return not (before.answers and self.answers)

    def __str__(self) -> str:
        stopped = self.states.count('T')
        text = f'{self.unit}, {stopped} of {len(self.states)} processes in T'
        if not self.unit.port or not self.unit.port_open:
            return text
        says = 'says something' if self.answers else 'accepts and is silent'
        return f'{text}, port {self.unit.port} {says}'


class Freezer:
    """Engine and observer of ``service.freeze``.

    :param timeout: seconds that one host may take.
    :param find: how processes are found.
    """

    def __init__(self, timeout: float, find: str = SYSTEMD) -> None:
        self._timeout = timeout
        self._find = find

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        script = {
            catalogue.Verb.FREEZE: _FREEZE,
            catalogue.Verb.THAW: _THAW,
        }[verb]
        remote.on_all(
            target.hosts,
            lambda host: run(
                host, script, target, timeout=self._timeout, find=self._find
            ),
        )

    def observe(self, target: configuration.Target) -> tuple[FrozenState, ...]:
        """The target on each of its hosts, in their order.

        :raises UnreachableError: if one of them cannot be asked.
        :raises UsageError: if it has no such unit.
        """
        return ssh.everywhere(
            target.hosts, lambda host: self._of_host(host, target)
        )

    def _of_host(
        self, host: ssh.Host, target: configuration.Target
    ) -> FrozenState:
        try:
            said = run(
                host,
                _LOOK,
                target,
                str(target.port),
                host.address,
                timeout=self._timeout,
                find=self._find,
            )
        except remote.RemoteError as error:
            raise ssh.UnreachableError(str(error)) from None
        return parse(said, host.address, target)


def run(
    host: ssh.Host,
    script: str,
    target: configuration.Target,
    *args: str,
    timeout: float,
    find: str = SYSTEMD,
) -> str:
    """Run a script that has ``look``, ``ours`` and what ``find`` defines.

    :param find: as ``SYSTEMD``.
    :raises RemoteError: as ``remote.run``.
    :raises UnreachableError: as ``remote.run``.
    """
    whole = _COMMON + find + script
    return remote.run(host, whole, target.unit, *args, timeout=timeout)


def parse(text: str, host: str, target: configuration.Target) -> FrozenState:
    """What systemd, ``/proc`` and the port said.

    :raises UsageError: if the host has no such unit.
    :raises UnreachableError: if the answer is none.
    """
    said = remote.pairs(text)
    return FrozenState(
        unit=evidence.parse(text, host, target),
        states=tuple(
            value.rpartition(' ')[2] for key, value in said if key == 'Process'
        ),
        answers=('Answer', 'yes') in said,
        ours=('Ours', 'yes') in said,
    )


DRIVER = driver.Driver(
    name='freeze',
    by='shell over SSH, as root',
    kinds=(catalogue.KINDS['service.freeze'],),
    engine=Freezer,
    observer=Freezer,
)
