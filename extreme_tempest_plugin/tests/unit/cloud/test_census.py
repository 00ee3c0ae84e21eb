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
"""A census is complete, or it says that it is not."""

import testtools

from extreme_tempest_plugin.cloud import census
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.cloud import fakes


class TakeTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = fakes.Cloud()
        self.cloud.compute.put('id-a', 'a', 'ERROR')
        self.cloud.compute.keypairs.add('k')
        self.clock = fakes.Clock()
        self.events: list[events.Event] = []

    def _take(self) -> dict[str, int]:
        return census.take(
            events.CensusPhase.AFTER,
            self.cloud,
            ('server', 'keypair'),
            self.events.append,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def _notes(self, what: events.Topic) -> list[str]:
        return [
            event.about
            for event in self.events
            if isinstance(event, events.Note) and event.what is what
        ]

    def test_complete(self):
        self.assertEqual({'server': 1, 'keypair': 1}, self._take())
        seen = [e for e in self.events if isinstance(e, events.Census)]
        self.assertEqual(
            [
                ('server/id-a', 'ERROR', 'project-1', {'name': 'a'}),
                ('keypair/k', 'present', 'project-1', {'name': 'k'}),
            ],
            [(e.resource, e.state, e.owner, e.refs) for e in seen],
        )
        self.assertEqual(
            ['after/server', 'after/keypair'],
            self._notes(events.Topic.CENSUS_COMPLETE),
        )

    def test_a_few_tries(self):
        self.cloud.compute.failing['list_servers'].extend(
            [fakes.refusal(503)] * (census.TRIES - 1)
        )
        self.assertEqual({'server': 1, 'keypair': 1}, self._take())
        self.assertEqual([], self._notes(events.Topic.UNMEASURED))

    def test_unmeasured(self):
        self.cloud.compute.always['list_servers'] = fakes.refusal(503, 'dead')
        self.assertEqual({'keypair': 1}, self._take())
        self.assertEqual(
            ['census/server'], self._notes(events.Topic.UNMEASURED)
        )
        # The other kind is counted all the same.
        self.assertEqual(
            ['after/keypair'], self._notes(events.Topic.CENSUS_COMPLETE)
        )
