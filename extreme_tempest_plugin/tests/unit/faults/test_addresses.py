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
"""A host that is listed once for each of its addresses is one host."""

from typing import Any

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.faults import test_losses
from extreme_tempest_plugin.tests.unit.faults import world

fault = test_losses.fault
#: Of the second network.
SECOND = {name: f'198.51.100.{n}' for n, name in enumerate(world.CONTROLLERS)}
BEYOND = model.Bounds(beyond_quorum=True, most_hosts=1, overlap=True)


class AddressesTest(test_losses.LossesTest):
    #: What the second address says of its host.
    named = True

    def setUp(self) -> None:
        super().setUp()
        self.configure()

    def configure(self, **changes: Any) -> None:
        """Targets by the second address, clusters by the first."""
        file = world.file(str(self.world.key))
        nodes = file['node_discover']['args']
        for name, address in SECOND.items():
            node = {**nodes[0], 'ip': address, 'fqdn': name}
            if not self.named:
                del node['fqdn']
            nodes.append(node)
        one, two, three = SECOND.values()
        switch = file['switches']['sw']
        everything = {'ports': ['swp7'], 'hosts': [one, two, three]}
        service = world.service('mariadb', hosts=[one, two, three])
        self.world.configure(
            node_discover=file['node_discover'],
            services={**file['services'], 'second': service},
            disks={
                **file['disks'],
                'second-disk': {'host': one, 'path': '/var'},
                'third-disk': {'host': three, 'path': '/var'},
            },
            partitions={
                **file['partitions'],
                'from-peers': {
                    'host': world.ADDRESSES['ctl1'],
                    'peers': [two, three],
                },
                'from-host': {'host': one, 'peers': [two, three]},
                'cmp1-from-peers': {
                    'host': world.ADDRESSES['cmp1'],
                    'peers': [two, three],
                },
            },
            switches={
                'sw': {
                    **switch,
                    'targets': {
                        **switch['targets'],
                        'second-ports': everything,
                    },
                }
            },
            **changes,
        )
        self.world.allow()


class TestSameName(AddressesTest):
    def test_a_service_loses_its_members(self) -> None:
        stop = fault('service.terminate', 'second')
        self.assertIn('leaves 0 of 3', self.refused(stop))
        self.permit(stop, bounds=BEYOND)

    def test_partitions_and_ports_take_members(self) -> None:
        offered = self.world.read()
        (galera, *_) = offered.clusters
        ctl1, *_ = world.ADDRESSES.values()
        for name, gone in (
            ('from-peers', (ctl1,)),
            ('from-host', (ctl1,)),
            ('cmp1-from-peers', ()),
            ('second-ports', galera.members),
        ):
            target = offered.targets[name]
            self.assertEqual(gone, losses.lost(galera, target), name)
        self.assertIn(
            'leaves 0 of 3',
            self.refused(
                fault('switch.port_down', 'second-ports'),
                bounds=model.Bounds(most_hosts=3),
            ),
        )

    def test_a_host_is_hit_once(self) -> None:
        for other, hosts in (('second-disk', 1), ('third-disk', 2)):
            both = (
                fault('disk.full', 'ctl1-var'),
                fault('disk.full', other, 1),
            )
            if hosts == 1:
                self.permit(*both, bounds=BEYOND)
            else:
                text = self.refused(*both, bounds=BEYOND)
                self.assertIn('hits 2 hosts', text)

    def test_a_host_without_power_is_not_reached_by_the_other(self) -> None:
        text = self.refused(
            fault('node.off', 'ctl1'),
            fault('disk.full', 'second-disk', 1),
            bounds=BEYOND,
        )
        self.assertIn('203.0.113.1 away meanwhile', text)

    def test_either_names_a_host_of_the_target(self) -> None:
        for host in ('ctl2', world.ADDRESSES['ctl2'], SECOND['ctl2']):
            one = model.Fault(fault='service.kill', target='second', host=host)
            (target,) = guard.permitted((one,), self.world.destructive)
            self.assertEqual((SECOND['ctl2'],), target.addresses)

    def test_one_power_with_the_units_of_both(self) -> None:
        power = self.world.read().targets['ctl1']
        self.assertEqual((world.ADDRESSES['ctl1'],), power.addresses)
        self.configure(
            containers={
                'c': {
                    **world.container('c1', unit='c-unit'),
                    'hosts': [SECOND['ctl1']],
                }
            }
        )
        power = self.world.read().targets['ctl1']
        self.assertIn('c-unit', power.part.units)

    def test_a_member_counts_once(self) -> None:
        one, two, _ = SECOND.values()
        for hosts in (['ctl1', one], [world.ADDRESSES['ctl1'], one, two]):
            error = self.assertRaises(
                errors.UsageError,
                self.configure,
                clusters={'c': {'hosts': hosts}},
            )
            self.assertIn(f'{one} is there twice', str(error))

    def test_a_member_is_asked_at_the_address_that_it_has_there(self) -> None:
        one, two, _ = SECOND.values()
        self.configure(clusters={'c': {'hosts': [one, two, 'ctl3']}})
        (cluster,) = self.world.read().clusters
        self.assertEqual((one, two, '203.0.113.3'), cluster.members)
        self.assertEqual(
            {
                *SECOND.values(),
                *(world.ADDRESSES[name] for name in world.CONTROLLERS),
            },
            {*cluster.addresses},
        )
        self.assertEqual(
            (one,),
            losses.lost(cluster, self.world.read().targets['ctl1-var']),
        )


class TestNoName(AddressesTest):
    """Then nobody knows what a cluster loses."""

    named = False

    def test_a_service_of_a_cluster(self) -> None:
        for kind in ('kill', 'terminate'):
            text = self.refused(fault(f'service.{kind}', 'second'))
            self.assertIn('of the cluster galera, of which 198.51.100.0', text)
            self.assertIn('is no member: add it to its hosts, or', text)
            self.assertNotIn('\n', text)

    def test_a_host_that_is_hit_or_that_a_member_is_cut_off_from(self) -> None:
        for kind, target in (
            ('network.partition', 'from-peers'),
            ('network.partition', 'from-host'),
            ('switch.port_down', 'second-ports'),
            ('disk.full', 'third-disk'),
        ):
            text = self.refused(fault(kind, target), bounds=BEYOND)
            self.assertIn('nobody knows whether 198.51.100.', text)
            self.assertIn('give it the fqdn of its host', text)
        # It loses no vote, whoever they are.
        self.permit(fault('network.partition', 'cmp1-from-peers'))

    def test_where_nothing_is_counted_nothing_is_asked(self) -> None:
        self.configure(clusters={})
        self.permit(fault('service.kill', 'second'))
        self.permit(fault('disk.full', 'third-disk'))

    def test_a_member_by_its_address_needs_no_name(self) -> None:
        self.configure(clusters={'c': {'hosts': [*SECOND.values()]}})
        self.permit(fault('disk.full', 'third-disk'))
