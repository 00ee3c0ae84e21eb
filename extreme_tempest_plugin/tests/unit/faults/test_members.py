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

import json
import pathlib
import tempfile

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import clusters
from extreme_tempest_plugin.faults import members
from extreme_tempest_plugin.tests.unit.faults import world

ONE, TWO, THREE = (world.ADDRESSES[name] for name in world.CONTROLLERS)

GALERA = (
    'wsrep_local_state_comment\tSynced\n'
    'wsrep_cluster_size\t3\n'
    'wsrep_cluster_status\tPrimary\n'
)
NODES = ['rabbit@ctl1', 'rabbit@ctl2', 'rabbit@ctl3']
#: As of OVN 24.03.
RAFT = """
f0a1
Name: {name}
Cluster ID: 8d6b (8d6b2c5e-4a5c-4a1f-9f0e-7a3c0b6d1e2f)
Server ID: f0a1 (f0a1c3d5-0b1a-4c2d-8e3f-1a2b3c4d5e6f)
Address: tcp:203.0.113.1:6643
Status: {status}
Role: follower
Term: 2
Leader: {leader}
Vote: 34f8

Log: [2, 210]
Entries not yet committed: 0
Connections: ->34f8 ->a6e2 <-34f8 <-a6e2
Disconnections: 0
Servers:
    34f8 (34f8 at tcp:203.0.113.2:6643) last msg 12 ms ago
    f0a1 (f0a1 at tcp:203.0.113.1:6643) (self)
    a6e2 (a6e2 at tcp:203.0.113.3:6643) last msg 9120 ms ago
"""


def rabbitmq(running=NODES, partitions=None, **more):
    return json.dumps(
        {
            'disk_nodes': NODES,
            'ram_nodes': [],
            'running_nodes': running,
            'partitions': partitions or {},
            **more,
        }
    )


def raft(status='cluster member', leader='34f8', south='34f8'):
    return RAFT.format(
        name='OVN_Northbound', status=status, leader=leader
    ) + RAFT.format(
        name='OVN_Southbound', status='cluster member', leader=south
    )


class TestAnswers(testtools.TestCase):
    def test_galera(self):
        self.assertEqual('', members.galera(GALERA, 3))
        for old, new, said in (
            ('size\t3', 'size\t2', 'wsrep_cluster_size is 2, not 3'),
            ('Synced', 'Donor/Desynced', 'comment is Donor/Desynced, not'),
            ('Primary', 'non-Primary', 'status is non-Primary, not Primary'),
            ('wsrep_cluster_size\t3\n', '', 'size is not said, not 3'),
        ):
            self.assertIn(said, members.galera(GALERA.replace(old, new), 3))
        self.assertIn('not said', members.galera('', 3))

    def test_rabbitmq(self):
        self.assertEqual('', members.rabbitmq(rabbitmq(), 3))
        for text, said in (
            (rabbitmq(NODES[:2]), 'not running: rabbit@ctl3'),
            (
                rabbitmq(NODES[:1], disk_nodes=NODES[:1]),
                '1 of 3 nodes',
            ),
            (rabbitmq(partitions={'a': ['b']}), "partitions: {'a': ['b']}"),
            ('{}', 'its status cannot be read'),
            ('Error: x', 'its status cannot be read'),
            ('[1]', 'its status cannot be read'),
        ):
            self.assertEqual(said, members.rabbitmq(text, 3))

    def test_raft(self):
        self.assertEqual('', members.raft(raft(), 3))
        for text, said in (
            (raft('joining cluster'), 'OVN_Northbound: status joining'),
            (raft(leader='unknown'), 'OVN_Northbound: there is no leader'),
            (raft(south='unknown'), 'OVN_Southbound: there is no leader'),
            (RAFT, 'its status cannot be read'),
            ('', 'its status cannot be read'),
        ):
            self.assertIn(said, members.raft(text, 3))
        self.assertIn('3 of 5 servers', members.raft(raft(), 5))


class TestServes(testtools.TestCase):
    def serves(self, kind, text):
        return members._KINDS[kind].serves(text, 3)

    def test_rabbitmq(self):
        self.assertTrue(self.serves('rabbitmq', rabbitmq()))
        self.assertTrue(self.serves('rabbitmq', rabbitmq(NODES[:2])))
        for text in (rabbitmq(NODES[:1]), '{}', 'Error: x', '[1]'):
            self.assertFalse(self.serves('rabbitmq', text), text)

    def test_raft(self):
        self.assertTrue(self.serves('ovn', raft()))
        for text in (raft('joining cluster'), raft(south='unknown'), RAFT, ''):
            self.assertFalse(self.serves('ovn', text), text)


class TestLacking(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.hosts = world.World(pathlib.Path(directory.name)).read().hosts
        self.answers = dict.fromkeys((ONE, TWO, THREE), (0, GALERA, ''))
        self.asked: list[tuple[str, ...]] = []

    def _ask(self, host: ssh.Host, argv: tuple[str, ...]) -> ssh.Result:
        self.asked.append(argv)
        if host.address not in self.answers:
            raise ssh.UnreachableError(f'{host.address}: no answer')
        return ssh.Result(*self.answers[host.address])

    def lacking(self) -> str:
        return members.lacking(
            clusters.Cluster(
                name='db', members=(ONE, TWO, THREE), kind='galera'
            ),
            self.hosts,
            self._ask,
        )

    def test_whole(self) -> None:
        self.assertEqual('', self.lacking())
        self.assertEqual(3, len(self.asked))
        self.assertEqual(('timeout', '40', 'mariadb'), self.asked[0][:3])

    def test_a_member_that_is_away(self) -> None:
        del self.answers[THREE]
        self.assertEqual(f'{THREE}: no answer', self.lacking())

    def test_a_member_whose_command_fails(self) -> None:
        self.answers[TWO] = (1, '', 'a\nERROR 2002: no socket\n')
        self.assertEqual(
            f'{TWO}: mariadb ended with 1: ERROR 2002: no socket',
            self.lacking(),
        )

    def serving(self) -> frozenset[str]:
        return members.serving(
            clusters.Cluster(
                name='db', members=(ONE, TWO, THREE), kind='galera'
            ),
            self.hosts,
            self._ask,
        )

    def test_who_serves(self) -> None:
        # Two of them know of one that is away, and are a majority.
        two = GALERA.replace('size\t3', 'size\t2')
        self.answers = dict.fromkeys((ONE, TWO), (0, two, ''))
        self.assertEqual({ONE, TWO}, self.serving())
        self.answers[TWO] = (0, two.replace('Primary', 'non-Primary'), '')
        self.assertEqual({ONE}, self.serving())
        self.answers[ONE] = (1, two, 'no socket')
        self.assertEqual(frozenset(), self.serving())

    def test_one_that_was_cut_off_though_the_others_are_well(self) -> None:
        self.answers[ONE] = (0, GALERA.replace('size\t3', 'size\t1'), '')
        self.assertEqual(
            f'{ONE}: wsrep_cluster_size is 1, not 3', self.lacking()
        )
