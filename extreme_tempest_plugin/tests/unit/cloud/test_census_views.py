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

from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

SERVERS = {'servers': [{'id': 'a', 'name': 'a', 'status': 'ACTIVE'}]}

BODIES = {
    'nova:servers/detail?limit=200': SERVERS,
    'nova:servers/detail?limit=200&marker=a': {'servers': []},
    'nova:servers/a/os-volume_attachments': {
        'volumeAttachments': [{'volumeId': 'v'}, {'volumeId': 'v'}]
    },
    'cinder:attachments/detail': {
        'attachments': [
            {
                'id': 'x',
                'volume_id': 'v',
                'status': 'attached',
                'instance': 'a',
            },
            {
                'id': 'y',
                'volume_id': 'v',
                'status': 'reserved',
                'instance': None,
            },
        ]
    },
    'placement:allocations/a': {'allocations': {'p': {}}},
    'placement:allocations/b': {'allocations': {'p': {}}},
    'placement:allocations/c': {'allocations': {}},
}


class ViewsTest(testtools.TestCase):
    def take(
        self,
        wanted=('server', 'volume'),
        admin=True,
        phase=events.CensusPhase.AFTER,
        **changed,
    ):
        self.events = []
        cloud = canned.Cloud({**BODIES, **changed})
        census_views.Views(
            cloud=cloud,
            admin=cloud if admin else None,
            record=self.events.append,
            clock=fakes.Clock(),
            phase=phase,
        ).take(wanted, {'b', 'c'})
        return {
            event.resource: (event.service, event.state, event.refs)
            for event in self.events
            if isinstance(event, events.Census)
        }

    def notes(self):
        return {
            event.about: event.what
            for event in self.events
            if isinstance(event, events.Note)
        }

    def test_all_views(self):
        found = self.take()
        self.assertEqual(
            {
                'allocation/a': (
                    'placement',
                    'present',
                    {'server': 'a', 'providers': 'p'},
                ),
                'allocation/b': (
                    'placement',
                    'present',
                    {'server': 'b', 'providers': 'p'},
                ),
                'volume_attachment/x': (
                    'cinder',
                    'attached',
                    {'volume': 'v', 'server': 'a'},
                ),
                'volume_attachment/y': (
                    'cinder',
                    'reserved',
                    {'volume': 'v', 'server': ''},
                ),
                'server_volume/a.1': (
                    'nova',
                    'present',
                    {'volume': 'v', 'server': 'a'},
                ),
                'server_volume/a.2': (
                    'nova',
                    'present',
                    {'volume': 'v', 'server': 'a'},
                ),
            },
            found,
        )
        self.assertEqual(
            {events.Topic.CENSUS_COMPLETE}, set(self.notes().values())
        )

    def test_only_what_the_storm_dealt_with(self):
        self.assertEqual({}, self.take(wanted=('zone',)))
        self.assertEqual([], self.events)

    def test_without_an_administrator(self):
        found = self.take(wanted=('server',), admin=False)
        self.assertEqual({}, found)
        self.assertEqual(
            {'census/allocation': events.Topic.REMARK}, self.notes()
        )

    def test_malformed(self):
        self.take(**{'cinder:attachments/detail': {'attachments': 7}})
        self.assertEqual(
            events.Topic.UNMEASURED,
            self.notes()['census/volume_attachment'],
        )

    def test_while_something_is_broken_an_answer_is_luck(self):
        during = events.CensusPhase.DURING
        self.take(wanted=('server',), phase=during)
        self.assertEqual({during}, self.phases())
        self.assertIn('during/allocation', self.notes())
        self.take(phase=during, **{'placement:allocations/a': 7})
        self.assertEqual(
            events.Topic.REMARK, self.notes()['census/allocation']
        )

    def phases(self):
        return {
            event.phase
            for event in self.events
            if isinstance(event, events.Census)
        }

    def test_too_many_to_ask(self):
        servers = {
            'servers': [
                {'id': f's{number}', 'name': 's', 'status': 'ACTIVE'}
                for number in range(census_views.MOST + 1)
            ]
        }
        last = servers['servers'][-1]['id']
        self.take(
            wanted=('server',),
            **{
                'nova:servers/detail?limit=200': servers,
                f'nova:servers/detail?limit=200&marker={last}': {
                    'servers': []
                },
            },
        )
        self.assertEqual(
            {'census/allocation': events.Topic.REMARK}, self.notes()
        )

    def test_a_server_that_is_gone_in_between(self):
        refused = dict(BODIES)
        del refused['nova:servers/a/os-volume_attachments']
        self.events = []
        census_views.Views(
            cloud=canned.Cloud(refused),
            admin=None,
            record=self.events.append,
            clock=fakes.Clock(),
        ).take(('server', 'volume'), set())
        self.assertEqual(
            events.Topic.CENSUS_COMPLETE,
            self.notes()['after/server_volume'],
        )
