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

os-faults presses the buttons by IPMI, and sushy by Redfish. What happened is
asked of others: the BMC, in a session of its own, and the host itself.
"""

import concurrent.futures
import dataclasses
import time

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import child
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import reach
from extreme_tempest_plugin.faults.drivers import remote

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
class NodeState(evidence.State):
    """A host and its power, at one moment.

    :param power: ``on``, ``off``, or on its way to one of them, ``powering
        on``, as its BMC says.
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
        return self.power not in ('on', 'off') or (
            self.power == 'on' and (not self.boot or self.system == _STOPPING)
        )

    @property
    def start(self) -> str:
        return self.boot

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
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Press the button.

        :param dead_man: not used: what is off undoes nothing.
        :raises EngineError: if it failed, or was killed after the timeout.
        :raises UsageError: if the BMC's password is nowhere any more, or
            sushy is not installed where it is needed.
        """
        assert isinstance(target.part, bmcs.Power)
        bmc = bmcs.credentials(target.part)
        if not isinstance(bmc, schema.RedfishBmc):
            os_faults.OsFaults(self._timeout).press(verb, target, bmc)
            return
        try:
            self._talk(bmc, verb)
        except child.ChildError as error:
            raise os_faults.EngineError(
                f'Redfish: {verb} of {target.name}: {error}'
            ) from None

    def observe(self, target: configuration.Target) -> tuple[NodeState, ...]:
        """The host of the target.

        :raises UnreachableError: if its BMC cannot be asked.
        :raises UsageError: as :meth:`call`.
        """
        (host,) = target.hosts
        assert isinstance(target.part, bmcs.Power)
        bmc = bmcs.credentials(target.part)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            seen = pool.submit(self._seen, host, target.part.units)
            power = self._power(bmc)
            return (dataclasses.replace(seen.result(), power=power),)

    def _power(self, bmc: schema.Bmc) -> str:
        """What the BMC says.

        :raises UnreachableError: if it says nothing.
        """
        try:
            return self._talk(bmc)
        except child.ChildError as error:
            raise ssh.UnreachableError(
                f'the BMC {bmc.address}: {error}'
            ) from None

    def _talk(
        self, bmc: schema.Bmc, verb: catalogue.Verb | None = None
    ) -> str:
        """One session with the BMC; returns the power at its end.

        :param verb: which button is pressed, by Redfish; None for none.
        :raises ChildError: if it says nothing, or that something went wrong.
        """
        secrets = [bmc.password]
        if isinstance(bmc, schema.RedfishBmc):
            return child.ask(
                'redfish_child',
                {'bmc': bmc, 'verb': verb},
                self._timeout,
                secrets,
                needs='sushy',
            )
        return child.ask('bmc_child', bmc, self._timeout, secrets)

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


DRIVER = driver.Driver(
    name='power',
    by='os-faults, by IPMI',
    kinds=(
        catalogue.KINDS['node.off'],
        catalogue.KINDS['node.reset'],
        catalogue.KINDS['node.shutdown'],
    ),
    engine=Power,
    observer=Power,
    preflight=os_faults.preflight,
)
