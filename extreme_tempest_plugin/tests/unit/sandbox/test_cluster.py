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
"""How several controllers begin and end the build of their layers."""

import pathlib
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.image import cluster
from extreme_tempest_plugin.sandbox.image import database

HA = topology.named('ha')
SINGLE = topology.named('single')
VIEW = """\
my_uuid: 8d4b
#vwbeg
view_id: 3 8d4b 3
bootstrap: 0
member: 8d4b 0
member: 9e5c 0
member: af6d 0
#vwend
"""


def controllers(shape):
    machines = []
    for host in shape.controllers:
        machine = mock.Mock()
        machine.host = host
        machine.run.return_value = 'wsrep_last_committed\t42\n'
        machines.append(machine)
    return machines


class TestView(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.layer = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def remember(self, text):
        path = self.layer / 'var/lib/mysql/gvwstate.dat'
        path.parent.mkdir(parents=True)
        path.write_text(text)

    def test_all_nodes(self):
        self.remember(VIEW)
        database.check_view('ctl1', self.layer, 3)

    def test_a_node_is_forgotten(self):
        self.remember(VIEW.replace('member: af6d 0\n', ''))
        error = self.assertRaises(
            errors.SandboxError, database.check_view, 'ctl1', self.layer, 3
        )
        self.assertIn('ctl1 remembers 2 of 3 nodes', str(error))

    def test_a_clean_stop_remembers_nothing(self):
        error = self.assertRaises(
            errors.SandboxError, database.check_view, 'ctl1', self.layer, 3
        )
        self.assertIn('remembers 0 of 3', str(error))


class TestInstall(testtools.TestCase):
    def test_only_the_first_of_several_begins_a_cluster(self):
        for shape, begins in ((HA, 1), (SINGLE, 0)):
            first = mock.Mock()
            database.install(shape, first)
            commands = [call.args[0][0] for call in first.run.mock_calls]
            self.assertEqual(begins, commands.count('galera_new_cluster'))

    def test_says_what_the_database_said(self):
        first = mock.Mock()
        first.run.side_effect = ['', errors.CommandFailed('exit 1')]
        first.journal.return_value = 'no space'
        error = self.assertRaises(
            errors.StepFailed, database.install, HA, first
        )
        self.assertIn('no space', str(error))


class TestPosition(testtools.TestCase):
    def test_waits_until_all_have_the_same(self):
        machines = controllers(HA)
        machines[2].run.side_effect = ['x\t41', 'x\t42']
        database.wait_for_one_position(machines)
        self.assertEqual(2, machines[2].run.call_count)

    def test_gives_up(self):
        machines = controllers(HA)
        machines[2].run.return_value = 'x\t41'
        error = self.assertRaises(
            errors.SandboxError, database.wait_for_one_position, machines
        )
        self.assertIn("'41', '42'", str(error))


class TestShareOut(testtools.TestCase):
    def test_others_get_what_the_first_has(self):
        first, *others = machines = controllers(HA)
        first.run.return_value = 'packed'
        cluster.share_out(HA, machines)
        self.assertIn('etc/keystone/fernet-keys', first.run.call_args[0][0][2])
        for machine in others:
            self.assertEqual('packed', machine.run.call_args[1]['stdin'])

    def test_one_controller_has_nobody_to_share_with(self):
        (only,) = machines = controllers(SINGLE)
        cluster.share_out(SINGLE, machines)
        only.run.assert_not_called()


class TestStop(testtools.TestCase):
    def test_the_database_falls_with_its_host(self):
        machines = controllers(HA)
        cluster.stop(HA, machines)
        for machine in machines:
            stopped = machine.run.mock_calls[0].args[0]
            self.assertEqual(['systemctl', 'stop'], stopped[:2])
            self.assertIn('rabbitmq-server', stopped)
            self.assertIn('keystone', stopped)
            self.assertNotIn('mariadb', stopped)
            machine.power.assert_called_once_with('off')

    def test_no_power_is_cut_before_all_have_the_same(self):
        machines = controllers(HA)
        machines[2].run.return_value = 'x\t41'
        self.assertRaises(errors.SandboxError, cluster.stop, HA, machines)
        machines[0].power.assert_not_called()
