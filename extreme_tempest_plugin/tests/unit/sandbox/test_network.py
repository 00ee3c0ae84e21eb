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
"""The plan of the network: nothing may touch the root namespace."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import topology


class TestCommands(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.layout = layout.Layout('dev')
        self.shape = topology.named('single')
        self.commands = network.commands(self.layout, self.shape)

    def test_every_command_names_a_namespace_of_this_sandbox(self):
        ours = set(self.layout.all_machines())
        for command in self.commands:
            if command[:3] == ('ip', 'netns', 'add'):
                self.assertIn(command[3], ours)
            elif command[:2] == ('ip', '-n'):
                self.assertIn(command[2], ours)
            else:
                self.assertEqual('nsenter', command[0])
                space = command[1].rpartition('/')[2]
                self.assertIn(space, ours)

    def test_the_peer_of_a_cable_is_in_a_namespace_as_well(self):
        for command in self.commands:
            if 'veth' in command:
                peer = command[command.index('netns') + 1]
                self.assertIn(peer, self.layout.all_machines())

    def test_namespaces_exist_before_they_are_used(self):
        known = set()
        for command in self.commands:
            if command[:3] == ('ip', 'netns', 'add'):
                known.add(command[3])
            elif command[0] == 'ip':
                self.assertIn(command[2], known)

    def test_ports_of_the_switch(self):
        ports = {
            command[command.index('add') + 1]
            for command in self.commands
            if 'veth' in command
        }
        self.assertEqual(
            {
                *('tester-eth0', 'tester-eth1', 'bmc-eth0', 'ctl1-eth0'),
                *('cmp1-eth0', 'cmp1-eth1', 'cmp1-eth2'),
                *('cmp2-eth0', 'cmp2-eth1', 'cmp2-eth2'),
            },
            ports,
        )

    def test_only_the_hosts_of_a_cluster_have_settings_of_their_own(self):
        self.assertNotIn('sysctl', [command[2] for command in self.commands])
        shape = topology.named('ha')
        commands = network.commands(self.layout, shape)
        spaces = {c[1].rpartition('/')[2] for c in commands if 'sysctl' in c}
        self.assertEqual(
            {self.layout.machine(host.name) for host in shape.nodes}, spaces
        )
        for command in commands:
            if 'sysctl' in command:
                self.assertIn('net.ipv4.ip_nonlocal_bind=1', command)

    def test_hosts_get_their_addresses(self):
        added = {
            (command[2], command[5])
            for command in self.commands
            if 'addr' in command
        }
        self.assertIn(('dev-ctl1', '10.88.0.11/24'), added)
        self.assertIn(('dev-tester', '10.88.0.1/24'), added)
        self.assertIn(('dev-tester', '10.88.1.1/24'), added)
        self.assertIn(('dev-sw', '10.88.0.2/24'), added)
        self.assertIn(('dev-bmc', '10.88.0.121/24'), added)

    def test_the_switch_is_one_namespace(self):
        made = [c[3] for c in self.commands if c[:3] == ('ip', 'netns', 'add')]
        self.assertEqual(sorted(set(made)), sorted(made))


class TestPower(testtools.TestCase):
    """Power is one end of a cable, the port of the switch the other."""

    def setUp(self):
        super().setUp()
        self.layout = layout.Layout('dev')
        self.shape = topology.named('single')
        self.host = self.shape.computes[0]
        self.run = self.useFixture(
            fixtures.MockPatch(
                'extreme_tempest_plugin.sandbox.network.shell.run'
            )
        ).mock

    def commands(self):
        return [call.args[0] for call in self.run.call_args_list]

    def test_off_takes_down_every_interface_of_the_host_alone(self):
        network.power_off(self.layout, self.host)
        self.assertEqual(
            [
                ('ip', '-n', 'dev-cmp1', 'link', 'set', name, 'down')
                for name in ('eth0', 'eth1', 'eth2')
            ],
            self.commands(),
        )

    def test_on_forgets_what_a_real_machine_would(self):
        network.power_on(self.layout, self.host, pathlib.Path('/root-of-it'))
        flush, *others = self.commands()
        self.assertEqual('--net=/run/netns/dev-cmp1', flush[1])
        self.assertEqual(
            ('chroot', '/root-of-it', '/usr/sbin/nft', 'flush', 'ruleset'),
            flush[2:],
        )
        ip = ('ip', '-n', 'dev-cmp1')
        self.assertEqual(
            [
                (*ip, 'addr', 'flush', 'dev', 'eth0'),
                (*ip, 'addr', 'add', '10.88.0.21/24', 'dev', 'eth0'),
                (*ip, 'link', 'set', 'eth0', 'up'),
                (*ip, 'link', 'set', 'eth1', 'up'),
                (*ip, 'link', 'set', 'eth2', 'up'),
            ],
            others,
        )

    def test_the_switch_itself_has_no_cables(self):
        network.power_on(self.layout, topology.SWITCH, pathlib.Path('/'))
        network.power_off(self.layout, topology.SWITCH)
        self.assertEqual([], self.commands())
