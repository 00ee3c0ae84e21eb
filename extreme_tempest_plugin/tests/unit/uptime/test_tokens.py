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
import json

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import tokens
from extreme_tempest_plugin.uptime import transport

SECOND = 1_000_000_000
KEYSTONE = endpoints.Endpoint('c', 5000, '/v3', None)


def spec(**changes):
    given = {
        'service': 'nova',
        'target': 'nova',
        'run': 'run-1',
        'part': 'part.jsonl',
        'auth_url': 'http://c:5000/v3',
        'region': '',
        'endpoint_type': 'public',
        'catalog_type': 'compute',
        'ca_file': '',
        'insecure': False,
        'username': 'demo',
        'password': 'secret',
        'user_domain': 'Default',
        'project_id': 'p',
        'interval': 0.5,
        'timeout': 10.0,
    }
    return spec_.Spec(**(given | changes))


def body(issued='2026-11-20T18:00:00.000000Z', **changes):
    given = {
        'issued_at': issued,
        'expires_at': '2026-11-20T19:00:00.000000Z',
        'catalog': [
            {
                'type': 'compute',
                'name': 'nova',
                'endpoints': [
                    {
                        'url': 'http://c/v2.1',
                        'interface': 'public',
                        'region': None,
                        'id': '1',
                    }
                ],
            }
        ],
    }
    return json.dumps({'token': given | changes}).encode()


def answer(status, content=b'', value=''):
    headers = email.message.Message()
    if value:
        headers['X-Subject-Token'] = value
    return transport.Answer(status, content, headers)


class TestFetch(testtools.TestCase):
    def fetch(self, result):
        self.asked = []

        def request(*args):
            self.asked.append(args)
            if isinstance(result, Exception):
                raise result
            return result

        self.patch(transport, 'request', request)
        return tokens.fetch(KEYSTONE, spec())

    def test_token(self):
        token = self.fetch(answer(201, body(), 'abc'))
        self.assertEqual('abc', token.value)
        self.assertEqual(3600 * SECOND, token.expires_ns - token.born_ns)
        self.assertEqual('compute', token.catalog[0].type)
        self.assertEqual(1, len(self.asked))
        self.assertNotIn('abc', repr(token))

    def test_refused_credentials_are_the_users_mistake(self):
        error = self.assertRaises(
            errors.UsageError, self.fetch, answer(401, b'secret')
        )
        self.assertIn("refuses user 'demo' with status 401", str(error))
        self.assertNotIn('secret', str(error))

    def test_no_keystone_v3(self):
        error = self.assertRaises(errors.UsageError, self.fetch, answer(404))
        self.assertIn('no Keystone v3', str(error))

    def test_keystone_that_fails(self):
        for result, why in (
            (transport.Failed('timeout'), 'keystone: timeout'),
            (transport.NotSent('no ports'), 'this machine: no ports'),
            (answer(503), 'keystone: status 503'),
            (answer(201, body()), 'keystone: malformed answer'),
            (answer(201, b'<html>', 'x'), 'keystone: malformed answer'),
            (
                answer(201, body('2026-11-20T18:00:00'), 'x'),
                'keystone: malformed answer',
            ),
        ):
            error = self.assertRaises(tokens.NoToken, self.fetch, result)
            self.assertEqual(why, str(error))


class TestKeeper(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.time = 0
        self.results = []
        self.fetched = 0
        self.keeper = tokens.Keeper(
            self.token('first', 0), self.fetch, lambda: self.time
        )

    def token(self, value, born):
        return tokens.Token(
            value=value, born_ns=born, expires_ns=born + 3600 * SECOND
        )

    def fetch(self):
        self.fetched += 1
        result = self.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    def test_renews_at_half_life(self):
        self.assertEqual(1800 * SECOND, self.keeper.renew_if_due())
        self.assertEqual(0, self.fetched)
        self.time = 1800 * SECOND
        self.results = [self.token('second', self.time)]
        self.assertEqual(3600 * SECOND, self.keeper.renew_if_due())
        self.assertEqual('second', self.keeper.current())

    def test_the_old_one_serves_while_keystone_is_away(self):
        self.time = 1800 * SECOND
        self.results = [tokens.NoToken('keystone: refused')]
        self.assertEqual(1801 * SECOND, self.keeper.renew_if_due())
        self.assertEqual('first', self.keeper.current())

    def test_an_expired_one_is_keystones_failure(self):
        self.time = 3599 * SECOND
        self.results = [tokens.NoToken('keystone: refused')]
        self.keeper.renew_if_due()
        error = self.assertRaises(tokens.NoToken, self.keeper.current)
        self.assertEqual('no token: keystone: refused', str(error))

    def test_what_breaks_in_us_does_not_end_the_renewal(self):
        self.time = 3599 * SECOND
        self.results = [ValueError('secret'), self.token('next', self.time)]
        self.keeper.renew_if_due()
        error = self.assertRaises(tokens.NoToken, self.keeper.current)
        self.assertEqual('no token: the monitor broke: ValueError', str(error))
        self.time += SECOND
        self.keeper.renew_if_due()
        self.assertEqual('next', self.keeper.current())

    def test_a_refused_one_is_renewed_soon_but_not_all_the_time(self):
        self.time = 3 * SECOND
        self.keeper.distrust('first')
        self.assertEqual(10 * SECOND, self.keeper.renew_if_due())
        self.time = 10 * SECOND
        self.results = [self.token('second', self.time)]
        self.keeper.renew_if_due()
        self.assertEqual('second', self.keeper.current())
        self.keeper.distrust('first')
        self.assertEqual(1810 * SECOND, self.keeper.renew_if_due())
