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
"""Our transports and Tempest's raise the same errors for the same answers.

The one difference that is wanted: ours send each request once, over
connections that are kept. What a server may send that is hardly HTTP is in
``test_wire``.
"""

import dataclasses
import socket
import time

import testtools
from tempest.lib import auth
from tempest.lib import exceptions as lib_exceptions
from tempest.lib.services.compute import servers_client

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import fast
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import rest
from extreme_tempest_plugin.cloud import transport
from extreme_tempest_plugin.tests.functional.storm import stub

_BODY = {'server': {'name': 'a', 'imageRef': 'i', 'flavorRef': 'f'}}

STATUSES = (
    *(300, 302, 304),
    *(400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 422, 429),
    *(500, 501, 502, 503, 504, 599),
)


class ServersClient(servers_client.ServersClient, rest.RestOnce):
    """Tempest's client of servers, each request sent once."""


class _StubTest(testtools.TestCase):
    #: Seconds; nobody waits for so long but on a busy machine.
    timeout = 10.0

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
        #: Our client over each of our transports.
        self.ours = tuple(
            self._client(ServersClient, over) for over in self._transports()
        )
        #: Stock client over them: the transports alone.
        self.mixed = tuple(
            self._client(servers_client.ServersClient, over)
            for over in self._transports()
        )

    def _transports(self):
        return tuple(
            over.connect()(self.timeout) for over in (transport, fast)
        )

    def _client(self, kind, over=None):
        made = kind(
            self.provider,
            'compute',
            'RegionOne',
            endpoint_type='public',
            http_timeout=self.timeout,
        )
        if over is not None:
            made.http_obj = over
        return made

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
        # A client that gave up may be faster than the stub.
        end = time.monotonic() + 30
        while len(self.stub.requests) == before and time.monotonic() < end:
            time.sleep(0.01)
        return ended, len(self.stub.requests) - before

    def _no_answer(self, told: str) -> None:
        self._instead(told)
        expected, _ = self._end(self.stock, 'POST')
        self.assertIsNotNone(expected[0])
        for client in (*self.mixed, *self.ours):
            ended, sent = self._end(client, 'POST')
            self.assertEqual(expected, ended)
            self.assertEqual(1, sent)


class NoAnswerTest(_StubTest):
    timeout = 1.0

    def test_no_answer(self):
        self._no_answer('hang')


class ContractTest(_StubTest):
    def test_statuses(self):
        for status in STATUSES:
            self._instead(status)
            expected = self._end(self.stock, 'POST')
            for client in (*self.mixed, *self.ours):
                ended, sent = self._end(client, 'POST')
                self.assertEqual(expected[0][0], ended[0], status)
                # RestClient repeats after 413, whatever is below it.
                if client not in self.mixed or status != 413:
                    self.assertEqual(1, sent, status)
                if status >= 400:
                    self.assertEqual(status, ended[1])
                    self.assertEqual(expected[0][1], ended[1])

    def test_reset(self):
        self._no_answer('reset')

    def test_reads_are_not_retried(self):
        """Tempest's transport sends a read that is reset eleven times."""
        self._instead('reset')
        expected, sent_by_stock = self._end(self.stock, 'GET')
        self.assertEqual(11, sent_by_stock)
        for client in self.ours:
            ended, sent = self._end(client, 'GET')
            self.assertEqual(expected, ended)
            self.assertEqual(1, sent)

    def test_retry_after_is_not_obeyed(self):
        for status in (503, 413):
            self._instead(status)
            for client in self.ours:
                self.assertEqual(1, self._end(client, 'GET')[1])

    def test_answers_are_the_same(self):
        id_ = self.ours[0].create_server(name='a')['server']['id']
        self.stub.machines[id_].status = 'ERROR'
        shown = [
            client.get(f'servers/{id_}')
            for client in (self.stock, *self.mixed, *self.ours)
        ]
        for response, body in shown[1:]:
            self.assertEqual(shown[0][1], body)
            self.assertEqual(shown[0][0].status, response.status)
            self.assertEqual(set(shown[0][0]), set(response))

    def test_malformed(self):
        self._instead('garbage')
        for client in self.ours:
            error = self.assertRaises(
                lib_exceptions.InvalidHTTPResponseBody,
                client.create_server,
                name='a',
            )
            refusal = outcomes.classify(error)
            self.assertEqual(ports.Kind.INFO, refusal.kind)
            self.assertEqual(202, refusal.status)


class ConnectionsTest(_StubTest):
    def test_kept(self):
        for client in self.ours:
            before = self.stub.connections
            for _ in range(20):
                client.list_servers(detail=True)
            self.assertEqual(1, self.stub.connections - before)

    def test_not_kept_when_idle_for_long(self):
        for client in self.ours:
            client.list_servers(detail=True)
        before = self.stub.connections
        self.addCleanup(setattr, transport, 'IDLE', transport.IDLE)
        transport.IDLE = -1.0
        for client in self.ours:
            client.list_servers(detail=True)
        self.assertEqual(len(self.ours), self.stub.connections - before)

    def test_a_connection_that_was_closed_is_replaced(self):
        for client in self.ours:
            self._instead('reset')
            self._end(client, 'GET')
            self.stub.rules = []
            self.assertEqual([], client.list_servers(detail=True)['servers'])


class ClientsTest(_StubTest):
    """The adapter that a storm uses, over HTTP."""

    connect = staticmethod(transport.connect)

    def setUp(self):
        super().setUp()
        self.cloud = clients.pair(
            self.stub.cloud,
            self.stub.credentials,
            timeout=self.timeout,
            connect=self.connect,
        ).calls
        self.nova = self.cloud.service('nova')

    def _create(self, name: str = 'a') -> ports.Answer:
        body = {'server': {**_BODY['server'], 'name': name}}
        return self.nova.post('servers', body)

    def _list(self) -> tuple[kinds.Found, ...]:
        return kinds.found(self.cloud, kinds.BY_NAME['server'])

    def _refusal(self, call, *args) -> ports.Refusal:
        return self.assertRaises(ports.CallError, call, *args).refusal

    def test_check(self):
        self.assertEqual(('u', stub.PROJECT), self.cloud.check())

    def _complaint(self, **wrong: object) -> str:
        cloud = dataclasses.replace(self.stub.cloud, **wrong)
        clients_ = clients.make(
            cloud, self.stub.credentials, timeout=self.timeout
        )
        text = str(self.assertRaises(errors.UsageError, clients_.check))
        self.assertNotIn('\n', text)
        self.assertNotIn('not-to-be-seen', text)
        self.assertIn('tempest.conf', text)
        return text

    def test_check_of_a_cloud_that_is_not_there(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            url = f'http://127.0.0.1:{taken.getsockname()[1]}/v3'
        self.assertIn('Connection refused', self._complaint(auth_url=url))

    def test_check_with_a_wrong_password(self):
        self._instead(401)
        self._complaint()

    def test_create(self):
        answer = self._create()
        self.assertEqual(202, answer.status)
        self.assertTrue(answer.request_id.startswith('req-'))
        self.assertIn(answer.read(dict)['server']['id'], self.stub.machines)

    def test_list_follows_short_pages(self):
        for number in range(5):
            self._create(f'a-{number}')
        self.assertEqual(5, len(self._list()))

    def test_a_reset_leaves_the_outcome_open(self):
        self._list()
        self._instead('commit-reset')
        refusal = self._refusal(self._create)
        self.assertEqual(ports.Kind.INFO, refusal.kind)
        self.assertEqual(1, len(self.stub.machines))

    def test_no_token_no_request(self):
        """Keystone is away: the operation certainly did not happen."""
        self.stub.rules = [
            lambda method, path: 503 if 'tokens' in path else None
        ]
        refusal = self._refusal(self._create)
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.assertEqual(0, refusal.status)
        self.assertTrue(refusal.error.startswith('keystone: '))
        self.assertEqual({}, self.stub.machines)

    def test_wrong_password(self):
        self.stub.rules = [
            lambda method, path: 401 if 'tokens' in path else None
        ]
        refusal = self._refusal(self._create)
        self.assertTrue(refusal.error.startswith('keystone: '))
        self.assertNotIn('not-to-be-seen', refusal.error)

    def test_no_such_service(self):
        types = {'nova': 'no-such-service'}
        cloud = clients.make(
            dataclasses.replace(self.stub.cloud, catalog_types=types),
            self.stub.credentials,
        )
        refusal = self._refusal(cloud.service('nova').post, 'servers', _BODY)
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.assertIn('no-such-service', refusal.error)
        self.assertNotIn('SECRET', refusal.error)
        self.assertNotIn('not-to-be-seen', refusal.error)

    def test_one_token_for_many_calls(self):
        for _ in range(5):
            self._list()
        self.assertEqual(1, self._tokens())

    def test_an_expired_token_is_replaced(self):
        self.stub.token_lifetime = 30.0
        self._list()
        self._list()
        self.assertEqual(2, self._tokens())

    def test_a_401_is_recorded_and_the_next_call_has_a_new_token(self):
        self._list()
        self.stub.rules = [
            lambda method, path: 401 if '/servers' in path else None
        ]
        refusal = self._refusal(self._create)
        self.assertEqual(401, refusal.status)
        self.assertEqual(ports.Kind.FAIL, refusal.kind)
        self.stub.rules = []
        self._create()
        self.assertEqual(2, self._tokens())

    def _tokens(self) -> int:
        # The first token of all is that of setUp.
        return self.stub.requests.count(('POST', '/v3/auth/tokens')) - 1


class FastClientsTest(ClientsTest):
    """The same over the transport of the load process."""

    connect = staticmethod(fast.connect)
