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

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import shares


def _storm(**fields: object) -> plan_model.Storm:
    return plan_model.Storm(
        **{
            'actions': {'server.create': 1},
            'users': 4,
            'max_instances': 16,
            **fields,
        }
    )


class LimitsTest(testtools.TestCase):
    def test_defaults(self):
        self.assertEqual(
            {'server': 16, 'volume': 16},
            shares.limits(_storm(), ('server', 'volume')),
        )

    def test_those_of_the_plan(self):
        storm = _storm(limits={'server': 5, 'volume': 7})
        self.assertEqual(
            {'server': 5, 'volume': 7},
            shares.limits(storm, ('server', 'volume')),
        )

    def test_too_few(self):
        for fields, key in (
            ({'max_instances': 3}, 'storm.max_instances'),
            ({'limits': {'server': 3}}, 'storm.limits.server'),
            ({'limits': {'volume': 3}}, 'storm.limits.volume'),
        ):
            error = self.assertRaises(
                errors.UsageError,
                shares.limits,
                _storm(**fields),
                ('server',),
            )
            self.assertIn(f'{key}: 4 users cannot share 3', str(error))
            self.assertNotIn('\n', str(error))


class WithinTest(testtools.TestCase):
    LIMITS = {'server': 16, 'keypair': 8}

    def test_room_enough(self):
        for room in ({}, {'server': 16, 'keypair': 99}, {'port': 0}):
            self.assertEqual(
                (self.LIMITS, ''), shares.within(self.LIMITS, room)
            )

    def test_lowered(self):
        limits, said = shares.within(self.LIMITS, {'server': 10})
        self.assertEqual({'server': 10, 'keypair': 8}, limits)
        self.assertIn('server from 16 to 10', said)
        self.assertNotIn('keypair', said)

    def test_room_for_one_is_left_to_somebody_else(self):
        room = {'server': 16, 'keypair': 8}
        limits, said = shares.within(self.LIMITS, room, {'server'})
        self.assertEqual({'server': 15, 'keypair': 8}, limits)
        self.assertIn('server from 16 to 15', said)
        limits, _ = shares.within(self.LIMITS, {'server': 17}, {'server'})
        self.assertEqual(self.LIMITS, limits)
        # But not the last one.
        limits, _ = shares.within(self.LIMITS, {'server': 1}, {'server'})
        self.assertEqual(1, limits['server'])
        self.assertRaises(
            errors.UsageError,
            shares.within,
            self.LIMITS,
            {'server': 0},
            {'server'},
        )

    def test_no_room(self):
        error = self.assertRaises(
            errors.UsageError, shares.within, self.LIMITS, {'server': 0}
        )
        self.assertIn('no room for a server', str(error))


class ShareTest(testtools.TestCase):
    def test_all_is_shared_out(self):
        for limit in range(12):
            whole = [
                shares.share({'server': limit}, 5, index)['server']
                for index in range(5)
            ]
            self.assertEqual(limit, sum(whole))
            self.assertLessEqual(max(whole) - min(whole), 1)
