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
"""What each exception means; the table is the specification."""

import ssl

import testtools
import urllib3
from tempest.lib import exceptions as lib
from urllib3 import exceptions as http

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports


class _Response(dict):
    def __init__(self, status: int) -> None:
        super().__init__({'x-openstack-request-id': f'req-{status}'})
        self.status = status


def _rest(kind: type[lib.RestClientException], status: int):
    return kind('a body', resp=_Response(status))


def _refused() -> http.HTTPError:
    return http.NewConnectionError(
        urllib3.connection.HTTPConnection('h'), 'Connection refused'
    )


POOL = urllib3.HTTPConnectionPool('h')

#: It certainly did not happen.
FAILS = {
    400: _rest(lib.BadRequest, 400),
    401: _rest(lib.Unauthorized, 401),
    403: _rest(lib.Forbidden, 403),
    404: _rest(lib.NotFound, 404),
    409: _rest(lib.Conflict, 409),
    413: _rest(lib.OverLimit, 413),
    429: _rest(lib.UnexpectedResponseCode, 429),
    414: _rest(lib.UnexpectedContentType, 414),
}

#: The same, and nothing was sent at all.
NEVER_SENT = [
    _refused(),
    http.MaxRetryError(POOL, '/', _refused()),
    http.ConnectTimeoutError('too slow'),
    http.SSLError(ssl.SSLCertVerificationError('self-signed')),
    http.MaxRetryError(
        POOL, '/', http.SSLError(ssl.SSLCertVerificationError('bad'))
    ),
    outcomes.TokenError('Unexpected status code 503'),
]

#: Nobody knows; with the status that is to be recorded.
INFOS = [
    (500, _rest(lib.ServerFault, 500)),
    (501, _rest(lib.NotImplemented, 501)),
    (502, _rest(lib.UnexpectedContentType, 502)),
    (503, _rest(lib.UnexpectedResponseCode, 503)),
    (504, _rest(lib.UnexpectedResponseCode, 504)),
    (599, _rest(lib.UnexpectedResponseCode, 599)),
    (202, _rest(lib.InvalidHTTPResponseBody, 202)),
    (302, _rest(lib.InvalidHttpSuccessCode, 302)),
    (0, lib.InvalidHTTPResponseBody('no id')),
    (0, http.ReadTimeoutError(POOL, '/', 'timed out')),
    (0, http.MaxRetryError(POOL, '/', http.ReadTimeoutError(POOL, '/', ''))),
    (0, http.ProtocolError('aborted', ConnectionResetError(104, 'reset'))),
    (0, http.IncompleteRead(3, 10)),
    (0, http.SSLError(ssl.SSLEOFError('EOF'))),
    (0, http.MaxRetryError(POOL, '/', None)),
    (0, TimeoutError('timed out')),
    (0, ConnectionResetError(104, 'reset')),
    (0, ValueError('no JSON')),
]


class ClassifyTest(testtools.TestCase):
    def test_fail(self):
        for status, error in FAILS.items():
            refusal = outcomes.classify(error)
            self.assertEqual(ports.Kind.FAIL, refusal.kind, status)
            self.assertEqual(status, refusal.status)
            self.assertEqual(f'req-{status}', refusal.request_id)

    def test_never_sent(self):
        for error in NEVER_SENT:
            refusal = outcomes.classify(error)
            self.assertEqual(ports.Kind.FAIL, refusal.kind, error)
            self.assertEqual(0, refusal.status)
            self.assertTrue(
                refusal.error.startswith(('not sent: ', 'keystone: ')),
                refusal.error,
            )

    def test_info(self):
        for status, error in INFOS:
            refusal = outcomes.classify(error)
            self.assertEqual(ports.Kind.INFO, refusal.kind, error)
            self.assertEqual(status, refusal.status)
            self.assertNotEqual('', refusal.error)

    def test_a_time_out_reads_well(self):
        error = http.ReadTimeoutError(POOL, '/', 'Read timed out.')
        self.assertEqual(
            'ReadTimeoutError: Read timed out.',
            outcomes.classify(error).error,
        )

    def test_keystone_is_not_nova(self):
        """A 401 for the token is no 401 of the service."""
        error = outcomes.TokenError('Unauthorized')
        refusal = outcomes.classify(error)
        self.assertEqual(0, refusal.status)
        self.assertEqual('keystone: Unauthorized', refusal.error)

    def test_our_own_fault_is_no_event(self):
        for error in (TypeError('x'), AttributeError('x'), KeyError('x')):
            self.assertRaises(errors.HarnessError, outcomes.classify, error)

    def test_one_line(self):
        error = lib.ServerFault('a\nb' * 1000, resp=_Response(500))
        text = outcomes.classify(error).error
        self.assertNotIn('\n', text)
        self.assertLessEqual(len(text), outcomes.LONGEST)
