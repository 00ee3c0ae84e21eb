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
"""What is seen of a target, apart from who broke it.

Here: what systemd and the port say of a service. States of other kinds are
beside the drivers.

The OK of an engine is no evidence: a unit may be restarted before anybody
looks, or never have been stopped. See systemctl(1) and
org.freedesktop.systemd1(5) for the properties.
"""

import collections.abc
import dataclasses
from typing import Protocol

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration

#: That tell how a unit is.
PROPERTIES = (
    'LoadState,ActiveState,SubState,MainPID,InvocationID,NRestarts,'
    'ActiveEnterTimestampMonotonic,Names'
)
#: By which we come in, whatever the distribution calls it.
_SSH_DAEMONS = frozenset(
    f'{name}.{kind}'
    for name in ('ssh', 'sshd', 'dropbear')
    for kind in ('service', 'socket')
)
#: What gives a host its addresses and lets packets in. Open vSwitch is none
#: of them: most hosts have their own address elsewhere.
NETWORK = (
    'NetworkManager', 'connman', 'dhcpcd', 'firewalld', 'ip6tables',
    'iptables', 'netfilter-persistent', 'network', 'network-manager',
    'networking', 'nftables', 'shorewall', 'systemd-networkd', 'ufw',
    'wicked', 'wickedd',
)  # fmt: skip
# The port is tried from the host itself, so that what lies between us and
# the host has no say: at the address that we know it by, then on loopback,
# which is where memcached often listens. $1 unit, $2 port, $3 address.
_SCRIPT = f"""
systemctl show -p {PROPERTIES} -- "$1"
[ "$2" = 0 ] && exit 0
for address in "$3" 127.0.0.1; do
  if timeout 2 bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$address" "$2" \\
    2>/dev/null
  then echo Port=open; exit 0; fi
done
echo Port=closed
"""
#: ActiveState while systemd is at work.
MOVING = ('activating', 'deactivating', 'reloading', 'refreshing')


class State(Protocol):
    """A target on one host, at one moment.

    What is derived from it has the answers below, where it has no others.
    """

    @property
    def whole(self) -> bool:
        """It works."""

    @property
    def moving(self) -> bool:
        """systemd is at work on it: wait rather than judge."""
        return False

    @property
    def start(self) -> str:
        """Which start of it this is; empty where it has none."""
        return ''

    @property
    def forbidden(self) -> str:
        """Why it must not be broken, seen from the host; empty if it may."""
        return ''

    @property
    def was(self) -> str:
        """What a reader compares with the state after the fault."""
        return str(self)

    def shows(self, proof: catalogue.Proof, before: 'State') -> bool:
        """Whether the fault took place on this host.

        :param before: the same host before it.
        """

    def lasts(self, proof: catalogue.Proof, before: 'State') -> bool:
        """Whether a fault that was proven is still there, by one look.

        Also where that cannot tell; asked only of what can end.
        """
        return self.shows(proof, before)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UnitState(State):
    """A unit on one host, at one moment.

    :param active: ActiveState: ``active``, ``inactive``, ``failed``, …
    :param pid: main process, 0 where there is none.
    :param invocation: systemd's identity of this start.
    :param entered_us: when it became active, by the host's own clock, µs.
    :param restarts: how often systemd restarted it by itself.
    :param port_open: whether its port answers; True where none is declared.
    :param names: of the unit, aliases too.
    """

    host: str
    active: str
    sub: str
    pid: int
    invocation: str
    entered_us: int
    restarts: int
    port: int = 0
    port_open: bool = True
    names: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.active == 'active' and self.port_open

    @property
    def moving(self) -> bool:
        return self.active in MOVING

    @property
    def start(self) -> str:
        return self.invocation

    @property
    def forbidden(self) -> str:
        if _SSH_DAEMONS.isdisjoint(self.names):
            return ''
        return (
            f'{self.host}: it is the SSH daemon, without which nobody could '
            'heal it'
        )

    @property
    def was(self) -> str:
        return (
            f'{self.host}: MainPID {self.pid}, '
            f'active since {self.entered_us / 1e6:.3f} s'
        )

    def shows(self, proof: catalogue.Proof, before: State) -> bool:
        if proof is catalogue.Proof.GONE:
            still = self.active in ('active', *MOVING)
            return not still and not (self.port and self.port_open)
        assert isinstance(before, UnitState)
        if proof is catalogue.Proof.KILLED and before.pid and not self.pid:
            # Nobody has started it again yet, or ever will.
            return True
        another = (
            self.pid != before.pid or self.invocation != before.invocation
        )
        return another and self.entered_us > before.entered_us

    def __str__(self) -> str:
        words = [f'{self.host}: {self.active} ({self.sub})']
        if self.pid:
            words.append(f'MainPID {self.pid}')
        if self.port:
            state = 'answers' if self.port_open else 'does not answer'
            words.append(f'port {self.port} {state}')
        return ', '.join(words)


class Observer(Protocol):
    """What the injection needs of this module; tests bring their own."""

    def observe(self, target: configuration.Target) -> tuple[State, ...]:
        """The target on each of its hosts, in their order.

        :raises UnreachableError: if one of them cannot be asked.
        """


class OverSsh:
    """Asks each host over SSH, all of them at the same time.

    :param timeout: seconds that one host may take.
    """

    def __init__(self, timeout: float = 15.0) -> None:
        self._timeout = timeout

    def observe(self, target: configuration.Target) -> tuple[UnitState, ...]:
        return ssh.everywhere(
            target.hosts, lambda host: self._of_host(host, target)
        )

    def _of_host(
        self, host: ssh.Host, target: configuration.Target
    ) -> UnitState:
        argv = (
            'sh', '-c', _SCRIPT, 'sh',
            target.unit, str(target.port), host.address,
        )  # fmt: skip
        answer = ssh.run(host, argv, timeout=self._timeout)
        if answer.status:
            raise ssh.UnreachableError(
                f'{host.address}: systemctl: {answer.stderr.strip()[:200]}'
            )
        return parse(answer.stdout, host.address, target)


def parse(text: str, host: str, target: configuration.Target) -> UnitState:
    """What ``systemctl show`` and the port said.

    :raises UsageError: if the host has no such unit.
    :raises UnreachableError: if the answer is not systemd's.
    """
    said = dict(
        line.split('=', 1) for line in text.splitlines() if '=' in line
    )
    if said.get('LoadState') == 'not-found':
        raise errors.UsageError(
            f'{host} has no unit {target.unit}: see service_name of '
            f'{target.name} in the os-faults configuration'
        )
    try:
        return UnitState(
            host=host,
            active=said['ActiveState'],
            sub=said['SubState'],
            pid=int(said.get('MainPID', 0)),
            invocation=said.get('InvocationID', ''),
            entered_us=int(said['ActiveEnterTimestampMonotonic']),
            restarts=int(said.get('NRestarts', 0)),
            port=target.port,
            port_open=not target.port or said['Port'] == 'open',
            names=tuple(said.get('Names', '').split()),
        )
    except (KeyError, ValueError):
        raise ssh.UnreachableError(
            f'{host}: systemctl gave no state: {text.strip()[:200]!r}'
        ) from None


def happened(
    proof: catalogue.Proof,
    before: collections.abc.Sequence[State],
    after: collections.abc.Sequence[State],
) -> bool:
    """Whether a fault took place, on every host of the target."""
    return all(
        new.shows(proof, old) for old, new in zip(before, after, strict=True)
    )


def whole(states: collections.abc.Iterable[State]) -> bool:
    """Whether the target works on every host."""
    return all(state.whole for state in states)


def forbidden(states: collections.abc.Iterable[State]) -> str:
    """Why the target must not be broken; empty if it may be."""
    return '; '.join(filter(None, (state.forbidden for state in states)))


def moving(states: collections.abc.Iterable[State]) -> bool:
    """Whether systemd is still at work on one of them."""
    return any(state.moving for state in states)


class Steadiness:
    """How long a target has been whole, without a start in between.

    A command that was killed on our side may still be under way on the host,
    and break the target after it was seen whole.
    """

    def __init__(self) -> None:
        self._since = 0
        self._starts: tuple[str, ...] = ()

    def seen(self, states: collections.abc.Sequence[State], t: int) -> int:
        """Take a look into account.

        :param states: of the target; empty if it could not be seen.
        :param t: when, ns.
        :returns: nanoseconds for which it has been whole, -1 if it is not.
        """
        starts = tuple(state.start for state in states)
        if not starts or not whole(states):
            self._starts = ()
            return -1
        if starts != self._starts:
            self._since, self._starts = t, starts
        return t - self._since


def describe(
    states: collections.abc.Iterable[State],
    before: collections.abc.Sequence[State] = (),
) -> str:
    """One line for an event; with ``before``, also what changed."""
    text = '; '.join(str(state) for state in states)
    if not before:
        return text
    return f'{text}; before: ' + '; '.join(state.was for state in before)
