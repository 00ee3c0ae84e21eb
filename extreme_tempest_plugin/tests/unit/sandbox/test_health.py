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
"""What the cloud says of itself, and what is concluded."""

import datetime
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import topology

SHAPE = topology.named('single')
RUNNING = [
    ('nova-conductor', 'ctl1'),
    ('nova-scheduler', 'ctl1'),
    ('nova-compute', 'cmp1'),
    ('nova-compute', 'cmp2'),
    ('cinder-scheduler', 'ctl1'),
    ('cinder-volume', 'volumes@nfs'),
]
NAMED = ['central', 'worker', 'producer', 'mdns']


def agents(running, state='up', updated='2026-11-20T19:00:00.000000'):
    entries = [
        {
            'binary': binary,
            'host': host,
            'state': state,
            'updated_at': updated,
        }
        for binary, host in running
    ]
    statuses = [
        {
            'service_name': name,
            'hostname': 'ctl1',
            'status': state.upper(),
            'heartbeated_at': updated,
        }
        for name in NAMED
    ]
    return api.Response(
        200, {'services': entries, 'service_statuses': statuses}
    )


class FakeCloud:
    """:param broken: paths, or ``token``, that fail"""

    project_id = 'p1'

    def __init__(self, broken=(), answer=None):
        self.broken = broken
        self.answer = answer or agents(RUNNING)

    def authenticate(self):
        if 'token' in self.broken:
            raise api.ApiError('connection refused')

    def get(self, port, path):
        if path in self.broken:
            raise api.ApiError('500')
        return self.answer


class TestMissing(testtools.TestCase):
    def missing(self, cloud, since=0, shape=SHAPE):
        where = 'extreme_tempest_plugin.sandbox.health.'
        self.useFixture(
            fixtures.MockPatch(where + 'Cloud', lambda *args: cloud)
        )
        self.useFixture(
            fixtures.MockPatch(
                where + 'namespace.call', lambda path, function: function()
            )
        )
        return health.missing_apis(
            layout.Layout('dev'), shape, 'p', since=since
        )

    def test_a_whole_cloud(self):
        self.assertEqual({}, self.missing(FakeCloud()))

    def test_without_a_token_nothing_else_is_asked(self):
        self.assertEqual(
            {'keystone': 'connection refused'},
            self.missing(FakeCloud(['token'])),
        )

    def test_one_api(self):
        cloud = FakeCloud(['/v2.0/networks?limit=1'])
        self.assertEqual({'neutron': '500'}, self.missing(cloud))

    def test_a_daemon_that_is_down(self):
        for gone, name in (
            (3, 'nova-compute on cmp2'),
            (4, 'cinder-scheduler on ctl1'),
            (5, 'cinder-volume on ctl1'),
        ):
            running = [entry for n, entry in enumerate(RUNNING) if n != gone]
            cloud = FakeCloud(answer=agents(running))
            self.assertEqual({name: 'down'}, self.missing(cloud))

    def test_swift_is_asked_about_our_own_account(self):
        path = '/v1/AUTH_p1?limit=1&format=json'
        self.assertEqual({'swift': '500'}, self.missing(FakeCloud([path])))

    def test_what_was_left_out_is_not_missed(self):
        shape = services.select(SHAPE, ['cinder'])
        cloud = FakeCloud(answer=agents(RUNNING[:4]))
        self.assertEqual({}, self.missing(cloud, shape=shape))

    def test_words_that_are_not_there(self):
        answer = api.Response(200, {'services': [{'binary': 'x'}]})
        missing = self.missing(FakeCloud(answer=answer))
        self.assertIn("'state'", missing['nova'])

    def test_all_down(self):
        cloud = FakeCloud(answer=agents(RUNNING, state='down'))
        self.assertEqual(len(RUNNING + NAMED), len(self.missing(cloud)))

    def test_a_report_from_before_does_not_count(self):
        reported = datetime.datetime(2026, 11, 20, 19, tzinfo=datetime.UTC)
        cloud = FakeCloud()
        self.assertEqual({}, self.missing(cloud, reported.timestamp()))
        later = self.missing(cloud, reported.timestamp() + 1)
        self.assertEqual(len(RUNNING + NAMED), len(later))

    def test_a_service_that_never_reported(self):
        cloud = FakeCloud(answer=agents(RUNNING, updated=None))
        self.assertEqual(len(RUNNING + NAMED), len(self.missing(cloud)))

    def test_an_answer_that_is_none(self):
        cloud = FakeCloud(answer=api.Response(200, None))
        self.assertIn('nova', self.missing(cloud))


class TestWait(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.machines = [mock.Mock() for _ in SHAPE.hosts]
        for host, machine in zip(SHAPE.hosts, self.machines, strict=True):
            machine.host = host
            machine.power.return_value = 'on'
            machine.journal.return_value = f'journal of {host.name}'
            machine.console.return_value = 'console'
        self.seen = []
        self.answers = []
        where = 'extreme_tempest_plugin.sandbox.health.'
        for name, new in (
            ('missing_apis', lambda *args, **kwargs: self.answers.pop(0)),
            ('missing_chassis', lambda *args: {}),
            ('time.sleep', lambda seconds: None),
        ):
            self.useFixture(fixtures.MockPatch(where + name, new))

    def wait(self, timeout):
        health.wait(
            layout.Layout('dev'),
            SHAPE,
            self.machines,
            'p',
            timeout=timeout,
            detail=self.seen.append,
        )

    def test_says_what_it_waits_for(self):
        self.answers = [{'keystone': 'x'}, {'nova': 'y', 'glance': 'z'}, {}]
        self.wait(60)
        self.assertEqual(
            ['waiting for keystone', 'waiting for nova, glance'], self.seen
        )

    def test_names_the_service_and_shows_its_journal(self):
        self.answers = [{'nova-compute on cmp2': 'down'}]
        error = self.assertRaises(errors.StepFailed, self.wait, -1)
        self.assertIn('nova-compute on cmp2', str(error))
        self.assertIn('journal of cmp2', str(error))
        self.machines[2].journal.assert_called_once_with('nova-compute')

    def test_an_api_is_looked_for_by_its_unit(self):
        self.answers = [{'nova': '500'}]
        self.assertRaises(errors.StepFailed, self.wait, -1)
        self.machines[0].journal.assert_called_once_with('nova-api')

    def test_a_host_that_went_off_ends_it_at_once(self):
        self.machines[1].power.return_value = 'off'
        self.answers = [{'keystone': 'x'}]
        error = self.assertRaises(errors.StepFailed, self.wait, 60)
        self.assertIn('cmp1 went off', str(error))


class TestUnits(testtools.TestCase):
    def test_parsed(self):
        text = (
            'nova-api.service loaded active running OpenStack nova-api\n'
            'nova-compute.service loaded activating auto-restart x\n'
            'bad.service loaded failed failed y\n'
            '\n'
        )
        self.assertEqual(
            {
                'nova-api': 'active',
                'nova-compute': 'activating',
                'bad': 'failed',
            },
            dict(health.parse_units(text)),
        )


class TestResponse(testtools.TestCase):
    def test_fields(self):
        response = api.Response(200, {'a': {'b': [{'c': 1}, 2]}})
        self.assertEqual([{'c': 1}, 2], response.field('a', 'b'))
        self.assertRaises(api.ApiError, response.field, 'a', 'x')
        self.assertRaises(api.ApiError, response.items, 'a')
