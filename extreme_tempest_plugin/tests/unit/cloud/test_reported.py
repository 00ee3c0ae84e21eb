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

import testtools

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import reported
from extreme_tempest_plugin.tests.unit.storm import canned


def parts(name, path, body):
    return reported.parts(canned.Cloud({path: body}), name)


class TestParts(testtools.TestCase):
    def test_nova(self):
        rows = [
            ('nova-scheduler', 'ctl1', 'enabled', 'up'),
            ('nova-compute', 'cmp1', 'enabled', 'down'),
            ('nova-compute', 'cmp2', 'disabled', 'down'),
        ]
        keys = ('binary', 'host', 'status', 'state')
        body = {
            'services': [dict(zip(keys, row, strict=True)) for row in rows]
        }
        self.assertEqual(
            {'nova-scheduler on ctl1': True, 'nova-compute on cmp1': False},
            parts('nova services', 'nova:os-services', body),
        )

    def test_neutron(self):
        rows = [('a', True, True), ('b', False, True), ('c', False, False)]
        body = {
            'agents': [
                {
                    'binary': 'ovn-controller',
                    'host': host,
                    'alive': alive,
                    'admin_state_up': wanted,
                }
                for host, alive, wanted in rows
            ],
            'agents_links': [],
        }
        self.assertEqual(
            {'ovn-controller on a': True, 'ovn-controller on b': False},
            parts('neutron agents', 'neutron:v2.0/agents', body),
        )

    def test_two_of_one_name(self):
        """The one that is down is not hidden by the other."""
        row = {'binary': 'cinder-volume', 'host': 'a@nfs'}
        body = {'services': [{**row, 'state': s} for s in ('down', 'up')]}
        self.assertEqual(
            {'cinder-volume on a@nfs': False},
            parts('cinder services', 'cinder:os-services', body),
        )

    def test_malformed(self):
        self.assertRaises(
            ports.CallError,
            parts,
            'nova services',
            'nova:os-services',
            {'services': [{'host': 'a'}]},
        )
