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
"""Topologies, and the names and paths made of them."""

import pathlib

import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.topology import Role

# The kernel's limit, without the closing zero.
INTERFACE_NAME = 15


class TestTopology(testtools.TestCase):
    def test_single_has_one_controller_and_two_computes(self):
        shape = topology.named('single')
        self.assertEqual(['ctl1'], [h.name for h in shape.controllers])
        self.assertEqual(['cmp1', 'cmp2'], [h.name for h in shape.computes])
        self.assertEqual(shape.controllers[0].address, shape.api_address)

    def test_ha_has_three_controllers_and_an_address_of_nobody(self):
        shape = topology.named('ha')
        self.assertEqual(
            ['ctl1', 'ctl2', 'ctl3'], [h.name for h in shape.controllers]
        )
        self.assertEqual(2, len(shape.computes))
        self.assertTrue(shape.clustered)
        self.assertNotIn(
            shape.api_address, [host.address for host in shape.hosts]
        )

    def test_unknown_topology_names_the_known_ones(self):
        error = self.assertRaises(
            errors.UsageError, topology.named, 'galactic'
        )
        self.assertIn("'galactic'", str(error))
        self.assertIn('single', str(error))
        self.assertEqual(2, error.exit_code)

    def test_addresses_and_macs_are_unique(self):
        for shape in topology.TOPOLOGIES.values():
            addresses = {host.address for host in shape.hosts}
            bmcs = {host.bmc_address for host in shape.nodes}
            self.assertEqual(len(shape.nodes), len(bmcs))
            self.assertEqual(set(), addresses & bmcs)
            for values in (
                {host.address for host in shape.hosts},
                {host.mac for host in shape.hosts},
                {host.tunnel_address for host in shape.hosts},
            ):
                self.assertEqual(len(shape.hosts), len(values))

    def test_mac_is_locally_administered(self):
        host = topology.Host('x', Role.COMPUTE, '10.88.0.21')
        self.assertEqual('02:00:0a:58:00:15', host.mac)
        self.assertEqual('10.88.2.21', host.tunnel_address)

    def test_the_switch_is_last_and_no_node(self):
        for shape in topology.TOPOLOGIES.values():
            self.assertEqual(topology.SWITCH, shape.hosts[-1])
            self.assertEqual(shape.hosts[:-1], shape.nodes)
            self.assertEqual(Role.CONTROLLER, shape.hosts[0].role)

    def test_port_names_fit_the_kernel(self):
        for shape in topology.TOPOLOGIES.values():
            for host in shape.nodes:
                port = f'{host.name}-eth{len(host.networks) - 1}'
                self.assertLessEqual(len(port), INTERFACE_NAME)


class TestLayout(testtools.TestCase):
    def test_good_names(self):
        for name in ('extreme', 'a', 'dev2', 'abcdefghij'):
            made = layout.make(name, pathlib.Path('/var/lib/x'))
            self.assertEqual(f'{name}-ctl1', made.machine('ctl1'))

    def test_bad_names(self):
        for name in ('', 'Dev', '2dev', 'a-b', 'abcdefghijk', 'a/b', 'a\n'):
            error = self.assertRaises(
                errors.UsageError, layout.make, name, pathlib.Path('/x')
            )
            self.assertNotIn('\n', str(error).replace(repr(name), ''))

    def test_paths_that_overlayfs_cannot_take(self):
        for path in ('/a:b', '/a,b', '/a b', '/a\\b'):
            self.assertRaises(
                errors.UsageError, layout.usable_path, pathlib.Path(path)
            )

    def test_relative_paths_become_absolute(self):
        made = layout.usable_path(pathlib.Path('cache'))
        self.assertTrue(made.is_absolute())

    def test_every_host_of_every_topology_can_be_torn_down(self):
        # What down() removes is found by name, not by what up() remembered.
        machines = layout.Layout('dev').all_machines()
        self.assertIn('dev-sw', machines)
        self.assertIn('dev-tester', machines)
        self.assertIn('dev-bmc', machines)
        for shape in topology.TOPOLOGIES.values():
            for host in shape.hosts:
                self.assertIn(f'dev-{host.name}', machines)

    def test_two_names_share_nothing(self):
        one, two = layout.Layout('a'), layout.Layout('a2')
        self.assertEqual(
            set(), set(one.all_machines()) & set(two.all_machines())
        )
        self.assertNotEqual(one.cgroup, two.cgroup)
        self.assertNotEqual(one.run_dir, two.run_dir)
        self.assertNotEqual(one.home, two.home)
