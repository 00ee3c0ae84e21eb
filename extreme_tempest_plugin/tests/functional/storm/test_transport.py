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
"""Our transport and Tempest's raise the same errors for the same answers.

The one difference that is wanted: ours sends each request once, over
connections that are kept.
"""

import dataclasses
import socket

import testtools
import urllib3
from tempest.lib import auth
from tempest.lib import exceptions as lib_exceptions
from tempest.lib.services.compute import servers_client

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import compute
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import transport
from extreme_tempest_plugin.tests.functional.storm import stub

STATUSES = (
    *(300, 302, 304),
    *(400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 429),
    *(500, 501, 502, 503, 504, 599),
)


class _StubTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)
        self.provider = auth.KeystoneV3AuthProvider(
            auth.KeystoneV3Credentials(
                username='u',
                password='p',
                user_domain_name='Default',
                project_name='p',
                project_domain_name='Default',
            ),
            self.stub.cloud.auth_url,
        )
        self.provider.get_auth()
        self.stock = self._client(servers_client.ServersClient)
        self.ours = self._client(compute.ServersClient)
        self.ours.http_obj = transport.Transport(transport.connections(), 1)
        #: Stock client over our transport: the transport alone.
        self.mixed = self._client(servers_client.ServersClient)
        self.mixed.http_obj = self.ours.http_obj

    def _client(self, kind):
        return kind(
            self.provider,
            'compute',
            'RegionOne',
            endpoint_type='public',
            http_timeout=1,
        )

    def _instead(self, told: int | str) -> None:
        self.stub.rules = [lambda method, path: told]

    def _end(self, client, call: str):
        """Class and status of the error of one call, and requests sent."""
        before = len(self.stub.requests)
        try:
            if call == 'GET':
                client.show_server('s')
            else:
                client.reboot_server('s', type='HARD')
        except Exception as error:
            response = getattr(error, 'resp', None)
            ended = (type(error), getattr(response, 'status', None))
        else:
            ended = (None, None)
        return ended, len(self.stub.requests) - before


class ContractTest(_StubTest):
    def test_statuses(self):
        for status in STATUSES:
            self._instead(status)
            expected = self._end(self.stock, 'POST')
            for client in (self.mixed, self.ours):
                ended, sent = self._end(client, 'POST')
                self.assertEqual(expected[0][0], ended[0], status)
                # RestClient repeats after 413, whatever is below it.
                if (client, status) != (self.mixed, 413):
                    self.assertEqual(1, sent, status)
                if status >= 400:
                    self.assertEqual(status, ended[1])
                    self.assertEqual(expected[0][1], ended[1])

    def test_no_answer(self):
        for told in ('reset', 'hang'):
            self._instead(told)
            expected, _ = self._end(self.stock, 'POST')
            self.assertIsNotNone(expected[0])
            for client in (self.mixed, self.ours):
                ended, sent = self._end(client, 'POST')
                self.assertEqual(expected, ended, told)
                self.assertEqual(1, sent)

    def test_reads_are_not_retried(self):
        """Tempest's transport sends a read that is reset eleven times."""
        self._instead('reset')
        expected, sent_by_stock = self._end(self.stock, 'GET')
        self.assertEqual(11, sent_by_stock)
        ended, sent = self._end(self.ours, 'GET')
        self.assertEqual(expected, ended)
        self.assertEqual(1, sent)

    def test_retry_after_is_not_obeyed(self):
        self._instead(503)
        self.assertEqual(1, self._end(self.ours, 'GET')[1])
        self._instead(413)
        self.assertEqual(1, self._end(self.ours, 'GET')[1])

    def test_refused(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
        url = f'http://127.0.0.1:{port}/'
        raised = []
        for http in (self.stock.http_obj, self.ours.http_obj):
            error = self.assertRaises(
                urllib3.exceptions.MaxRetryError, http.request, url, 'POST'
            )
            raised.append((type(error), type(error.reason)))
        self.assertEqual(raised[0], raised[1])
        self.assertEqual(ports.Kind.FAIL, outcomes.classify(error).kind)

    def test_answers_are_the_same(self):
        id_ = self.ours.create_server(name='a')['server']['id']
        self.stub.machines[id_].status = 'ERROR'
        shown = [
            client.get(f'servers/{id_}')
            for client in (self.stock, self.mixed, self.ours)
        ]
        for response, body in shown[1:]:
            self.assertEqual(shown[0][1], body)
            self.assertEqual(shown[0][0].status, response.status)
            self.assertEqual(set(shown[0][0]), set(response))

    def test_malformed(self):
        self._instead('garbage')
        error = self.assertRaises(
            lib_exceptions.InvalidHTTPResponseBody,
            self.ours.create_server,
            name='a',
        )
        refusal = outcomes.classify(error)
        self.assertEqual(ports.Kind.INFO, refusal.kind)
        self.assertEqual(202, refusal.status)


class ConnectionsTest(_StubTest):
    def test_kept(self):
        before = self.stub.connections
        for _ in range(20):
            self.ours.list_servers(detail=True)
        self.assertEqual(1, self.stub.connections - before)

    def test_not_kept_when_idle_for_long(self):
        self.ours.list_servers(detail=True)
        before = self.stub.connections
        self.addCleanup(setattr, transport, 'IDLE', transport.IDLE)
        transport.IDLE = -1.0
        self.ours.list_servers(detail=True)
        self.assertEqual(1, self.stub.connections - before)

    def test_a_connection_that_was_closed_is_replaced(self):
        self._instead('reset')
        self._end(self.ours, 'GET')
        self.stub.rules = []
        self.assertEqual([], self.ours.list_servers(detail=True)['servers'])


class ClientsTest(_StubTest):
    """The adapter that a storm uses, over HTTP."""

    def setUp(self):
        super().setUp()
        self.cloud = clients.make(
            self.stub.cloud, self.stub.credentials, timeout=1
        )
        self.compute = self.cloud.compute

    def _refusal(self, call, *args) -> ports.Refusal:
        return self.assertRaises(ports.CallError, call, *args).refusal

    def test_check(self):
        self.cloud.check()

    def _complaint(self, **wrong: object) -> str:
        cloud = dataclasses.replace(self.stub.cloud, **wrong)
        clients_ = clients.make(cloud, self.stub.credentials, timeout=1)
        text = str(self.assertRaises(errors.UsageError, clients_.check))
        self.assertNotIn('\n', text)
        self.assertNotIn('not-to-be-seen', text)
        self.assertIn('tempest.conf', text)
        return text

    def test_check_of_a_cloud_that_is_not_there(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            url = f'http://127.0.0.1:{taken.getsockname()[1]}/v3'
        self.assertIn('Connection refused', self._complaint(auth_url=url))

    def test_check_without_the_service(self):
        self.assertIn(
            'no-such', self._complaint(catalog_types={'nova': 'no-such'})
        )

    def test_check_with_a_wrong_password(self):
        self._instead(401)
        self._complaint()

    def test_create(self):
        answer = self.compute.create_server('a')
        self.assertEqual(202, answer.status)
        self.assertTrue(answer.request_id.startswith('req-'))
        self.assertIn(answer.value, self.stub.machines)

    def test_list_follows_short_pages(self):
        for number in range(5):
            self.compute.create_server(f'a-{number}')
        self.assertEqual(5, len(self.compute.list_servers()))

    def test_a_reset_leaves_the_outcome_open(self):
        self.compute.list_servers()
        self._instead('commit-reset')
        refusal = self._refusal(self.compute.create_server, 'a')
        self.assertEqual(ports.Kind.INFO, refusal.kind)
        self.assertEqual(1, len(self.stub.machines))

    def test_no_token_no_request(self):
        """Keystone is away: the operation certainly did not happen."""
        self.stub.rules = [
            lambda method, path: 503 if 'tokens' in path else None
        ]
        refusal = self._refusal(self.compute.create_server, 'a')
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.assertEqual(0, refusal.status)
        self.assertTrue(refusal.error.startswith('keystone: '))
        self.assertEqual({}, self.stub.machines)

    def test_wrong_password(self):
        self.stub.rules = [
            lambda method, path: 401 if 'tokens' in path else None
        ]
        refusal = self._refusal(self.compute.create_server, 'a')
        self.assertTrue(refusal.error.startswith('keystone: '))
        self.assertNotIn('not-to-be-seen', refusal.error)

    def test_no_such_service(self):
        types = {'nova': 'no-such-service'}
        cloud = clients.make(
            dataclasses.replace(self.stub.cloud, catalog_types=types),
            self.stub.credentials,
        )
        refusal = self._refusal(cloud.compute.create_server, 'a')
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.assertIn('no-such-service', refusal.error)
        self.assertNotIn('SECRET', refusal.error)
        self.assertNotIn('not-to-be-seen', refusal.error)

    def test_one_token_for_many_calls(self):
        for _ in range(5):
            self.compute.list_servers()
        self.assertEqual(1, self._tokens())

    def test_an_expired_token_is_replaced(self):
        self.stub.token_lifetime = 30.0
        self.compute.list_servers()
        self.compute.list_servers()
        self.assertEqual(2, self._tokens())

    def test_a_401_is_recorded_and_the_next_call_has_a_new_token(self):
        self.compute.list_servers()
        self.stub.rules = [
            lambda method, path: 401 if '/servers' in path else None
        ]
        refusal = self._refusal(self.compute.create_server, 'a')
        self.assertEqual(401, refusal.status)
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.stub.rules = []
        self.compute.create_server('a')
        self.assertEqual(2, self._tokens())

    def _tokens(self) -> int:
        # The first token of all is that of setUp.
        return self.stub.requests.count(('POST', '/v3/auth/tokens')) - 1

    def test_reboot_progress(self):
        id_ = self.compute.create_server('a').value
        self.stub.machines[id_].task_state = None
        answer = self.compute.reboot_server(id_, hard=True)
        self.assertEqual(
            ports.Progress.RUNNING,
            self.compute.show_progress(id_, answer.request_id),
        )
        self.stub.machines[id_].actions[answer.request_id] = 'Success'
        self.assertEqual(
            ports.Progress.DONE,
            self.compute.show_progress(id_, answer.request_id),
        )
        self.assertEqual(
            ports.Progress.ABSENT, self.compute.show_progress(id_, 'req-x')
        )
        for status in (403, 406):
            self._instead(status)
            self.assertEqual(
                ports.Progress.HIDDEN,
                self.compute.show_progress(id_, answer.request_id),
            )
