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

from extreme_tempest_plugin.cloud import census_records
from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

ALIVE = {'servers': [{'id': 'a', 'name': 'a', 'status': 'ACTIVE'}]}

LIST = 'nova:servers/{}/os-instance-actions'


def action(request, action='reboot', start='2026-11-21T12:00:00'):
    return {'action': action, 'request_id': request, 'start_time': start}


def event(name, result, finish='2026-11-21T12:00:01'):
    return {'event': name, 'result': result, 'finish_time': finish}


def cloud(actions, **events):
    bodies = {
        'nova:servers/detail?limit=200': ALIVE,
        'nova:servers/detail?limit=200&marker=a': {'servers': []},
    }
    for server, its in actions.items():
        bodies[LIST.format(server)] = {'instanceActions': its}
        for one in its:
            request = one['request_id']
            path = f'{LIST.format(server)}/{request}'
            found = events.get(request, [event('compute_x', 'Success')])
            bodies[path] = {'instanceAction': {'events': found}}
    return canned.Cloud(bodies)


class RecordsTest(testtools.TestCase):
    def rows(self, of, made=()):
        self.clock = fakes.Clock()
        records = census_records.Records(
            cloud=of, made=made, sleep=self.clock.sleep
        )
        return {
            (row.refs['server'], row.refs['request']): (
                row.state,
                row.refs['event'],
            )
            for row in records.view().rows()
        }

    def result(self, *events):
        return self.rows(cloud({'a': [action('r1')]}, r1=list(events)))[
            ('a', 'r1')
        ]

    def test_of_servers_that_are_there_and_that_are_gone(self):
        of = cloud({'a': [action('r1')], 'b': [action('r2'), action('r3')]})
        self.assertEqual(
            [('a', 'r1'), ('b', 'r2'), ('b', 'r3')],
            sorted(self.rows(of, {'b', 'c'})),
        )

    def test_one_request_for_two_servers(self):
        of = cloud({'a': [action('r1')], 'b': [action('r1')]})
        self.assertEqual(2, len(self.rows(of, {'b'})))

    def test_results(self):
        self.assertEqual(
            ('success', ''), self.result(event('compute_x', 'Success'))
        )
        self.assertEqual(('nothing', ''), self.result())
        self.assertEqual(
            ('error', 'compute_x'),
            self.result(
                event('conductor_y', 'Success'), event('compute_x', 'Error')
            ),
        )

    def test_it_is_asked_again_what_runs(self):
        found = self.result(event('compute_x', None, None))
        self.assertEqual(('unfinished', 'compute_x'), found)
        waited = self.clock.seconds() - 1000
        self.assertEqual(census_records.PATIENCE, waited)

    def test_patience_is_for_all_of_them(self):
        running = [event('compute_x', None, None)]
        of = cloud({'a': [action('r1'), action('r2')]}, r1=running, r2=running)
        self.rows(of)
        waited = self.clock.seconds() - 1000
        self.assertEqual(census_records.PATIENCE, waited)

    def test_a_second_host(self):
        """Nova ends the first of two events of one name, with the last."""
        self.assertEqual(
            ('success', ''),
            self.result(
                event('compute_build', 'Success'),
                event('compute_build', None, None),
            ),
        )
        self.assertEqual(
            ('success', ''),
            self.result(
                event('compute_build', 'Success', '2026-11-21T12:00:09'),
                event('compute_build', 'Error', '2026-11-21T12:00:05'),
            ),
        )

    def test_events_that_are_hidden(self):
        of = cloud({'a': [action('r1')]})
        of.bodies[f'{LIST.format("a")}/r1'] = {'instanceAction': {}}
        self.assertEqual(('unknown', ''), self.rows(of)[('a', 'r1')])
        of.bodies[f'{LIST.format("a")}/r1'] = None
        self.assertEqual(('unknown', ''), self.rows(of)[('a', 'r1')])

    def test_the_latest_of_many(self):
        many = [
            action(f'r{number}', start=f'2026-11-21T12:{number:04}')
            for number in range(census_records.MOST + 1)
        ]
        found = self.rows(cloud({'a': many}))
        self.assertEqual(('unknown', ''), found[('a', 'r0')])
        self.assertEqual(('success', ''), found[('a', 'r1')])

    def test_it_cannot_be_had(self):
        of = cloud({'a': [action('r1')]})
        of.bodies[LIST.format('a')] = {'instanceActions': 7}
        self.assertRaises(ports.CallError, self.rows, of)

    def test_too_many_servers(self):
        made = {str(number) for number in range(census_views.MOST)}
        self.assertRaises(census_views.HiddenError, self.rows, cloud({}), made)
