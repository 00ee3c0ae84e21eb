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
import pathlib
import tempfile

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import clusters
from extreme_tempest_plugin.faults import guard
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit.faults import world

OVERLAP = model.Bounds(overlap=True, most_hosts=9)


def fault(
    kind: str, target: str, at: float = 0, hold: float | None = 0
) -> model.Fault:
    return model.Fault(
        fault=kind, target=target, at=at, hold=hold, recovery=60
    )


class LossesTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.world = world.World(pathlib.Path(directory.name))

    def permit(
        self, *faults: model.Fault, bounds: model.Bounds = model.NARROWEST
    ) -> None:
        guard.permitted(faults, self.world.destructive, bounds)

    def refused(
        self, *faults: model.Fault, bounds: model.Bounds = model.NARROWEST
    ) -> str:
        error = self.assertRaises(
            errors.RefusedError, lambda: self.permit(*faults, bounds=bounds)
        )
        return str(error)


class TestQuorum(LossesTest):
    def test_one_member_at_a_time(self) -> None:
        for host in ('ctl2', world.ADDRESSES['ctl2']):
            one = model.Fault(
                fault='service.kill', target='rabbitmq', host=host, recovery=60
            )
            (target,) = guard.permitted((one,), self.world.destructive)
            self.assertEqual('rabbitmq', target.name)
            self.assertEqual(
                [world.ADDRESSES['ctl2']],
                [host.address for host in target.hosts],
            )

    def test_all_members_of_a_service_at_once(self) -> None:
        for kind in ('restart', 'kill', 'terminate', 'freeze'):
            all_of_it = fault(f'service.{kind}', 'rabbitmq')
            self.assertEqual(
                f'service.{kind} of rabbitmq refused: it leaves 0 of 3 '
                'members of the cluster rabbitmq, which needs 2: the plan '
                'does not say beyond_quorum: true',
                self.refused(all_of_it),
            )
            self.permit(all_of_it, bounds=model.Bounds(beyond_quorum=True))
            self.permit(fault(f'service.{kind}', 'rabbitmq-ctl2'))
            # In no cluster.
            self.permit(fault(f'service.{kind}', 'nova-api'))

    def test_another_name_of_the_same_unit(self) -> None:
        names = ('mariadb.service', 'mysql', 'mysqld.service')
        base = world.file(str(self.world.key))['services']
        for name in names:
            self.world.configure(
                services={
                    **base,
                    'mine': world.service(name, *world.CONTROLLERS),
                }
            )
            self.world.allow()
            self.assertIn(
                'members of the cluster galera',
                self.refused(fault('service.kill', 'mine')),
            )

    def test_a_service_that_is_a_container(self) -> None:
        self.world.configure(
            containers={
                'galera': world.container('mariadb', *world.CONTROLLERS),
                'galera-ctl2': world.container('mariadb', 'ctl2'),
            },
            clusters={
                'galera': {
                    'hosts': [*world.CONTROLLERS],
                    'services': ['galera'],
                }
            },
        )
        self.world.allow()
        self.permit(fault('service.kill', 'galera-ctl2'))
        self.assertIn(
            'leaves 0 of 3 members',
            self.refused(fault('service.kill', 'galera')),
        )

    def test_the_unit_of_a_container(self) -> None:
        """By either name it is the same member."""
        unit = 'kolla-mariadb-container'
        services = {
            'as-unit': world.service(f'{unit}.service', *world.CONTROLLERS)
        }
        inside = {
            'as-container': world.container(
                'mariadb', *world.CONTROLLERS, unit=unit
            )
        }
        bare = {
            'bare': world.container('mariadb', *world.CONTROLLERS),
        }
        for declared in ('as-unit', 'as-container'):
            self.world.configure(
                services=services,
                containers={**inside, **bare},
                clusters={
                    'galera': {
                        'hosts': [*world.CONTROLLERS],
                        'services': [declared],
                    }
                },
            )
            self.world.allow()
            for target in ('as-unit', 'as-container'):
                self.assertIn(
                    'leaves 0 of 3 members',
                    self.refused(fault('service.kill', target)),
                )
        self.assertIn(
            'leaves 0 of 3 members',
            self.refused(fault('service.kill', 'bare')),
        )

    def test_a_minority_may_be_lost(self) -> None:
        for kind, target in (
            ('node.off', 'ctl1'),
            ('node.reset', 'ctl2'),
            ('switch.port_down', 'ctl1-ports'),
            ('switch.flap', 'tunnel'),
            ('network.partition', 'ctl1-alone'),
            ('network.partition', 'cmp1-alone'),
            ('network.loss', 'ctl1-lossy'),
            ('network.delay', 'ctl1-slow'),
            ('clock.step', 'ctl1-clock'),
            ('disk.full', 'ctl3-var'),
            # On all of them, and they keep their votes.
            ('host.command', 'alarm'),
        ):
            self.permit(fault(kind, target))

    def test_two_that_meet(self) -> None:
        pairs = (
            ('node.off ctl1', 'service.kill rabbitmq-ctl2', 'rabbitmq'),
            ('node.off ctl1', 'node.reset ctl2', 'galera'),
            ('node.off ctl2', 'switch.flap ctl1-ports', 'galera'),
            ('node.off ctl2', 'disk.full ctl1-var', 'galera'),
            ('node.off ctl2', 'clock.step ctl1-clock', 'galera'),
            ('disk.full ctl3-var', 'network.loss ctl1-lossy', 'galera'),
            ('disk.full ctl3-var', 'network.delay ctl1-slow', 'galera'),
            (
                'network.partition ctl1-alone',
                'network.partition ctl2-alone',
                'galera',
            ),
            (
                'service.freeze rabbitmq-ctl1',
                'service.kill rabbitmq-ctl2',
                'rabbitmq',
            ),
        )
        for one, other, cluster in pairs:
            for first, second in ((one, other), (other, one)):
                before = fault(*first.split())
                for at in (0, 59):
                    text = self.refused(
                        before, fault(*second.split(), at), bounds=OVERLAP
                    )
                    self.assertIn('leaves 1 of 3', text)
                    self.assertIn(f'cluster {cluster}', text)
                self.permit(before, fault(*second.split(), 60), bounds=OVERLAP)

    def test_two_that_are_one_member(self) -> None:
        self.permit(
            fault('switch.port_down', 'ctl1-ports'),
            fault('network.partition', 'ctl1-alone', 60),
            fault('disk.full', 'ctl1-var', 61),
            bounds=OVERLAP,
        )

    def test_what_is_held_to_the_end_is_never_over(self) -> None:
        text = self.refused(
            fault('node.off', 'ctl1', hold=None),
            fault('service.kill', 'rabbitmq-ctl2', 900),
            bounds=OVERLAP,
        )
        self.assertIn('beside node.off of ctl1 it leaves 1 of 3', text)

    def test_one_that_is_cut_off_is_lost_and_its_peers_are_not(self) -> None:
        read = self.world.read()
        (galera, _, _) = read.clusters
        alone = read.targets['ctl1-alone']
        self.assertEqual(('203.0.113.1',), losses.lost(galera, alone))
        # The controllers see each other all the same.
        for name in ('cmp1-alone', 'ctl1-not-me'):
            other = read.targets[name]
            self.assertEqual((), losses.lost(galera, other), name)

    def test_any_spelling_of_an_address(self) -> None:
        read = self.world.read()
        cluster = clusters.Cluster(
            name='c', members=('2001:DB8:0::1', '2001:db8::2')
        )
        self.assertEqual(2, cluster.majority)
        self.world.configure(
            node_discover={
                'driver': 'node_list',
                'args': [{'ip': '2001:DB8:0::1'}, {'ip': '2001:DB8:0::2'}],
            },
            services={},
            links={},
            clocks={},
            disks={},
            switches={},
            commands={},
            clusters={},
            power_managements=[{'driver': 'libvirt', 'args': {}}],
            partitions={
                'p': {'host': '2001:DB8:0::1', 'peers': ['2001:DB8:0::2']}
            },
        )
        read = self.world.read()
        self.assertEqual(
            ('2001:DB8:0::1',), losses.lost(cluster, read.targets['p'])
        )


class TestHosts(LossesTest):
    def test_one_host_where_nothing_is_said(self) -> None:
        text = self.refused(fault('switch.port_down', 'two-ports'))
        self.assertIn(
            'it hits 2 hosts at the same time (203.0.113.1, 203.0.113.2): '
            'the plan has most_hosts: 1',
            text,
        )
        two = model.Bounds(most_hosts=2, beyond_quorum=True)
        self.permit(fault('switch.port_down', 'two-ports'), bounds=two)

    def test_beyond_quorum_is_not_more_hosts(self) -> None:
        beyond = model.Bounds(beyond_quorum=True, overlap=True)
        for first, second in (
            (fault('node.off', 'ctl1'), fault('node.off', 'cmp1', 59)),
            (fault('node.off', 'cmp1'), fault('disk.full', 'ctl3-var', 1)),
        ):
            text = self.refused(first, second, bounds=beyond)
            self.assertIn('hits 2 hosts', text)

    def test_a_service_hits_no_host(self) -> None:
        self.permit(
            fault('service.terminate', 'nova-api'),
            fault('node.off', 'cmp1', 60),
            fault('service.kill', 'nova-api', 61),
        )


class TestTogether(testtools.TestCase):
    def test_each_with_those_that_have_begun(self) -> None:
        planned = [
            (fault('node.off', name, at, hold), name)
            for name, at, hold in (
                ('a', 0, 0),
                ('b', 59, 0),
                ('c', 60, None),
                ('d', 500, 0),
            )
        ]
        found = [
            {name for _, name in both} for both in losses.together(planned)
        ]
        self.assertEqual([{'a'}, {'a', 'b'}, {'b', 'c'}, {'c', 'd'}], found)
