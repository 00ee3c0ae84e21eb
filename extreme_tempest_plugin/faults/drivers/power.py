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
"""Switch the power of hosts, and see whether they are there.

os-faults presses the buttons. What happened is asked of others: the BMC, in a
session of our own, and the host itself.
"""

import concurrent.futures
import dataclasses
import subprocess
import sys
import tempfile
import time

import msgspec

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import reach
from extreme_tempest_plugin.faults.drivers import remote

_CHILD = 'extreme_tempest_plugin.faults.drivers.bmc_child'
_STOPPING = 'stopping'
# A container has the boot_id that its manager gives it, or that of its
# machine; then its first process tells one start from another, proc(5). It
# is the 20th field behind the name. The arguments are units.
_LOOK = """
echo "Boot=$(cat /proc/sys/kernel/random/boot_id)"
first=$(cat /proc/1/stat)
echo "First=$(echo "${first##*) }" | cut -d ' ' -f 20)"
echo "System=$(systemctl is-system-running 2>/dev/null)"
[ $# = 0 ] || systemctl is-active -- "$@" 2>/dev/null | sed 's/^/Unit=/'
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NodeState:
    """A host and its power, at one moment.

    :param power: ``on`` or ``off``, as its BMC says.
    :param answers: it speaks SSH.
    :param boot: differs from start to start; empty where nobody could log in.
    :param system: what systemd says of the host as a whole.
    :param units: of systemd, with their state, that belong to the cloud.
    :param trouble: why nobody could log in.
    """

    host: str
    power: str
    answers: bool
    boot: str = ''
    system: str = ''
    units: tuple[tuple[str, str], ...] = ()
    trouble: str = ''

    @property
    def whole(self) -> bool:
        return (
            self.power == 'on'
            and bool(self.boot)
            and self.system != _STOPPING
            and not self._inactive
        )

    @property
    def moving(self) -> bool:
        """It goes down or comes up."""
        return self.power == 'on' and (
            not self.boot or self.system == _STOPPING
        )

    @property
    def start(self) -> str:
        return self.boot

    @property
    def forbidden(self) -> str:
        return ''

    @property
    def was(self) -> str:
        return str(self)

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert isinstance(before, NodeState)
        if proof is catalogue.Proof.REBOOTED:
            return bool(self.boot) and self.boot != before.boot
        assert proof is catalogue.Proof.OFF
        # What never answered proves nothing by being silent.
        return self.power == 'off' and before.answers and not self.answers

    @property
    def _inactive(self) -> list[str]:
        return [
            f'{unit} {state}'
            for unit, state in self.units
            if state != 'active'
        ]

    def __str__(self) -> str:
        words = [f'{self.host}: its BMC says {self.power}']
        if not self.answers:
            words.append('nobody answers at SSH')
        elif not self.boot:
            words.append(f'SSH answers, but {self.trouble}')
        else:
            words.append(f'SSH answers, start {self.boot}')
            if self.system == _STOPPING:
                words.append('is stopping')
            if self.units:
                active = len(self.units) - len(self._inactive)
                words.append(f'{active} of {len(self.units)} units active')
            words += self._inactive
        return ', '.join(words)


class Power:
    """Engine and observer of ``node.off`` and its like.

    :param timeout: seconds that a call, or a look, may take.
    :param child: module that asks the BMC; tests bring one that hangs.
    """

    def __init__(self, timeout: float, child: str = _CHILD) -> None:
        self._timeout = timeout
        self._command = (sys.executable, '-P', '-m', child)

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Press the button.

        :param dead_man: not used: what is off undoes nothing.
        :raises EngineError: if it failed, or was killed after the timeout.
        :raises UsageError: if the BMC's password is nowhere any more.
        """
        assert target.power is not None
        bmc = bmcs.credentials(target.power)
        os_faults.OsFaults(self._timeout).press(verb, target, bmc)

    def observe(self, target: configuration.Target) -> tuple[NodeState, ...]:
        """The host of the target.

        :raises UnreachableError: if its BMC cannot be asked.
        :raises UsageError: if the BMC's password is nowhere any more.
        """
        (host,) = target.hosts
        assert target.power is not None
        bmc = bmcs.credentials(target.power)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            seen = pool.submit(self._seen, host, target.power.units)
            power = self._power(bmc)
            return (dataclasses.replace(seen.result(), power=power),)

    def _power(self, bmc: schema.Bmc) -> str:
        """What the BMC says.

        :raises UnreachableError: if it says nothing.
        """
        request = {
            'address': bmc.address,
            'username': bmc.username,
            'password': bmc.password,
            'seconds': self._timeout,
        }
        try:
            done = subprocess.run(
                self._command,
                # Not among the arguments, which everybody can read.
                input=msgspec.json.encode(request),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os_faults.environment(tempfile.gettempdir()),
                timeout=self._timeout,
                check=False,
            )
            answer = msgspec.json.decode(done.stdout, type=dict[str, str])
        except (subprocess.TimeoutExpired, msgspec.DecodeError):
            raise ssh.UnreachableError(
                f'the BMC {bmc.address} did not answer within '
                f'{self._timeout:g} s'
            ) from None
        if not answer['power']:
            why = os_faults.without(bmc.password, answer['error'])
            raise ssh.UnreachableError(f'the BMC {bmc.address}: {why}')
        return answer['power']

    def _seen(self, host: ssh.Host, units: tuple[str, ...]) -> NodeState:
        """The host itself; its power is for others to tell."""
        end = time.monotonic() + self._timeout
        state = NodeState(host=host.address, power='', answers=False)
        if not reach.answers(host):
            return state
        try:
            said = ssh.run(
                host,
                ('sh', '-c', _LOOK, 'sh', *units),
                timeout=max(1.0, end - time.monotonic()),
            )
        except ssh.UnreachableError as error:
            return dataclasses.replace(state, answers=True, trouble=str(error))
        return parse(said.stdout, state, units)


def parse(text: str, state: NodeState, units: tuple[str, ...]) -> NodeState:
    """What a host that lets us in said of itself.

    :param state: what is known of it already.
    :param units: that it was asked for.
    """
    said = remote.pairs(text)
    one = dict(said)
    states = [value for key, value in said if key == 'Unit']
    if not one.get('Boot') or len(states) != len(units):
        return dataclasses.replace(
            state, answers=True, trouble='it does not say how it is'
        )
    return dataclasses.replace(
        state,
        answers=True,
        boot=f'{one["Boot"][:8]}/{one.get("First", "")}',
        system=one.get('System', ''),
        units=tuple(zip(units, states, strict=True)),
    )
