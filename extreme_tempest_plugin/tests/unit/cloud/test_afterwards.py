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
"""The whole census after a storm is taken, of what the storm dealt with."""

import pathlib
import tempfile

import testtools

from extreme_tempest_plugin.cloud import afterwards
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import name_servers
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.storm import canned

BODIES = {
    'nova:servers/detail?limit=200': {'servers': []},
    'nova:limits': {'limits': {'absolute': {}}},
    'nova:servers/made/os-instance-actions': {
        'instanceActions': [{'action': 'create', 'request_id': 'req-1'}]
    },
    'nova:servers/made/os-instance-actions/req-1': {
        'instanceAction': {'events': []}
    },
    'placement:allocations/made': {'allocations': {'p': {}}},
    'placement:usages?project_id=project-1': {'usages': {}},
    'designate:v2/zones?limit=200': {'zones': []},
    'designate:v2/recordsets?limit=200': {'recordsets': []},
    'glance:v2/images?owner=project-1&limit=200': {
        'images': [{'id': 'i', 'status': 'active', 'size': 0}]
    },
    'glance:v2/images?owner=project-1&limit=200&marker=i': {'images': []},
    'swift:?format=json&limit=200': [{'name': 'xt-c'}],
    'swift:?format=json&limit=200&marker=xt-c': [],
    'swift:xt-c': ports.Answer(
        status=204,
        headers={
            'x-container-object-count': '0',
            'x-container-bytes-used': '0',
        },
    ),
    'swift:xt-c?format=json&limit=200': [],
}


class TakeTest(testtools.TestCase):
    def take(self, *kinds, admin=False, during=False):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        path = pathlib.Path(directory.name, 'ledger')
        book = ledger.Ledger(path)
        self.addCleanup(book.close)
        book.owe('server', 'xt-1')
        book.made('server', 'xt-1', 'made')
        book.gone('server', 'xt-1')
        cloud = canned.Cloud(BODIES)
        who = {'cloud': cloud, 'admin': cloud if admin else None}
        said = []
        if during:
            afterwards.while_broken(
                **who, kinds=kinds, ledgers=[path], record=said.append
            )
        else:
            afterwards.Afterwards(
                **who,
                kinds=kinds,
                ledgers=[path],
                prefix='xt-',
                alone=True,
                servers=(name_servers.Server('192.0.2.1'),),
                record=said.append,
            ).take()
        self.rows = {
            one.resource: one.refs
            for one in said
            if isinstance(one, events.Census)
        }
        return {
            one.about: one.what for one in said if isinstance(one, events.Note)
        }

    def test_servers(self):
        complete = events.Topic.CENSUS_COMPLETE
        self.assertEqual(
            {
                'after/server': complete,
                'after/allocation': complete,
                'after/server_host': complete,
                'after/project_usage': complete,
                'after/instance_action': complete,
            },
            self.take('server', admin=True),
        )
        self.assertIn('allocation/made', self.rows)
        self.assertIn('instance_action/made.req-1.0', self.rows)

    def test_servers_without_an_administrator(self):
        notes = self.take('server')
        self.assertEqual(events.Topic.REMARK, notes['census/allocation'])
        self.assertIn('after/instance_action', notes)

    def test_zones(self):
        notes = self.take('zone', 'recordset')
        self.assertIn('after/dns_answer', notes)
        self.assertNotIn('after/instance_action', notes)

    def test_a_closer_look(self):
        self.take('image', 'container', 'object')
        self.assertEqual({'size': '0'}, self.rows['image/i'])
        self.assertIn('listed_count', self.rows['container/xt-c'])

    def test_while_something_is_broken(self):
        notes = self.take('server', admin=True, during=True)
        self.assertEqual(['during/allocation'], list(notes))
        self.assertEqual({}, self.take('zone', admin=True, during=True))
