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
"""Whether a fault that was proven is still there."""

import typing

import testtools

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import looking
from extreme_tempest_plugin.faults.drivers import commands
from extreme_tempest_plugin.faults.drivers import delay
from extreme_tempest_plugin.faults.drivers import ports
from extreme_tempest_plugin.tests.unit.faults import fakes

Proof = catalogue.Proof
PEERS = ('10.0.0.2', '10.0.0.3')


class _Observer:
    def __init__(self, *states: evidence.State) -> None:
        self.states = states

    def observe(self, target: object) -> tuple[evidence.State, ...]:
        return self.states


def _delayed(
    devices: tuple[str, ...], *took: float, missed: tuple[str, ...] = ()
) -> delay.DelayState:
    return delay.DelayState(
        host='10.0.0.1',
        part=links.Delay(peers=PEERS, delay_ms=200),
        devices=devices,
        timer=True,
        took=tuple(zip(PEERS, took, strict=False)),
        missed=missed,
        unable='',
        busy=(),
        client='10.0.0.9',
    )


def _flapping(flapping: bool, *both: str) -> ports.PortsState:
    return ports.PortsState(
        switch='10.0.0.1',
        ports=(('p1', 'down'), ('p2', 'up')),
        timer=True,
        flapping=flapping,
        both=both,
    )


def _command(status: int, broken: bool) -> commands.CommandState:
    return commands.CommandState(
        host='10.0.0.1',
        status=status,
        says_broken='alarm',
        broken=broken,
        timer=True,
    )


class TestEnded(testtools.TestCase):
    def _ended(
        self,
        proof: catalogue.Proof,
        before: evidence.State,
        *now: evidence.State,
    ) -> str:
        clock = fakes.Clock()
        lookout = looking.Lookout(
            fakes.TARGET,
            typing.cast(evidence.Observer, _Observer(*now)),
            clock.now,
            clock.pause,
        )
        return lookout.ended(proof, (before,) * max(1, len(now)))

    def test_only_what_lasts_is_proven_once_more(self) -> None:
        for kind in catalogue.KINDS.values():
            self.assertEqual(
                kind.heals_itself, kind.proof in looking._PAST, kind.name
            )
        service = fakes.Service()
        state = service.state()
        for proof in looking._PAST:
            self.assertEqual('', self._ended(proof, state, state))

    def test_service(self) -> None:
        service = fakes.Service()
        before = service.state()
        service.stop()
        stopped = service.state()
        self.assertEqual('', self._ended(Proof.GONE, before, stopped))
        said = self._ended(Proof.GONE, before, stopped, before)
        self.assertIn('port 5672 answers', said)

    def test_delay_is_there_as_long_as_its_queue(self) -> None:
        before = _delayed((), 1.0, 1.0)
        for now in (
            _delayed(('eth0',), 201.0, 201.0),
            _delayed(('eth0',), 201.0, missed=PEERS[1:]),
            _delayed(('eth0',), 201.0, 150.0),
        ):
            self.assertEqual('', self._ended(Proof.DELAYED, before, now))
        self.assertIn(
            'answers in 1.0 ms', self._ended(Proof.DELAYED, before, before)
        )

    def test_ports_flap_as_long_as_somebody_makes_them(self) -> None:
        before = _flapping(False)
        for now in (_flapping(True, 'p1', 'p2'), _flapping(True, 'p2')):
            self.assertEqual('', self._ended(Proof.FLAPPED, before, now))
        over = _flapping(False, 'p1', 'p2')
        self.assertIn('p2 up', self._ended(Proof.FLAPPED, before, over))
        self.assertIn('p2 up', self._ended(Proof.DOWN, before, over))

    def test_status_that_fails_tells_nothing(self) -> None:
        before = _command(0, False)
        for now in (_command(70, True), _command(0, True), _command(1, False)):
            self.assertEqual('', self._ended(Proof.BROKEN, before, now))
        self.assertIn(
            'does not say', self._ended(Proof.BROKEN, before, before)
        )
