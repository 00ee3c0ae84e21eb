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

import msgspec
import testtools

from extreme_tempest_plugin.cloud import census_quotas
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.cloud import fakes

LIMITS = {
    'limits': {
        'absolute': {
            'maxTotalInstances': 10,
            'totalInstancesUsed': 2,
            'maxTotalKeypairs': 100,
        }
    }
}


def _cinder(in_use, reserved, **more):
    return {
        'quota_set': {
            'id': 'project-1',
            'volumes': {'limit': 10, 'in_use': in_use, 'reserved': reserved},
            **more,
        }
    }


NEUTRON = {'quota': {'port': {'limit': -1, 'used': 3, 'reserved': 0}}}


class Cloud:
    """Answers in turn; the last one again and again."""

    project = 'project-1'

    def __init__(self, **answers):
        self.answers = answers
        self.paths = []

    def service(self, name):
        self.name = name
        return self

    def get(self, path):
        self.paths.append(path)
        left = self.answers[self.name]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return ports.Answer(status=200, body=msgspec.json.encode(answer))


class TakeTest(testtools.TestCase):
    def take(self, counts, **answers):
        self.clock = fakes.Clock()
        self.cloud = Cloud(**answers)
        self.events = []
        census_quotas.take(
            self.cloud,
            counts,
            self.events.append,
            clock=self.clock,
            sleep=self.clock.sleep,
        )
        return {
            event.resource: event.refs
            for event in self.events
            if isinstance(event, events.Census)
        }

    def test_each_service_by_its_own_words(self):
        found = self.take(
            {'server': 2, 'keypair': 5, 'volume': 1, 'port': 3},
            nova=[LIMITS],
            cinder=[_cinder(1, 0)],
            neutron=[NEUTRON],
        )
        self.assertEqual(
            {
                'quota/server': {
                    'limit': '10',
                    'in_use': '2',
                    'reserved': '0',
                },
                'quota/keypair': {'limit': '100', 'reserved': '0'},
                'quota/volume': {
                    'limit': '10',
                    'in_use': '1',
                    'reserved': '0',
                },
                'quota/port': {'limit': '-1', 'in_use': '3', 'reserved': '0'},
            },
            found,
        )
        self.assertEqual(
            [
                'limits',
                'os-quota-sets/project-1?usage=true',
                'v2.0/quotas/project-1/details',
            ],
            self.cloud.paths,
        )

    def test_a_counter_that_lags(self):
        found = self.take(
            {'volume': 1},
            cinder=[_cinder(2, 0), _cinder(1, 1), _cinder(1, 0)],
        )
        self.assertEqual('1', found['quota/volume']['in_use'])
        self.assertEqual('0', found['quota/volume']['reserved'])

    def test_a_counter_that_stays_wrong(self):
        began = fakes.Clock().now
        found = self.take({'volume': 1}, cinder=[_cinder(4, 2)])
        self.assertEqual('4', found['quota/volume']['in_use'])
        self.assertEqual('2', found['quota/volume']['reserved'])
        waited = (self.clock.now - began) / fakes.SECOND
        self.assertEqual(census_quotas.PATIENCE, waited)

    def test_a_reservation_that_ends_by_itself(self):
        held = {'quota': {'port': {'limit': 9, 'used': 3, 'reserved': 1}}}
        answers = [held] * 120 + [NEUTRON]
        found = self.take({'port': 3}, neutron=list(answers))
        self.assertEqual('0', found['quota/port']['reserved'])
        # A counter that is wrong as well is not waited for so long.
        found = self.take({'port': 2}, neutron=list(answers))
        self.assertEqual('1', found['quota/port']['reserved'])
        found = self.take({'port': 3}, neutron=[held])
        self.assertEqual('1', found['quota/port']['reserved'])

    def test_gigabytes_come_with_volumes(self):
        gigabytes = {'limit': 1000, 'in_use': 7, 'reserved': 0}
        found = self.take(
            {'volume': 1}, cinder=[_cinder(1, 0, gigabytes=gigabytes)]
        )
        self.assertEqual('7', found['quota/gigabyte']['in_use'])
        self.assertEqual(1000, self.clock.seconds())
        self.assertEqual(
            {},
            self.take(
                {'volume_snapshot': 0},
                cinder=[_cinder(1, 0, gigabytes=gigabytes)],
            ),
        )

    def test_gigabytes_that_stay_reserved(self):
        gigabytes = {'limit': 1000, 'in_use': 7, 'reserved': 2}
        self.take({'volume': 1}, cinder=[_cinder(1, 0, gigabytes=gigabytes)])
        self.assertEqual(1000 + census_quotas.PATIENCE, self.clock.seconds())

    def test_a_service_that_nobody_used_is_not_asked(self):
        self.assertEqual({}, self.take({'zone': 1}))

    def test_not_to_be_had(self):
        for status, topic in (
            (403, events.Topic.REMARK),
            (503, events.Topic.UNMEASURED),
        ):
            self.take({'volume': 1}, cinder=[fakes.refusal(status)])
            (note,) = self.events
            self.assertEqual(topic, note.what)
            self.assertIn('quota of cinder', note.about)

    def test_malformed(self):
        self.take({'volume': 1}, cinder=[{'quota_set': {'volumes': {}}}])
        (note,) = self.events
        self.assertEqual(events.Topic.UNMEASURED, note.what)
