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
"""Take ports of a switch down, and up again.

The switch is a host with a shell that we reach over SSH, or one that netmiko
talks to. The commands are those of the configuration; for a shell lists of
words that mean nothing to it.
"""

import concurrent.futures
import dataclasses
import math
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import netmiko_switches
from extreme_tempest_plugin.faults import switches
from extreme_tempest_plugin.faults.drivers import commands_shell
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import ports_netmiko
from extreme_tempest_plugin.faults.drivers import ports_shell
from extreme_tempest_plugin.faults.drivers import reach
from extreme_tempest_plugin.faults.drivers import remote


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PortsState(evidence.State):
    """Ports of a switch and who answers behind them, at one moment.

    :param switch: its address.
    :param ports: each with ``down``, ``up``, or what else the switch says.
    :param timer: the timer is armed that undoes it.
    :param flapping: a process of ours takes them down and up.
    :param both: ports that were seen down and up, one after the other.
    :param answering: hosts behind that answer at SSH.
    :param silent: the others.
    """

    switch: str
    ports: tuple[tuple[str, str], ...]
    timer: bool
    flapping: bool = False
    both: tuple[str, ...] = ()
    answering: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        up = all(state == 'up' for _, state in self.ports)
        return up and not (self.timer or self.flapping or self.silent)

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        if proof is catalogue.Proof.FLAPPED:
            return self.flapping and len(self.both) == len(self.ports)
        assert proof is catalogue.Proof.DOWN
        down = all(state == 'down' for _, state in self.ports)
        return down and not self.answering

    def lasts(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        # One look may see a port one way only.
        flaps = proof is catalogue.Proof.FLAPPED
        return self.flapping if flaps else self.shows(proof, before)

    def __str__(self) -> str:
        words = [
            f'{self.switch}:',
            ', '.join(f'{name} {state}' for name, state in self.ports) + ';',
        ]
        if self.timer:
            words.append('the timer is armed;')
        if self.flapping:
            seen = ', '.join(self.both) or 'none'
            words.append(f'flapping, seen down and up: {seen};')
        for hosts, what in (
            (self.answering, 'answers at SSH'),
            (self.silent, 'does not answer'),
        ):
            words += [f'{host} {what};' for host in hosts]
        return ' '.join(words).rstrip(';')


class PortSwitch:
    """Engine and observer of ``switch.port_down`` and ``switch.flap``.

    :param timeout: seconds that a call may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Take all ports down, up, or now down and now up.

        :param dead_man: seconds after which the switch undoes it by itself,
            if it has a shell.
        :raises RemoteError: if it failed, or there would be no such timer.
        :raises UnreachableError: if the switch did not answer in time.
        """
        ports = _ports(target)
        if isinstance(ports, netmiko_switches.NetmikoPorts):
            commands = {
                catalogue.Verb.PORTS_DOWN: ports.down,
                catalogue.Verb.PORTS_UP: ports.up,
            }[verb]
            ports_netmiko.configure(
                target, ports.each(commands), self._timeout
            )
            return
        up = commands_shell.marked(commands_shell.HEALS, *ports.each(ports.up))
        if verb is catalogue.Verb.PORTS_UP:
            self._run(ports_shell.TAKE_UP, target, *up)
            return
        if dead_man <= 0:
            raise remote.RemoteError(
                f'{target.name}: not taken down: no time for the timer that '
                'undoes it'
            )
        script = {
            catalogue.Verb.PORTS_DOWN: commands_shell.BREAK,
            catalogue.Verb.PORTS_FLAP: ports_shell.FLAP,
        }[verb]
        down = commands_shell.marked(
            commands_shell.BREAKS, *ports.each(ports.down)
        )
        self._run(script, target, str(math.ceil(dead_man)), *down, *up)

    def observe(self, target: configuration.Target) -> tuple[PortsState, ...]:
        """The ports of the target, and the hosts behind them.

        :raises UnreachableError: if the switch cannot be asked.
        """
        ports = _ports(target)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            behind = pool.submit(_behind, ports)
            try:
                state = parse(self._status(target, ports), target)
            except remote.RemoteError as error:
                raise ssh.UnreachableError(str(error)) from None
            answering, silent = behind.result()
        return (
            dataclasses.replace(state, answering=answering, silent=silent),
        )

    def _status(
        self, target: configuration.Target, ports: switches.Ports
    ) -> str:
        """What the switch says, as :func:`parse` wants it."""
        status = ports.each(ports.status)
        if isinstance(ports, netmiko_switches.NetmikoPorts):
            lines = ports_netmiko.show(target, status, self._timeout)
            return '\n'.join(f'Said1={line}' for line in lines)
        words = commands_shell.marked(commands_shell.STATUS, *status)
        return self._run(ports_shell.LOOK, target, *words)

    def _run(
        self, script: str, target: configuration.Target, *args: str
    ) -> str:
        (host,) = target.hosts
        return remote.run(
            host,
            dead_man.SHELL + ports_shell.COMMON + script,
            dead_man.tag(target),
            *args,
            timeout=self._timeout,
        )


def _behind(
    ports: switches.Ports,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Hosts behind the ports that answer, and those that do not."""
    if not ports.behind:
        return (), ()
    answers = ssh.everywhere(ports.behind, reach.answers)
    found = list(zip(ports.behind, answers, strict=True))
    return (
        tuple(host.address for host, yes in found if yes),
        tuple(host.address for host, yes in found if not yes),
    )


def parse(text: str, target: configuration.Target) -> PortsState:
    """What the switch said.

    A line with the name of a port and one of the two words says how it is;
    with both or neither, the port is not known to be either.
    """
    ports = _ports(target)
    said = remote.pairs(text)
    looks: dict[str, set[tuple[str, ...]]] = {}
    for key, line in said:
        if key.startswith('Said'):
            # As in "port@peer", which ip(8) prints; and each line once.
            words = tuple(re.split(r'[\s@]+', line))
            looks.setdefault(key, set()).add(words)
    states = [
        {name: _state(lines, name, ports) for name in ports.names}
        for lines in looks.values() or [set()]
    ]
    return PortsState(
        switch=target.hosts[0].address,
        timer=('Timer', 'yes') in said,
        flapping=('Flapping', 'yes') in said,
        ports=tuple(states[-1].items()),
        both=tuple(
            name
            for name in ports.names
            if {'up', 'down'} <= {look[name] for look in states}
        ),
    )


def _state(
    lines: set[tuple[str, ...]], name: str, ports: switches.Ports
) -> str:
    """``up``, ``down``, or what to say of a port that is neither."""
    found = [line for line in lines if name in line]
    if len(found) != 1:
        return 'not shown' if not found else 'shown twice'
    words = {word.lower() for word in found[0]}
    down, up = ports.says_down in words, ports.says_up in words
    if down is up:
        return 'half up' if up else 'neither up nor down'
    return 'up' if up else 'down'


def _ports(target: configuration.Target) -> switches.Ports:
    assert isinstance(target.part, switches.Ports)
    return target.part


DRIVER = driver.Driver(
    name='ports',
    by='shell over SSH, as root',
    kinds=(
        catalogue.KINDS['switch.port_down'],
        catalogue.KINDS['switch.flap'],
    ),
    engine=PortSwitch,
    observer=PortSwitch,
)
