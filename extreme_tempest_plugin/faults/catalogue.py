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
"""Kinds of fault: what is done, what undoes it, what proves it. Pure."""

import collections.abc
import dataclasses
import enum

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model


class Subject(enum.StrEnum):
    """What a target of the configuration is, and so what may be done to it."""

    SERVICE = 'service'
    PARTITION = 'partition'
    DISK = 'disk'
    #: The power of a host.
    NODE = 'node'
    #: Of a switch.
    PORTS = 'ports'


class By(enum.StrEnum):
    """Who breaks and heals."""

    OS_FAULTS = 'os-faults'
    #: Our own drivers: shell over the system's ssh.
    SSH = 'ssh'


class Verb(enum.StrEnum):
    """What an engine can do to a target.

    The first eight are names of os-faults, which is given no others.
    """

    RESTART = 'restart'
    TERMINATE = 'terminate'
    KILL = 'kill'
    START = 'start'
    POWEROFF = 'poweroff'
    POWERON = 'poweron'
    RESET = 'reset'
    SHUTDOWN = 'shutdown'
    FREEZE = 'freeze'
    THAW = 'thaw'
    CUT = 'cut'
    JOIN = 'join'
    FILL = 'fill'
    FREE = 'free'
    PORTS_DOWN = 'ports-down'
    PORTS_UP = 'ports-up'
    PORTS_FLAP = 'ports-flap'


class Proof(enum.StrEnum):
    """What must be seen before a fault counts as having happened."""

    #: Every unit runs as another process, and started after the injection.
    REPLACED = 'replaced'
    #: No unit is active, and nobody answers at the port.
    GONE = 'gone'
    #: Every process is stopped, and the port says nothing.
    FROZEN = 'frozen'
    #: The rules that drop are there, and no peer is reached.
    CUT = 'cut'
    #: Our file is there, and no more is left than was to be.
    FULL = 'full'
    #: The BMC says that the power is off, and nobody answers at SSH.
    OFF = 'off'
    #: The host has started again.
    REBOOTED = 'rebooted'
    #: The switch says that the ports are down, and no host behind answers.
    DOWN = 'down'
    #: Every port was seen down and up in one look.
    FLAPPED = 'flapped'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault.

    :param name: as a plan calls it.
    :param does: what injects it.
    :param undoes: what heals it, also where it was left half-way; it must
        be harmless on a target that is whole.
    :param heals_itself: whole again without ``undoes``, in the normal case.
    :param proof: what shows that it happened.
    :param of: what its target must be.
    :param by: who does and undoes it.
    :param dead_man: a timer on the target undoes it after hold and recovery,
        whatever becomes of us.
    """

    name: str
    does: Verb
    undoes: Verb
    heals_itself: bool
    proof: Proof
    of: Subject = Subject.SERVICE
    by: By = By.OS_FAULTS
    dead_man: bool = False


_KINDS = (
    Kind(
        name='service.restart',
        does=Verb.RESTART,
        undoes=Verb.START,
        heals_itself=True,
        proof=Proof.REPLACED,
    ),
    Kind(
        name='service.terminate',
        does=Verb.TERMINATE,
        undoes=Verb.START,
        heals_itself=False,
        proof=Proof.GONE,
    ),
    # SIGKILL: what it had in hand is gone. systemd starts it again, where the
    # unit says so with Restart=.
    Kind(
        name='service.kill',
        does=Verb.KILL,
        undoes=Verb.START,
        heals_itself=True,
        proof=Proof.REPLACED,
    ),
    # SIGSTOP: it keeps its connections and its locks, and does nothing.
    Kind(
        name='service.freeze',
        does=Verb.FREEZE,
        undoes=Verb.THAW,
        heals_itself=False,
        proof=Proof.FROZEN,
        by=By.SSH,
    ),
    Kind(
        name='network.partition',
        does=Verb.CUT,
        undoes=Verb.JOIN,
        heals_itself=False,
        proof=Proof.CUT,
        of=Subject.PARTITION,
        by=By.SSH,
        dead_man=True,
    ),
    Kind(
        name='disk.full',
        does=Verb.FILL,
        undoes=Verb.FREE,
        heals_itself=False,
        proof=Proof.FULL,
        of=Subject.DISK,
        by=By.SSH,
        dead_man=True,
    ),
    # Without a word to what runs there: what was not written is lost.
    Kind(
        name='node.off',
        does=Verb.POWEROFF,
        undoes=Verb.POWERON,
        heals_itself=False,
        proof=Proof.OFF,
        of=Subject.NODE,
    ),
    Kind(
        name='node.reset',
        does=Verb.RESET,
        undoes=Verb.POWERON,
        heals_itself=True,
        proof=Proof.REBOOTED,
        of=Subject.NODE,
    ),
    # The power button: systemd stops everything first.
    Kind(
        name='node.shutdown',
        does=Verb.SHUTDOWN,
        undoes=Verb.POWERON,
        heals_itself=False,
        proof=Proof.OFF,
        of=Subject.NODE,
    ),
    Kind(
        name='switch.port_down',
        does=Verb.PORTS_DOWN,
        undoes=Verb.PORTS_UP,
        heals_itself=False,
        proof=Proof.DOWN,
        of=Subject.PORTS,
        by=By.SSH,
        dead_man=True,
    ),
    Kind(
        name='switch.flap',
        does=Verb.PORTS_FLAP,
        undoes=Verb.PORTS_UP,
        heals_itself=False,
        proof=Proof.FLAPPED,
        of=Subject.PORTS,
        by=By.SSH,
        dead_man=True,
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}


def kind(name: str) -> Kind:
    """The kind of that name.

    :raises PlanError: if there is none.
    """
    try:
        return KINDS[name]
    except KeyError:
        known = ', '.join(sorted(KINDS))
        raise errors.PlanError(
            f'faults: there is no fault {name!r}; known: {known}'
        ) from None


def check(
    faults: collections.abc.Iterable[model.Fault],
    bounds: model.Bounds = model.NARROWEST,
) -> None:
    """Whether the faults of a plan can be run at all.

    :param bounds: whether one may begin while another one lasts.
    :raises PlanError: naming the fault and what is wrong with it.
    """
    before: list[tuple[int, model.Fault]] = []
    numbered = enumerate(faults, start=1)
    for number, fault in sorted(numbered, key=lambda one: one[1].at):
        wrong = _wrong(fault) or _beside(fault, before, bounds)
        if wrong:
            raise errors.PlanError(
                f'faults: {number}: {fault.fault} of {fault.target}: {wrong}'
            )
        before.append((number, fault))


def dead_man(fault: model.Fault) -> float:
    """Seconds after which the target undoes it by itself, 0 for never."""
    if not kind(fault.fault).dead_man or fault.hold is None:
        return 0.0
    return fault.hold + fault.recovery


def _wrong(fault: model.Fault) -> str:
    if fault.host and kind(fault.fault).of is not Subject.SERVICE:
        return f'{fault.target} says itself where it is: leave `host` out'
    if kind(fault.fault).dead_man and fault.hold is None:
        return (
            'a timer on the host undoes it if we cannot, and must know when: '
            'give `hold` in seconds'
        )
    if kind(fault.fault).heals_itself and fault.hold != 0:
        return 'heals itself: leave `hold` out'
    if fault.hold is not None and fault.hold >= fault.recovery:
        return (
            f'held for {fault.hold:g} s, it cannot be whole '
            f'{fault.recovery:g} s after the injection: raise `recovery`'
        )
    return ''


def _beside(
    fault: model.Fault,
    before: collections.abc.Iterable[tuple[int, model.Fault]],
    bounds: model.Bounds,
) -> str:
    """What is wrong with a fault beside those that begin before it."""
    for number, other in before:
        if other.hold is not None and other.at + other.hold <= fault.at:
            continue
        if other.target == fault.target:
            return f'fault {number} still holds its target'
        if not bounds.overlap:
            return (
                f'fault {number} ({other.fault} of {other.target}) lasts '
                'until then: raise `at`, or say `overlap: true` in the plan'
            )
    return ''
