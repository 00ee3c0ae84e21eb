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
"""Runs that talk to a BMC by Redfish or to a switch by netmiko, killed."""

from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import cisco
from extreme_tempest_plugin.tests.functional.faults import machines
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import redfish
from extreme_tempest_plugin.tests.functional.faults import test_killed_run
from extreme_tempest_plugin.tests.functional.faults import wait

_MOMENTS = test_killed_run.moments(
    ('injected', 0.5), ('evidenced', 0.0), last=True
)


class TestKilledDevices(test_killed_run.KilledRun):
    def setUp(self) -> None:
        super().setUp()
        if why := namespaces.usable():
            self.skipTest(why)

    def _leaves(
        self,
        plan: model.Fault,
        target: configuration.Target,
        moment: tuple[str, float],
        child: str,
    ) -> str:
        """Kill a run; returns what it left in the journal.

        Its child goes with it: what it had still to do is never done.
        """
        run = self._kill(plan, target, *moment)
        wait.until(lambda: not namespaces.children(child, run))
        (held,) = journal.Journal(self.state).held()
        return held.path.read_text()

    def test_node_off_by_redfish(self) -> None:
        machine = self.useFixture(redfish.Machine())
        target, supervisor = machine.target, machine.supervisor
        plan = model.Fault(
            fault='node.off', target=target.name, hold=60, recovery=90
        )
        for moment in _MOMENTS:
            left = self._leaves(plan, target, moment, 'redfish_child')
            self.assertNotIn(machines.PASSWORD, left)
            if moment[0] == 'evidenced':
                self.assertEqual('off', supervisor.power)
            self._heal()
            self.assertEqual('on', supervisor.power)
        self._live(plan, target)
        self.assertEqual('on', supervisor.power)

    def test_port_down_by_netmiko(self) -> None:
        switch = self.useFixture(cisco.Switch())
        target = switch.target()
        plan = model.Fault(
            fault='switch.port_down', target=target.name, hold=60, recovery=90
        )
        for moment in _MOMENTS:
            left = self._leaves(plan, target, moment, 'netmiko_child')
            self.assertNotIn(cisco.PASSWORD, left)
            self.assertNotIn(cisco.ENABLE, left)
            if moment[0] == 'evidenced':
                self.assertEqual('down', switch.link('h1-eth0'))
            self._heal()
            self.assertEqual('up', switch.link('h1-eth0'))
