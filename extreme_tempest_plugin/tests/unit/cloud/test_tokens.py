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
"""Tokens for many threads, and failures that are shared."""

import datetime
import threading

import testtools
from tempest.lib import auth
from tempest.lib import exceptions as lib_exceptions

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import tokens


def _data(lifetime: float = 3600.0) -> dict:
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(
        seconds=lifetime
    )
    domain = {'id': 'd', 'name': 'Default'}
    return {
        'expires_at': expires.strftime('%Y-%m-%dT%H:%M:%S.%fZ'),
        'user': {'id': 'u', 'name': 'u', 'domain': domain},
        'project': {'id': 'p', 'name': 'p', 'domain': domain},
        'catalog': [],
    }


class _Keystone:
    """Stands for Tempest's token client.

    :ivar answers: what each call gives; the last one stays.
    """

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.calls = 0
        self.gate = threading.Event()
        self.gate.set()

    def get_token(self, **kwargs):
        self.calls += 1
        self.gate.wait(10)
        answer = self.answers[0]
        if len(self.answers) > 1:
            self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return f'token-{self.calls}', answer


class _Watched:
    """A lock that knows how many wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.waiting = 0

    def __enter__(self) -> None:
        self.waiting += 1
        self._lock.acquire()
        self.waiting -= 1

    def __exit__(self, *args: object) -> None:
        self._lock.release()


class TokensTest(testtools.TestCase):
    def _tokens(self, *answers) -> tuple[tokens.Tokens, _Keystone]:
        made = tokens.Tokens(
            auth.KeystoneV3Credentials(
                username='u',
                password='p',
                user_domain_name='Default',
                project_name='p',
                project_domain_name='Default',
            ),
            'http://127.0.0.1:9/v3',
        )
        keystone = made.auth_client = _Keystone(*answers)
        return made, keystone

    def test_kept(self):
        made, keystone = self._tokens(_data())
        self.assertEqual('token-1', made.get_token())
        self.assertEqual('token-1', made.get_token())
        self.assertEqual(1, keystone.calls)

    def test_replaced_before_it_expires(self):
        made, _ = self._tokens(_data(lifetime=30), _data())
        self.assertEqual('token-1', made.get_token())
        self.assertEqual('token-2', made.get_token())
        self.assertEqual('token-2', made.get_token())

    def test_forgotten(self):
        made, _ = self._tokens(_data())
        made.get_token()
        made.forget()
        self.assertEqual('token-2', made.get_token())

    def test_errors(self):
        no_expiry = _data()
        del no_expiry['expires_at']
        for answer in (
            lib_exceptions.Unauthorized('no'),
            lib_exceptions.IdentityError('Unexpected status code 503'),
            ConnectionResetError(104, 'reset'),
            ValueError('no JSON'),
            no_expiry,
            {},
        ):
            made, _ = self._tokens(answer)
            self.assertRaises(outcomes.TokenError, made.get_token)

    def test_after_an_error_it_is_tried_again(self):
        made, _ = self._tokens(OSError('gone'), _data())
        self.assertRaises(outcomes.TokenError, made.get_token)
        self.assertEqual('token-2', made.get_token())

    def _together(self, made, keystone) -> list[str]:
        """What eight threads get that ask at the same time."""
        keystone.gate.clear()
        lock = made._lock = _Watched()
        got: list[str] = []
        ready = threading.Barrier(9)

        def ask() -> None:
            ready.wait(10)
            try:
                got.append(made.get_token())
            except outcomes.TokenError as error:
                got.append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        ready.wait(10)
        # The lock is watched: all but the one inside stand in front of it.
        for _ in range(2000):
            if lock.waiting == 7:
                break
            threading.Event().wait(0.005)
        keystone.gate.set()
        for thread in threads:
            thread.join(10)
        return got

    def test_one_fetches_for_all(self):
        made, keystone = self._tokens(_data())
        self.assertEqual(['token-1'] * 8, self._together(made, keystone))
        self.assertEqual(1, keystone.calls)

    def test_a_failure_is_shared(self):
        made, keystone = self._tokens(OSError('gone'))
        got = self._together(made, keystone)
        self.assertEqual(1, keystone.calls)
        self.assertEqual(1, len(set(got)))


class BaseUrlTest(testtools.TestCase):
    """Clouds differ in whether an endpoint ends with its version."""

    def _url(self, endpoint: str, unversioned: bool) -> str:
        provider = tokens.Tokens(
            auth.KeystoneV3Credentials(
                username='u', password='p', user_domain_name='d'
            ),
            'http://keystone/v3',
        )
        where = {'interface': 'public', 'region': 'R', 'url': endpoint}
        catalog = [{'type': 'identity', 'endpoints': [where]}]
        data = {**_data(), 'catalog': catalog}
        return provider.base_url(
            {
                'service': 'identity',
                'region': 'R',
                'endpoint_type': 'public',
                'unversioned': unversioned,
            },
            ('token', data),
        )

    def test_unversioned(self):
        for endpoint, expected in (
            ('http://k:5000', 'http://k:5000'),
            ('http://k:5000/v3', 'http://k:5000'),
            ('http://k:5000/v3/', 'http://k:5000'),
            ('http://k/identity', 'http://k/identity'),
            ('http://k/identity/v3', 'http://k/identity'),
            ('http://k:9696/v2.0', 'http://k:9696'),
            ('http://v3.cloud', 'http://v3.cloud'),
        ):
            self.assertEqual(expected, self._url(endpoint, True), endpoint)

    def test_versioned(self):
        """Those of cinder and swift go on behind their version."""
        for endpoint in (
            'http://c/v3/p',
            'http://s/v1/AUTH_p',
            'http://n/v2.1',
        ):
            self.assertEqual(endpoint, self._url(endpoint, False))


class LoginTest(testtools.TestCase):
    def test_it_asks_for_our_own_project(self):
        provider = tokens.Tokens(
            auth.KeystoneV3Credentials(
                username='u',
                password='secret',
                user_domain_name='d',
                project_name='p',
                project_domain_name='e',
            ),
            'http://keystone/v3',
        )
        asked = provider.login()['auth']
        self.assertEqual(
            {'name': 'u', 'password': 'secret', 'domain': {'name': 'd'}},
            asked['identity']['password']['user'],
        )
        self.assertEqual(
            {'project': {'name': 'p', 'domain': {'name': 'e'}}}, asked['scope']
        )
