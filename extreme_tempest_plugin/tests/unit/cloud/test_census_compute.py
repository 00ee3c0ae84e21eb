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

from extreme_tempest_plugin.cloud import census_compute
from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

SERVERS = {'servers': [{'id': 'a', 'name': 'a', 'status': 'ACTIVE'}]}

HELD = {'allocations': {'p': {'resources': {'VCPU': 1}}}}

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
    'nova:servers/a': {
        'server': {
            'status': 'ACTIVE',
            'OS-EXT-SRV-ATTR:hypervisor_hostname': 'cmp1',
        }
    },
    'placement:resource_providers/p': {'name': 'cmp1'},
    'placement:allocations/a': HELD,
    'placement:allocations/b': HELD,
    'placement:allocations/c': {'allocations': {}},
}


class Views(testtools.TestCase):
    def take(
        self,
        wanted=('server', 'volume'),
        admin=True,
        phase=events.CensusPhase.AFTER,
        alone=False,
        **changed,
    ):
        self.events = []
        cloud = canned.Cloud({**BODIES, **changed})
        self.clock = fakes.Clock()
        views = census_compute.Views(
            cloud=cloud,
            admin=cloud if admin else None,
            made={'b', 'c'},
            alone=alone,
            sleep=self.clock.sleep,
        )
        census_views.Recorder(
            project=cloud.project,
            record=self.events.append,
            phase=phase,
            clock=self.clock,
        ).take(views.of(wanted))
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


class ViewsTest(Views):
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
                'server_host/a': (
                    'placement',
                    'present',
                    {
                        'of': 'server/a',
                        'status': 'ACTIVE',
                        'held': '',
                        'on': 'cmp1',
                    },
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

    def test_where_servers_hold_what_they_need(self):
        def held(*providers):
            return {
                'placement:allocations/a': {
                    'allocations': {
                        one: {'resources': {what: 1}}
                        for one, what in providers
                    }
                },
                'placement:resource_providers/q': {'name': 'cmp2'},
            }

        for expected, providers in (
            ('cmp1 cmp2', (('q', 'MEMORY_MB'), ('p', 'MEMORY_MB'))),
            ('cmp2', (('q', 'MEMORY_MB'), ('disks', 'DISK_GB'))),
            ('', ()),
        ):
            found = self.take(wanted=('server',), **held(*providers))
            _, _, refs = found['server_host/a']
            self.assertEqual((expected, 'cmp1'), (refs['held'], refs['on']))

    def test_a_server_that_is_moved_or_gone(self):
        moved = {'server': {'status': 'ACTIVE', 'OS-EXT-STS:task_state': 'x'}}
        found = self.take(**{'nova:servers/a': moved})
        self.assertEqual('x', found['server_host/a'][2]['status'])
        self.assertNotIn(
            'server_host/a', self.take(**{'nova:servers/a': None})
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
        self.assertIn(
            'not checked without an administrator', self.events[0].text
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
            {
                'census/allocation': events.Topic.REMARK,
                'census/server_host': events.Topic.REMARK,
            },
            self.notes(),
        )

    def test_a_server_that_is_gone_in_between(self):
        self.take(**{'nova:servers/a/os-volume_attachments': None})
        self.assertEqual(
            events.Topic.CENSUS_COMPLETE,
            self.notes()['after/server_volume'],
        )


class UsageTest(Views):
    """What placement counts for the project, and for whom."""

    USAGES = 'placement:usages?project_id=project-1'

    def usage(self, used, **more):
        found = self.take(
            wanted=('server',),
            alone=True,
            **{self.USAGES: {'usages': used}, **more},
        )
        return {
            resource: (state, refs)
            for resource, (_, state, refs) in found.items()
            if resource.startswith('project_usage/')
        }

    def test_each_class(self):
        # a and b have one of VCPU each.
        self.assertEqual(
            {
                'project_usage/VCPU': (
                    'present',
                    {'used': '2', 'held': '2'},
                )
            },
            self.usage({'VCPU': 2}),
        )
        self.assertEqual(1000, self.clock.seconds())

    def test_somebody_else_holds_the_rest(self):
        found = self.usage({'VCPU': 3, 'DISK_GB': 1})
        self.assertEqual(
            {'used': '3', 'held': '2'}, found['project_usage/VCPU'][1]
        )
        self.assertEqual(
            {'used': '1', 'held': '0'}, found['project_usage/DISK_GB'][1]
        )
        waited = self.clock.seconds() - 1000
        self.assertEqual(
            census_compute.PATIENCE - census_compute.PAUSE, waited
        )

    def test_a_server_that_is_being_moved(self):
        moved = {'servers': [{**SERVERS['servers'][0], 'status': 'RESIZE'}]}
        found = self.usage(
            {'VCPU': 3}, **{'nova:servers/detail?limit=200': moved}
        )
        self.assertEqual('moving', found['project_usage/VCPU'][0])

    def test_others_may_use_the_project(self):
        found = self.take(
            wanted=('server',), **{self.USAGES: {'usages': {'VCPU': 9}}}
        )
        self.assertEqual(
            ['allocation/a', 'allocation/b', 'server_host/a'], sorted(found)
        )
