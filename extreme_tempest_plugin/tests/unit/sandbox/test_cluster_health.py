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
"""What the members of a cluster say, and what is concluded."""

import json
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.health import cluster as cluster_health
from extreme_tempest_plugin.sandbox.topology import Role

SHAPE = topology.named('ha')

GALERA = (
    'wsrep_local_state_comment\tSynced\n'
    'wsrep_cluster_size\t3\n'
    'wsrep_cluster_status\tPrimary\n'
)
RAFT = """\
f3b2
Name: OVN_Northbound
Cluster ID: 1a2b (1a2b0000-0000-0000-0000-000000000000)
Server ID: f3b2 (f3b20000-0000-0000-0000-000000000000)
Address: tcp:10.88.0.11:6643
Status: cluster member
Role: leader
Term: 4
Leader: self
Vote: self

Connections: ->0000 <-c1d2 ->c1d2
Disconnections: 0
Servers:
    f3b2 (f3b2 at tcp:10.88.0.11:6643) (self)
    c1d2 (c1d2 at tcp:10.88.0.12:6643) last msg 120 ms ago
    e4f5 (e4f5 at tcp:10.88.0.13:6643) last msg 80 ms ago
"""
NODES = ['rabbit@ctl1', 'rabbit@ctl2', 'rabbit@ctl3']
RABBITMQ = json.dumps({'running_nodes': NODES, 'partitions': {}})
HAPROXY = (
    '# pxname,svname,status,\n'
    'nova-api,FRONTEND,OPEN,\n'
    'nova-api,ctl1,UP,\n'
    'nova-api,ctl2,UP,\n'
    'nova-api,BACKEND,UP,\n\n'
)


class TestGalera(testtools.TestCase):
    def test_whole(self):
        self.assertEqual('', cluster_health.galera(GALERA, 3))

    def test_a_node_too_few(self):
        self.assertEqual(
            'wsrep_cluster_size 2, not 3',
            cluster_health.galera(GALERA.replace('3', '2'), 3),
        )

    def test_a_node_that_joins(self):
        text = GALERA.replace('Synced', 'Joining: receiving State Transfer')
        self.assertIn('not Synced', cluster_health.galera(text, 3))

    def test_a_minority(self):
        text = GALERA.replace('Primary', 'non-Primary')
        self.assertIn('non-Primary', cluster_health.galera(text, 3))

    def test_no_galera_at_all(self):
        self.assertIn('unknown', cluster_health.galera('', 3))


class TestRaft(testtools.TestCase):
    def test_whole(self):
        self.assertEqual('', cluster_health.raft(RAFT, 3))

    def test_without_a_leader(self):
        text = RAFT.replace('Leader: self', 'Leader: unknown')
        self.assertEqual('there is no leader', cluster_health.raft(text, 3))

    def test_not_joined(self):
        text = RAFT.replace('cluster member', 'joining cluster')
        self.assertEqual(
            'status joining cluster', cluster_health.raft(text, 3)
        )

    def test_a_cluster_of_its_own(self):
        text = ''.join(RAFT.splitlines(keepends=True)[:-2])
        self.assertEqual('1 of 3 servers', cluster_health.raft(text, 3))

    def test_no_answer(self):
        self.assertEqual('status unknown', cluster_health.raft('', 3))


class TestRabbitmq(testtools.TestCase):
    names = ('ctl1', 'ctl2', 'ctl3')

    def test_whole(self):
        self.assertEqual('', cluster_health.rabbitmq(RABBITMQ, self.names))

    def test_a_node_is_away(self):
        text = json.dumps({'running_nodes': NODES[:2], 'partitions': {}})
        self.assertEqual(
            'not running: ctl3', cluster_health.rabbitmq(text, self.names)
        )

    def test_partitions(self):
        text = json.dumps(
            {'running_nodes': NODES, 'partitions': {NODES[0]: [NODES[1]]}}
        )
        self.assertIn('ctl2', cluster_health.rabbitmq(text, self.names))

    def test_rubbish(self):
        for text in ('', '[]', '{}', 'Error: no node'):
            self.assertEqual(
                'its status cannot be read',
                cluster_health.rabbitmq(text, self.names),
            )


class TestHaproxy(testtools.TestCase):
    def test_whole(self):
        self.assertEqual('', cluster_health.haproxy(HAPROXY))

    def test_a_server_is_down(self):
        text = HAPROXY.replace('ctl2,UP', 'ctl2,DOWN 1/2')
        self.assertEqual(
            'nova-api of ctl2 is DOWN 1/2', cluster_health.haproxy(text)
        )

    def test_no_answer(self):
        self.assertEqual('it has no servers', cluster_health.haproxy(''))


class FakeCloud:
    """:param broken: addresses on which nothing answers"""

    broken = ()

    def __init__(self, address, password, timeout):
        self.address = address
        self.password = password
        self.timeout = timeout
        self.token = 'token'
        self.project_id = 'project'

    def authenticate(self):
        if self.address in self.broken:
            raise api.ApiError('connection refused')

    def get(self, port, path):
        self.authenticate()


class TestMembers(testtools.TestCase):
    def setUp(self):
        super().setUp()
        where = 'extreme_tempest_plugin.sandbox.health.cluster.'
        self.cloud = type('Cloud', (FakeCloud,), {})
        for name, new in (
            ('Cloud', self.cloud),
            ('namespace.call', lambda path, function: function()),
        ):
            self.useFixture(fixtures.MockPatch(where + name, new))
        self.machines = [self.machine(host) for host in SHAPE.hosts]

    def machine(self, host):
        made = mock.Mock()
        made.host = host
        made.power.return_value = 'on'
        made.run.side_effect = self.answer
        return made

    def answer(self, command, timeout):
        answers = {
            'mariadb': GALERA,
            'rabbitmqctl': RABBITMQ,
            'ovs-appctl': RAFT,
            'sh': HAPROXY,
        }
        return answers[command[0]]

    def missing(self, shape=SHAPE):
        return cluster_health.missing_members(
            layout.Layout('dev'), shape, self.machines, 'p'
        )

    def test_a_whole_cluster(self):
        self.assertEqual({}, self.missing())

    def test_one_controller_is_no_cluster(self):
        single = topology.named('single')
        self.machines = [self.machine(host) for host in single.hosts]
        self.assertEqual({}, self.missing(single))
        for machine in self.machines:
            machine.run.assert_not_called()

    def test_computes_are_not_asked(self):
        self.missing()
        for machine in self.machines:
            if machine.host.role is Role.COMPUTE:
                machine.run.assert_not_called()

    def test_a_controller_without_power_is_named_and_not_asked(self):
        self.machines[1].power.return_value = 'off'
        self.cloud.broken = (SHAPE.hosts[1].address,)
        self.assertEqual({'ctl2': 'power off'}, self.missing())
        self.machines[1].run.assert_not_called()

    def test_an_api_on_one_controller(self):
        self.cloud.broken = (SHAPE.hosts[2].address,)
        missing = self.missing()
        self.assertEqual('connection refused', missing['nova on ctl3'])
        self.assertIn('keystone on ctl3', missing)
        self.assertNotIn('keystone on ctl1', missing)

    def test_no_token_through_the_common_address(self):
        self.cloud.broken = (SHAPE.api_address,)
        self.assertEqual({'keystone': 'connection refused'}, self.missing())

    def test_a_command_that_fails(self):
        self.machines[0].run.side_effect = errors.CommandFailed('a\nno socket')
        self.assertEqual('no socket', self.missing()['mariadb on ctl1'])

    def test_rabbitmq_is_asked_when_the_rest_is_there(self):
        self.machines[0].run.side_effect = lambda command, timeout: (
            '{}' if command[0] == 'rabbitmqctl' else self.answer(command, 0)
        )
        self.assertEqual(
            {'rabbitmq-server on ctl1': 'its status cannot be read'},
            self.missing(),
        )
