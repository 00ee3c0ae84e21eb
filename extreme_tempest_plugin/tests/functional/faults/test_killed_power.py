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
"""Runs that switch hosts off, killed at each phase: heal brings them back."""

from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import machines
from extreme_tempest_plugin.tests.functional.faults import test_killed_run


class TestKilledPower(test_killed_run.KilledRun):
    def setUp(self) -> None:
        super().setUp()
        if why := machines.usable():
            self.skipTest(why)
        self.machine = self.useFixture(machines.Machine())

    def _phases(self, kind: str, evidenced: str, last: bool) -> None:
        """Kill it in each phase, and then let one run live.

        :param evidenced: power of the host in the phase of that name.
        :param last: as for ``moments``.
        """
        target = self.machine.target
        supervisor = self.machine.supervisor
        plan = model.Fault(
            fault=kind, target=target.name, hold=60, recovery=90
        )
        for phase, after in test_killed_run.moments(
            ('injected', 0.0),
            ('injected', 1.5),
            ('evidenced', 0.0),
            last=last,
        ):
            self._kill(plan, target, phase, after)
            if phase == 'evidenced':
                self.assertEqual(evidenced, supervisor.power)
            (held,) = journal.Journal(self.state).held()
            self.assertNotIn(machines.PASSWORD, held.path.read_text())
            self._heal()
            self.assertEqual('on', supervisor.power)
        self._live(plan, target)
        self.assertEqual('on', supervisor.power)

    def test_off(self) -> None:
        self._phases('node.off', 'off', last=False)

    def test_reset(self) -> None:
        self._phases('node.reset', 'on', last=True)

    def test_shutdown(self) -> None:
        self._phases('node.shutdown', 'off', last=True)

    def test_shutdown_that_ends_after_it_was_undone(self) -> None:
        # The button is pressed, the run dies, and the host takes its time.
        target = self.machine.target
        supervisor = self.machine.supervisor
        supervisor.stopping = 8.0
        plan = model.Fault(
            fault='node.shutdown', target=target.name, hold=60, recovery=90
        )
        self._kill(
            plan,
            target,
            'injected',
            when=lambda: supervisor.orders == ['soft'],
        )
        self._heal()
        self.assertEqual(['soft', 'on'], supervisor.orders)
        self.assertEqual('on', supervisor.power)
