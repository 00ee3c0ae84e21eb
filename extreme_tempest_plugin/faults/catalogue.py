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

import dataclasses
import enum


class Subject(enum.StrEnum):
    """What a target of the configuration is, and so what may be done to it."""

    SERVICE = 'service'
    PARTITION = 'partition'
    DISK = 'disk'
    #: The power of a host.
    NODE = 'node'
    #: Of a switch.
    PORTS = 'ports'
    #: Commands that the operator declares.
    COMMAND = 'command'
    #: On the way between hosts.
    LOSS = 'loss'
    DELAY = 'delay'
    CLOCK = 'clock'


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
    LOSE = 'lose'
    DELAY = 'delay'
    STEP = 'step'
    #: For whatever has no word of its own.
    INJECT = 'inject'
    HEAL = 'heal'


class Proof(enum.StrEnum):
    """What must be seen before a fault counts as having happened."""

    #: Every unit runs as another process, and started after the injection.
    REPLACED = 'replaced'
    #: Its main process has ended, or another one runs in its place.
    KILLED = 'killed'
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
    #: The rules are there, and dropped some of the packets, not all.
    LOSSY = 'lossy'
    #: Every peer answers later than before, by the delay.
    DELAYED = 'delayed'
    #: The clock differs from ours by the step.
    STEPPED = 'stepped'
    #: Its driver says so, whatever that is.
    BROKEN = 'broken'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault.

    :param name: as a plan calls it.
    :param does: what injects it.
    :param undoes: what heals it, also where it was left half-way; it must
        be harmless on a target that is whole.
    :param heals_itself: whole again without ``undoes``, in the normal case.
    :param proof: what shows that it happened.
    :param of: what its target must be: a :class:`Subject`, or the name of a
        driver that others bring.
    :param dead_man: a timer on the target undoes it after hold and recovery,
        whatever becomes of us.
    """

    name: str
    does: Verb
    undoes: Verb
    heals_itself: bool
    proof: Proof
    of: str = Subject.SERVICE
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
        proof=Proof.KILLED,
    ),
    # SIGSTOP: it keeps its connections and its locks, and does nothing.
    Kind(
        name='service.freeze',
        does=Verb.FREEZE,
        undoes=Verb.THAW,
        heals_itself=False,
        proof=Proof.FROZEN,
    ),
    Kind(
        name='network.partition',
        does=Verb.CUT,
        undoes=Verb.JOIN,
        heals_itself=False,
        proof=Proof.CUT,
        of=Subject.PARTITION,
        dead_man=True,
    ),
    Kind(
        name='network.loss',
        does=Verb.LOSE,
        undoes=Verb.JOIN,
        heals_itself=False,
        proof=Proof.LOSSY,
        of=Subject.LOSS,
        dead_man=True,
    ),
    Kind(
        name='network.delay',
        does=Verb.DELAY,
        undoes=Verb.HEAL,
        heals_itself=False,
        proof=Proof.DELAYED,
        of=Subject.DELAY,
        dead_man=True,
    ),
    Kind(
        name='clock.step',
        does=Verb.STEP,
        undoes=Verb.HEAL,
        heals_itself=False,
        proof=Proof.STEPPED,
        of=Subject.CLOCK,
        dead_man=True,
    ),
    Kind(
        name='disk.full',
        does=Verb.FILL,
        undoes=Verb.FREE,
        heals_itself=False,
        proof=Proof.FULL,
        of=Subject.DISK,
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
        dead_man=True,
    ),
    Kind(
        name='switch.flap',
        does=Verb.PORTS_FLAP,
        undoes=Verb.PORTS_UP,
        heals_itself=False,
        proof=Proof.FLAPPED,
        of=Subject.PORTS,
        dead_man=True,
    ),
    Kind(
        name='host.command',
        does=Verb.INJECT,
        undoes=Verb.HEAL,
        heals_itself=False,
        proof=Proof.BROKEN,
        of=Subject.COMMAND,
        dead_man=True,
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
