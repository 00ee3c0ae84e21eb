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
import email.message
import pathlib

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.tests.unit.uptime import test_probes
from extreme_tempest_plugin.tests.unit.uptime import test_tokens
from extreme_tempest_plugin.uptime import boots
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import things
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

SECOND = 1_000_000_000
NAME = 'xt-uptime-6a3c1c0e-1'


def server(status, **more):
    return 200, {'server': {'id': 'an-id', 'status': status, **more}}


class Nova:
    """Answers by what it is told, and keeps the time.

    :ivar looks: answers to GET, the last one for ever.
    """

    def __init__(self, *looks):
        self.time = 0
        self.looks = list(looks)
        self.made = 202, {'server': {'id': 'an-id'}}
        self.deleted = 204, None
        self.sent = []
        self.bodies = []
        self.deadlines = []
        self.tokens = []

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += round(seconds * SECOND)

    def request(self, target, method, path, headers, deadline, body=None):
        self.sent.append(f'{method} {target.path}{path}')
        self.bodies.append(body)
        self.deadlines.append(deadline)
        self.tokens.append(headers['X-Auth-Token'])
        told = {'POST': self.made, 'DELETE': self.deleted}.get(method)
        if told is None:
            told = self.looks.pop(0) if self.looks[1:] else self.looks[0]
        if isinstance(told, Exception):
            raise told
        status, answer = told
        content = msgspec.json.encode(answer) if answer else b''
        return transport.Answer(status, content, email.message.Message())


class TestBoot(testtools.TestCase):
    def setUp(self):
        super().setUp()
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.ledger = ledger.Ledger(folder / 'ledger.jsonl')
        self.keeper = test_probes.Keeper()

    def boot(self, nova, network='n'):
        self.nova = nova
        spec = test_tokens.spec(
            target='nova/boot', image='i', flavor='f', network=network
        )
        made = things.Things(
            NAME.removesuffix('-1'),
            boots.VERSION,
            endpoints.Endpoint('c', 80, '/v2.1', None),
            self.keeper,
            self.ledger,
            nova.request,
        )
        probe = boots.Boot(spec, made, nova.now, nova.sleep)
        return probe.send(probe.headers(), 20 * SECOND)

    def owed(self):
        return [
            (one.kind, one.name, one.id)
            for one in ledger.read([self.ledger.path])
        ]

    def test_up_is_active_and_what_is_up_is_deleted_later(self):
        reply = self.boot(
            Nova(server('BUILD'), server('BUILD'), server('ACTIVE'))
        )
        self.assertEqual('', reply.error)
        self.assertEqual(3 * SECOND, self.nova.time)
        self.assertEqual(
            ['POST /v2.1/servers', *['GET /v2.1/servers/an-id'] * 3],
            self.nova.sent,
        )
        reply.after()
        self.assertEqual('DELETE /v2.1/servers/an-id', self.nova.sent[-1])
        # An acknowledged deletion is not over.
        self.assertEqual([('server', NAME, 'an-id')], self.owed())

    def test_what_is_asked_for(self):
        for network, more in (
            ('n', {'networks': [{'uuid': 'n'}]}),
            ('', {}),
        ):
            self.boot(Nova(server('ACTIVE')), network)
            asked = msgspec.json.decode(self.nova.bodies[0])['server']
            self.assertTrue(asked.pop('name').startswith('xt-uptime-'))
            self.assertEqual(
                {'imageRef': 'i', 'flavorRef': 'f', **more}, asked
            )

    def test_error_is_down_with_the_class_of_its_fault(self):
        for fault, error in (
            (
                {'code': 500, 'message': 'No valid host was found. There'},
                'boot-no-valid-host',
            ),
            (
                {'code': 500, 'message': 'Exceeded maximum number of retries'},
                'boot-retries-exceeded',
            ),
            (
                {'code': 500, 'message': 'Build of instance a-b aborted: no'},
                'boot-build-aborted',
            ),
            (
                {'code': 500, 'message': 'MessagingTimeout'},
                'boot-MessagingTimeout',
            ),
            ({'code': 500, 'message': 'Some text of 192.0.2.1'}, 'boot-500'),
            ({}, 'boot-error'),
        ):
            reply = self.boot(
                Nova(server('BUILD'), server('ERROR', fault=fault))
            )
            self.assertEqual(error, reply.error)
            self.assertEqual(2 * SECOND, self.nova.time)
            reply.after()
            self.assertEqual('DELETE /v2.1/servers/an-id', self.nova.sent[-1])

    def test_error_before_nova_says_why(self):
        reply = self.boot(Nova(server('ERROR')))
        self.assertEqual('boot-error', reply.error)

    def test_not_there_by_the_deadline(self):
        reply = self.boot(Nova(server('BUILD')))
        self.assertEqual('timeout', reply.error)
        self.assertLessEqual(self.nova.time, 20 * SECOND)
        self.assertGreater(self.nova.time, 18 * SECOND)
        reply.after()
        self.assertEqual('DELETE /v2.1/servers/an-id', self.nova.sent[-1])
        self.assertGreater(self.nova.deadlines[-1], 20 * SECOND)

    def test_a_look_that_fails_is_followed_by_another(self):
        for trouble in (
            transport.Failed('refused'),
            transport.NotSent('Too many open files'),
            (503, {}),
            (401, {}),
            (200, {'not': 'a server'}),
        ):
            reply = self.boot(Nova(trouble, trouble, server('ACTIVE')))
            self.assertEqual('', reply.error, trouble)
            self.assertEqual(3 * SECOND, self.nova.time)

    def test_what_the_last_look_met_is_the_class(self):
        for trouble, error in (
            (transport.Failed('refused'), 'refused'),
            ((503, {}), 'http-5xx'),
            ((404, {}), 'http-4xx'),
            ((200, {'not': 'a server'}), 'malformed'),
        ):
            reply = self.boot(Nova(server('BUILD'), trouble))
            self.assertEqual(error, reply.error)

    def test_who_could_not_look_knows_nothing(self):
        nova = Nova(server('BUILD'), transport.NotSent('no port'))
        self.assertRaises(transport.NotSent, self.boot, nova)
        self.assertEqual('DELETE /v2.1/servers/an-id', nova.sent[-1])

    def test_a_look_does_not_take_all_of_the_time(self):
        self.boot(Nova(server('BUILD'), server('ACTIVE')))
        self.assertEqual(
            [20 * SECOND, 11 * SECOND, 12 * SECOND], self.nova.deadlines
        )

    def test_the_first_failure_of_the_create_is_the_samples(self):
        nova = Nova(server('ACTIVE'))
        for made, error in (
            (transport.Failed('timeout'), 'timeout'),
            ((403, {}), 'http-4xx'),
            ((202, {}), 'malformed'),
        ):
            nova.made = made
            reply = self.boot(nova)
            self.assertEqual(error, reply.error)
            self.assertIsNone(reply.after)
        self.assertEqual(['POST /v2.1/servers'] * 3, nova.sent)
        # Nobody knows whether there is one.
        self.assertEqual([('server', NAME, '')], self.owed())

    def test_a_deletion_that_fails_is_no_failure_of_the_boot(self):
        nova = Nova(server('ACTIVE'))
        for nova.deleted in (
            (503, None),
            transport.Failed('refused'),
            transport.NotSent('no port'),
        ):
            reply = self.boot(nova)
            self.assertEqual('', reply.error)
            reply.after()
        self.assertEqual([('server', NAME, 'an-id')], self.owed())

    def test_a_token_that_was_renewed_meanwhile(self):
        nova = Nova(server('BUILD'), server('ACTIVE'))
        values = iter(('first', 'second', tokens.NoToken('away')))

        def current():
            value = next(values)
            if isinstance(value, Exception):
                raise value
            return value

        self.keeper.current = current
        self.assertEqual('', self.boot(nova).error)
        # Without a new one the old one may still do.
        self.assertEqual(['first', 'second', 'first'], nova.tokens)
