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
"""Runs that take a switch's port down, killed at each phase."""

import time

from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import switch as switch_
from extreme_tempest_plugin.tests.functional.faults import test_killed_run


class TestKilledPorts(test_killed_run.KilledRun):
    def setUp(self) -> None:
        super().setUp()
        if why := namespaces.usable():
            self.skipTest(why)
        self.switch = self.useFixture(switch_.Switch())
        self.target = self.switch.target()
        self.addCleanup(namespaces.disarm, dead_man.tag(self.target))

    def _plan(
        self, hold: float, recovery: float, kind: str = 'switch.port_down'
    ) -> model.Fault:
        return model.Fault(
            fault=kind,
            target=self.target.name,
            hold=hold,
            recovery=recovery,
        )

    def test_port_down(self) -> None:
        for phase, after in test_killed_run.moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
        ):
            self._kill(self._plan(60, 90), self.target, phase, after)
            if phase == 'evidenced':
                self.assertEqual('down', self.switch.link('h1-eth0'))
            self._heal()
            self.assertEqual('up', self.switch.link('h1-eth0'))
            self._assert_no_timer(self.target)
        self._live(self._plan(1, 90), self.target)
        self.assertEqual('up', self.switch.link('h1-eth0'))

    def test_flap(self) -> None:
        plan = self._plan(60, 90, 'switch.flap')
        for phase, after in test_killed_run.moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
            last=True,
        ):
            self._kill(plan, self.target, phase, after)
            self._heal()
            self.assertEqual('up', self.switch.link('h1-eth0'))
            self._assert_no_timer(self.target)
        self._live(plan, self.target)
        self.assertEqual('up', self.switch.link('h1-eth0'))

    # Of a partition CI sees it.
    @test_killed_run.takes_long
    def test_nobody_heals_it(self) -> None:
        plan = self._plan(9, 10)
        began = time.monotonic()
        self._kill(plan, self.target, 'evidenced')
        self.assertEqual('down', self.switch.link('h1-eth0'))
        waits = plans.dead_man(plan)
        while self.switch.link('h1-eth0') == 'down':
            self.assertLess(time.monotonic() - began, waits + 20)
            time.sleep(0.5)
        # The journal does not know, and loses nothing by asking.
        self._heal()
