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
"""The command of the switch: which ports an operator means."""

import json

import testtools

from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.guest import switchport


def link(name, master='br0', flags=('UP', 'LOWER_UP')):
    return {'ifname': name, 'master': master, 'flags': list(flags)}


LINKS = [
    {},
    link('tester-eth0'),
    link('tester-eth1', 'brx'),
    link('bmc-eth0'),
    link('ctl1-eth0'),
    link('cmp2-eth1', 'brt', ['UP', 'NO-CARRIER']),
    link('cmp2-eth0', flags=[]),
]


class TestSwitchport(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.ports = switchport.parse(json.dumps(LINKS))

    def chosen(self, *words):
        found = switchport.chosen(self.ports, *words)
        return [port.name for port in found]

    def test_only_ports_of_hosts(self):
        # Who takes down the tester or the BMCs cannot bring anything back.
        names = ['cmp2-eth0', 'cmp2-eth1', 'ctl1-eth0']
        self.assertEqual(names, [port.name for port in self.ports])
        self.assertEqual(names, self.chosen('all'))

    def test_admin_and_link_are_told_apart(self):
        states = {p.name: (p.admin, p.link) for p in self.ports}
        self.assertEqual(('up', 'up'), states['ctl1-eth0'])
        self.assertEqual(('down', 'down'), states['cmp2-eth0'])
        self.assertEqual(('up', 'down'), states['cmp2-eth1'])

    def test_a_port_by_network_interface_or_name(self):
        for word in ('tunnel', 'eth1', 'cmp2-eth1'):
            self.assertEqual(['cmp2-eth1'], self.chosen('cmp2', word))
        self.assertEqual(
            ['cmp2-eth0', 'ctl1-eth0'], self.chosen('all', 'management')
        )

    def test_no_such_host_or_port(self):
        for words, known in (
            (('cmp9',), 'cmp2, ctl1, all'),
            (('tester',), 'cmp2, ctl1, all'),
            (('ctl1', 'tunnel'), 'eth0 (management)'),
        ):
            error = self.assertRaises(
                switchport.Failure, switchport.chosen, self.ports, *words
            )
            self.assertIn(known, str(error))
            self.assertEqual(2, error.code)

    def test_the_table_is_parsed_by_splitting(self):
        head, first, *_ = switchport.table(self.ports).splitlines()
        self.assertEqual(
            ['PORT', 'HOST', 'NETWORK', 'ADMIN', 'LINK'], head.split()
        )
        self.assertEqual(
            ['cmp2-eth0', 'cmp2', 'management', 'down', 'down'],
            first.split(),
        )

    def test_it_knows_every_bridge(self):
        bridges = {
            name: bridge for bridge, name in switchport._NETWORKS.items()
        }
        self.assertEqual(network.BRIDGES, bridges)

    def test_no_host_is_called_all(self):
        for shape in topology.TOPOLOGIES.values():
            for host in shape.hosts:
                self.assertNotIn(host.name, ('all', *switchport._FOREIGN))
