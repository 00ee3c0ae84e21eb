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
"""How a container is, and what shows that it was broken.

By the word of its runtime, and by what the host and the port say beside it.
"""

import dataclasses
import datetime

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import remote

_RUNNING = 'running'
_PAUSED = 'paused'
#: In which it stays: nobody is at work on it.
_ENDED = ('absent', 'configured', 'created', 'dead', 'exited', 'stopped')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ContainerState(evidence.State):
    """A container on one host, at one moment.

    :param identity: of the runtime; a container that was made anew has
        another one.
    :param status: State.Status: ``running``, ``paused``, ``exited``, …, or
        ``absent`` where there is no such container.
    :param pid: main process, 0 where there is none.
    :param started: when, by the host's wall clock; None for never.
    :param restarts: how often the runtime started it again by itself.
    :param policy: its restart policy.
    :param processes: that the host has in its control group.
    :param freezer: of that: ``FROZEN``, ``THAWED``, empty where not known.
    :param unit: ActiveState of the unit that runs it; empty without one.
    :param stopping: somebody's command is stopping it.
    :param ours: our own session belongs to it.
    :param port_open: whether its port accepts; True where none is declared.
    :param answers: something came back from the port within 2 s.
    """

    host: str
    name: str
    identity: str
    status: str
    pid: int
    started: datetime.datetime | None
    restarts: int
    policy: str
    processes: int
    freezer: str
    unit: str
    stopping: bool
    ours: bool
    port: int = 0
    port_open: bool = True
    answers: bool = False

    @property
    def whole(self) -> bool:
        return (
            self.status == _RUNNING
            and self.port_open
            and not (self.stopping or self.freezer == 'FROZEN')
        )

    @property
    def moving(self) -> bool:
        return (
            self.stopping
            or self.unit in evidence.MOVING
            or self.status not in (_RUNNING, _PAUSED, *_ENDED)
        )

    @property
    def start(self) -> str:
        return f'{self.identity} {self.pid} {self.started}'

    @property
    def forbidden(self) -> str:
        if not self.ours:
            return ''
        return (
            f'{self.host}: our own session belongs to {self.name}: it could '
            'not be healed'
        )

    @property
    def was(self) -> str:
        return (
            f'{self.host}: {self.identity[:12]} process {self.pid}, '
            f'started {self.started}, {self.restarts} restarts, restart '
            f'policy {self.policy or "no"}'
        )

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert isinstance(before, ContainerState)
        match proof:
            case catalogue.Proof.GONE:
                closed = not (self.port and self.port_open)
                return self._ended and closed and not self.moving
            case catalogue.Proof.FROZEN:
                return self._frozen(before)
            case catalogue.Proof.KILLED:
                return self._ended or self._replaced(before)
        assert proof is catalogue.Proof.REPLACED
        return self._replaced(before)

    @property
    def _ended(self) -> bool:
        """Both by the runtime's word and by the host's processes."""
        return self.status not in (_RUNNING, _PAUSED) and not (
            self.pid or self.processes
        )

    def _replaced(self, before: 'ContainerState') -> bool:
        if not self.pid or self.started is None or before.started is None:
            return False
        return self.pid != before.pid and self.started > before.started

    def _frozen(self, before: 'ContainerState') -> bool:
        if self.status != _PAUSED or self.freezer == 'THAWED':
            return False
        if self.identity != before.identity or self.pid != before.pid:
            return False
        if before.answers:
            return self.port_open and not self.answers
        # A port that was silent before proves nothing by being silent.
        return self.freezer == 'FROZEN'

    def __str__(self) -> str:
        words = [f'{self.host}: {self.name} {self.status}']
        if self.pid:
            words.append(f'process {self.pid} since {self.started}')
        if self.restarts:
            words.append(f'{self.restarts} restarts')
        if self.freezer == 'FROZEN':
            words.append('frozen')
        if self.unit:
            words.append(f'its unit {self.unit}')
        if self.stopping:
            words.append('is being stopped')
        if self.port:
            words.append(f'port {self.port} {self._port}')
        return ', '.join(words)

    @property
    def _port(self) -> str:
        if not self.port_open:
            return 'does not answer'
        return 'answers' if self.answers else 'accepts and is silent'


def parse(
    text: str, host: str, target: configuration.Target
) -> ContainerState:
    """What the runtime, ``/proc`` and the port said.

    :raises UnreachableError: if the answer is none.
    """
    assert isinstance(target.part, runtimes.Container)
    said = remote.pairs(text)
    one = dict(said)
    try:
        return ContainerState(
            host=host,
            name=target.part.container,
            identity=one.get('Id', ''),
            status=one['Status'],
            pid=int(one.get('Pid', 0)),
            started=_time(one.get('StartedAt', '')),
            restarts=int(one.get('RestartCount', 0)),
            policy=one.get('Policy', ''),
            processes=sum(key == 'Process' for key, _ in said),
            freezer=one.get('Freezer', ''),
            unit=one.get('Unit', ''),
            stopping='Stopping' in one,
            ours='Ours' in one,
            port=target.port,
            port_open=not target.port or one['Port'] == 'open',
            answers=one.get('Answer') == 'yes',
        )
    except (KeyError, ValueError):
        raise ssh.UnreachableError(
            f'{host}: {target.part.container}: no state: '
            f'{text.strip()[:200]!r}'
        ) from None


def _time(said: str) -> datetime.datetime | None:
    """Of an answer, which has it as JSON; the year 1 stands for never."""
    if not said:
        return None
    time = datetime.datetime.fromisoformat(said.strip('"'))
    return time if time.year > 1 else None
