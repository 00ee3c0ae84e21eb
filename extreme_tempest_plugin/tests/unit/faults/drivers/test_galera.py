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
import itertools

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults.drivers import galera

ADDRESSES = ('192.0.2.1', '192.0.2.2', '192.0.2.3')
TARGET = configuration.Target(
    name='mysql',
    hosts=tuple(ssh.Host(address=one) for one in ADDRESSES),
    unit='mariadb',
)


class Nodes:
    """Three nodes, each with what is in its file and how its unit is."""

    def __init__(self, *states, begins=0, stderr='', address=None):
        self._address = address or 'gcomm://' + ','.join(ADDRESSES)
        self._states = dict(zip(ADDRESSES, states, strict=True))
        self._begins = ssh.Result(begins, '', stderr)
        self.begun = []

    def __call__(self, host, argv, timeout):
        if 'galera_new_cluster' in argv[-2]:
            self.begun.append((host.address, argv, timeout))
            return self._begins
        state = self._states[host.address]
        if state is None:
            raise ssh.UnreachableError(f'{host.address}: no answer')
        safe, unit = state
        if safe is None:
            return ssh.Result(1, '', 'cat: no such file')
        return ssh.Result(
            0 if unit else 4,
            '# GALERA saved state\nversion: 2.1\nseqno:   -1\n'
            f'safe_to_bootstrap: {safe}\n--bind-address=192.0.2.9\n'
            f'--wsrep_cluster_address={self._address}\n{unit}\n',
            '',
        )


class TestBegin(testtools.TestCase):
    def began(self, *states):
        nodes = Nodes(*states)
        galera.begin(TARGET, 30, nodes)
        return [address for address, _, _ in nodes.begun]

    def test_the_last_one_begins(self):
        for unit in ('inactive', 'failed', 'activating'):
            self.assertEqual(
                ['192.0.2.2'],
                self.began((0, 'inactive'), (1, unit), (0, 'activating')),
            )

    def test_by_whatever_name_a_distribution_gives_it(self):
        for name in ('mariadb', 'mysql', 'mysqld'):
            for unit in (name, f'{name}.service'):
                self.assertIn(unit, galera.UNITS)

    def test_nobody_begins_beside_one_that_runs(self):
        self.assertEqual(
            [], self.began((0, 'active'), (1, 'inactive'), (0, 'inactive'))
        )
        self.assertEqual(
            [], self.began((0, 'inactive'), (1, 'active'), (0, 'inactive'))
        )

    def test_nobody_begins_where_it_is_not_clear_who(self):
        down = (0, 'inactive')
        self.assertEqual([], self.began(down, down, down))
        self.assertEqual(
            [], self.began((1, 'inactive'), (1, 'inactive'), down)
        )

    def test_nobody_begins_while_one_is_silent(self):
        self.assertEqual(
            [], self.began(None, (1, 'inactive'), (0, 'inactive'))
        )

    def test_nobody_begins_beside_one_that_cannot_be_seen(self):
        self.assertEqual(
            [], self.began((0, ''), (1, 'inactive'), (0, 'inactive'))
        )

    def test_a_database_of_another_kind_is_left_alone(self):
        self.assertEqual(
            [], self.began((1, 'inactive'), (None, ''), (0, 'inactive'))
        )

    def test_nobody_begins_where_another_node_may_run(self):
        states = ((0, 'inactive'), (1, 'inactive'), (0, 'inactive'))
        for address in (
            'gcomm://192.0.2.1,192.0.2.2,192.0.2.3,192.0.2.4?pc.recovery=1',
            'gcomm://',
        ):
            nodes = Nodes(*states, address=address)
            galera.begin(TARGET, 30, nodes)
            self.assertEqual([], nodes.begun)

    def test_one_that_does_not_come_up(self):
        nodes = Nodes(
            (1, 'inactive'),
            (0, 'inactive'),
            (0, 'inactive'),
            begins=1,
            stderr='Job failed.\nSee journalctl.\n',
        )
        error = self.assertRaises(
            galera.BeginError, galera.begin, TARGET, 30, nodes
        )
        self.assertEqual(
            '192.0.2.1: galera_new_cluster ended with 1: See journalctl.',
            str(error),
        )

    def test_all_of_it_is_over_in_time(self):
        nodes = Nodes((1, 'inactive'), (0, 'inactive'), (0, 'inactive'))
        ticks = itertools.count(100, 4)
        spent = galera.begin(TARGET, 30, nodes, lambda: next(ticks))
        ((_, argv, timeout),) = nodes.begun
        self.assertEqual(26, timeout)
        self.assertEqual(('timeout', '26'), argv[:2])
        self.assertEqual('mariadb', argv[-1])
        self.assertEqual(8, spent)
