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

import testtools

from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import probes
from extreme_tempest_plugin.uptime import questions
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

NOVA = questions.of('nova')


def answer(status, body=b'{"servers": []}'):
    return transport.Answer(status, body, email.message.Message())


class Keeper:
    def __init__(self):
        self.distrusted = []

    def current(self):
        return 'secret'

    def distrust(self, value):
        self.distrusted.append(value)


class TestJudge(testtools.TestCase):
    def test_up_is_what_was_asked_for(self):
        self.assertEqual('', probes.judge(answer(200), NOVA))

    def test_every_other_status_has_failed(self):
        for status, error in (
            (204, 'malformed'),
            (302, 'http-3xx'),
            (401, 'http-4xx'),
            (403, 'http-4xx'),
            (404, 'http-4xx'),
            (429, 'http-4xx'),
            (500, 'http-5xx'),
            (503, 'http-5xx'),
        ):
            self.assertEqual(error, probes.judge(answer(status), NOVA), status)

    def test_another_document_has_failed(self):
        for body in (
            b'',
            b'<html>Back soon</html>',
            b'{"servers": [',
            b'[]',
            b'{"error": {}}',
            b'\xff\xfe',
            b'{"servers": "' + b'x' * transport.BODY_LIMIT,
        ):
            self.assertEqual(
                'malformed', probes.judge(answer(200, body), NOVA)
            )

    def test_a_list_where_a_list_is_asked_for(self):
        swift = questions.of('swift')
        self.assertEqual('', probes.judge(answer(200, b'[]'), swift))
        self.assertEqual('malformed', probes.judge(answer(200), swift))

    def test_versions_come_with_a_status_of_their_own(self):
        versions = b'{"versions": []}'
        placement = questions.of('placement')
        for status, error in ((200, ''), (300, ''), (302, 'http-3xx')):
            self.assertEqual(
                error, probes.judge(answer(status, versions), placement)
            )


class TestProbe(testtools.TestCase):
    def path(self, service, url):
        """What is asked of the service at this endpoint."""
        asked = []

        def request(target, method, path, headers, deadline):
            asked.append(f'{method} {target.path}{path}')
            return answer(200)

        target = endpoints.of(url, endpoints.tls_context('', False))
        probe = probes.Probe(questions.of(service), target, Keeper(), request)
        probe.send(probe.headers(), 0)
        return asked[0]

    def test_paths(self):
        for service, url, path in (
            ('nova', 'http://c/compute/v2.1', '/compute/v2.1/servers?limit=1'),
            ('nova', 'http://c/v2.1/a1b2', '/v2.1/a1b2/servers?limit=1'),
            ('nova', 'http://c:8774', '/v2.1/servers?limit=1'),
            (
                'neutron',
                'http://c:9696',
                '/v2.0/networks?limit=1&fields=id',
            ),
            (
                'neutron',
                'http://c:9696/v2.0/',
                '/v2.0/networks?limit=1&fields=id',
            ),
            ('glance', 'http://c/image', '/image/v2/images?limit=1'),
            ('keystone', 'http://c/v3', '/v3/auth/tokens?nocatalog'),
            ('keystone', 'http://c/id', '/id/v3/auth/tokens?nocatalog'),
            ('cinder', 'http://c/v3/a1b2', '/v3/a1b2/volumes?limit=1'),
            (
                'swift',
                'http://c/v1/AUTH_a1b2',
                '/v1/AUTH_a1b2?format=json&limit=1',
            ),
            ('designate', 'http://c:9001', '/v2/zones?limit=1'),
            ('placement', 'http://c/placement', '/placement/'),
            ('sharev2', 'http://c/share/v2/a1b2', '/share/'),
            ('container-infra', 'http://c:9511/v1', '/'),
        ):
            self.assertEqual(f'GET {path}', self.path(service, url))

    def probe(self, service, result):
        def request(*args):
            if isinstance(result, Exception):
                raise result
            return result

        keeper = Keeper()
        target = endpoints.Endpoint('c', 80, '', None)
        question = questions.of(service)
        return probes.Probe(question, target, keeper, request), keeper

    def test_keystone_is_asked_about_the_token_itself(self):
        probe, _ = self.probe('keystone', answer(200))
        headers = probe.headers()
        self.assertEqual('secret', headers['X-Auth-Token'])
        self.assertEqual('secret', headers['X-Subject-Token'])
        probe, _ = self.probe('nova', answer(200))
        self.assertNotIn('X-Subject-Token', probe.headers())

    def test_no_answer(self):
        probe, _ = self.probe('nova', transport.Failed('refused'))
        self.assertEqual(
            probes.Reply(0, 'refused'), probe.send(probe.headers(), 0)
        )

    def test_a_refused_token_is_renewed(self):
        probe, keeper = self.probe('nova', answer(401))
        self.assertEqual(
            probes.Reply(401, 'http-4xx'), probe.send(probe.headers(), 0)
        )
        self.assertEqual(['secret'], keeper.distrusted)

    def test_without_a_token_nothing_is_sent(self):
        probe, keeper = self.probe('nova', answer(200))

        def current():
            raise tokens.NoToken('no token: keystone: refused')

        keeper.current = current
        self.assertRaises(tokens.NoToken, probe.headers)
