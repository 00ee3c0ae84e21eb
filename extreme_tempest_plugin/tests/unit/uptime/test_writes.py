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
"""Write probes: what they send, and what they owe a deletion."""

import email.message

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.tests.unit.uptime import test_probes
from extreme_tempest_plugin.tests.unit.uptime import test_tokens
from extreme_tempest_plugin.uptime import transport
from extreme_tempest_plugin.uptime import writes

STATUSES = {'POST': 201, 'PUT': 201, 'GET': 200, 'DELETE': 204}


class Service:
    """Answers as asked; a rule may answer instead, or raise."""

    def __init__(self):
        self.sent = []
        self.rules = {}

    def request(self, target, method, path, headers, deadline, body=None):
        self.sent.append(f'{method} {target.path}{path}')
        instead = self.rules.get(method, STATUSES[method])
        if isinstance(instead, Exception):
            raise instead
        answer = email.message.Message()
        answer['X-Subject-Token'] = 'new'
        return transport.Answer(instead, b'', answer)


def probe(service, name='nova', path='/v2.1'):
    return writes.Write(
        writes.RECIPES[name],
        transport.Endpoint('c', 80, path, None),
        test_probes.Keeper(),
        '6a3c1c0e-5f0f',
        service.request,
    )


class TestWrite(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.service = Service()

    def test_make_look_delete(self):
        for name, path, wanted in (
            ('nova', '/v2.1', '/v2.1/os-keypairs'),
            ('nova', '', '/v2.1/os-keypairs'),
            ('glance', '', '/v2/images'),
            ('swift', '/v1/AUTH_a', '/v1/AUTH_a/extreme-uptime-6a3c1c0e'),
        ):
            self.service.sent.clear()
            made = probe(self.service, name, path)
            self.assertEqual('', made.send(made.headers(), 0).error)
            self.assertEqual(3, len(self.service.sent))
            for line in self.service.sent:
                self.assertTrue(line.split()[1].startswith(wanted), line)
            self.assertTrue(self.service.sent[-1].startswith('DELETE'))

    def test_names_differ(self):
        made = probe(self.service)
        made.send(made.headers(), 0)
        made.send(made.headers(), 0)
        self.assertEqual(2, len(set(self.service.sent[2::3])))

    def test_the_first_failure_is_the_samples(self):
        made = probe(self.service)
        self.service.rules = {'GET': 503}
        reply = made.send(made.headers(), 0)
        self.assertEqual((503, 'http-5xx'), (reply.status, reply.error))

    def test_what_may_be_there_is_deleted_at_the_end(self):
        made = probe(self.service)
        self.service.rules = {'POST': transport.Failed('timeout')}
        self.assertEqual('timeout', made.send(made.headers(), 0).error)
        self.service.sent.clear()
        self.assertEqual([], made.clean(0))
        (line,) = self.service.sent
        self.assertTrue(
            line.endswith('/os-keypairs/extreme-uptime-6a3c1c0e-1')
        )
        self.assertTrue(line.startswith('DELETE'))

    def test_what_stays_is_said(self):
        made = probe(self.service)
        self.service.rules = {'DELETE': 500}
        self.assertEqual('http-5xx', made.send(made.headers(), 0).error)
        (stays,) = made.clean(0)
        self.assertIn('extreme-uptime-6a3c1c0e-1', stays)

    def test_gone_already_is_deleted(self):
        made = probe(self.service)
        self.service.rules = {'DELETE': 404}
        self.assertEqual('', made.send(made.headers(), 0).error)

    def test_a_container_for_all_objects(self):
        made = probe(self.service, 'swift', '/v1/AUTH_a')
        made.prepare(0)
        self.assertEqual([], made.clean(0))
        self.assertEqual(
            [
                'PUT /v1/AUTH_a/extreme-uptime-6a3c1c0e',
                'DELETE /v1/AUTH_a/extreme-uptime-6a3c1c0e',
            ],
            self.service.sent,
        )
        self.service.rules = {'PUT': 403}
        error = self.assertRaises(errors.UsageError, made.prepare, 0)
        self.assertIn('http-4xx', str(error))

    def test_which_services(self):
        writes.check('keystone')
        error = self.assertRaises(errors.UsageError, writes.check, 'neutron')
        self.assertIn('glance, keystone, nova, swift', str(error))


class TestToken(testtools.TestCase):
    def send(self, **rules):
        service = Service()
        service.rules = rules
        made = writes.Token(
            transport.Endpoint('c', 80, '/v3', None),
            test_tokens.spec(),
            service.request,
        )
        return made.send(made.headers(), 0), service.sent

    def test_issued_and_known(self):
        reply, sent = self.send()
        self.assertEqual('', reply.error)
        self.assertEqual(['POST', 'GET'], [line.split()[0] for line in sent])

    def test_not_issued(self):
        self.assertEqual('http-5xx', self.send(POST=503)[0].error)

    def test_not_known(self):
        self.assertEqual('http-4xx', self.send(GET=404)[0].error)

    def test_no_answer(self):
        reply, _ = self.send(GET=transport.Failed('reset'))
        self.assertEqual('reset', reply.error)
