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
"""A cloud of keystone and nova on loopback, as far as a storm needs one.

It answers real HTTP with the bodies of the real API and can be told to
break: see ``Stub.rules``.
"""

import collections.abc
import http.server
import json
import re
import socket
import struct
import threading
import time
import uuid

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.tests.unit.cloud import bodies

PROJECT = bodies.PROJECT

#: Seconds that the stub takes to build, reboot or delete.
BUILD = 0.3

#: (method, path) → what to do instead: a status, 'reset', 'hang' (until
#: the client hangs up), 'garbage',
#: 'commit-reset' (do it, then reset the connection), 'wrong' (the id of a host
#: is a list), 'nameless' (without a request id); None for nothing.
Rule = collections.abc.Callable[[str, str], int | str | None]


class Machine:
    """A server of the stub."""

    def __init__(self, name: str) -> None:
        self.id = str(uuid.uuid4())
        self.name = name
        self.status = 'BUILD'
        self.task_state: str | None = 'spawning'
        #: What nova records: by request, its event and the event's result.
        self.actions: dict[str, tuple[str, str | None]] = {}

    def show(self) -> dict[str, object]:
        return bodies.server(self.id, self.name, **self._state())

    def updated(self) -> dict[str, object]:
        return bodies.updated(self.id, self.name, **self._state())

    def _state(self) -> dict[str, object]:
        state: dict[str, object] = {
            'status': self.status,
            'OS-EXT-STS:task_state': self.task_state,
        }
        if self.status == 'ERROR':
            state['fault'] = {
                'code': 500,
                'created': '2026-11-21T00:00:00Z',
                'message': 'No valid host was found.',
            }
        return state


class Stub:
    """The cloud; ``with Stub() as stub``.

    :ivar rules: asked in turn for each request.
    :ivar boots: status that the next servers come to.
    :ivar quota: servers that the project may have, -1 without a limit.
    :ivar build_time: seconds until a server is ACTIVE.
    :ivar loses_reboots: a reboot is acknowledged and never carried out.
    """

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.boots = 'ACTIVE'
        self.loses_reboots = False
        self.build_time = BUILD
        self.quota = -1
        self.token_lifetime = 3600.0
        self.requests: list[tuple[str, str]] = []
        self.connections = 0
        self.machines: dict[str, Machine] = {}
        #: With those that are gone: their records stay.
        self.ever: dict[str, Machine] = {}
        self.keypairs: set[str] = set()
        self.lock = threading.RLock()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={'poll_interval': 0.05}
        )

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self._server.server_port}'

    @property
    def cloud(self) -> settings.Cloud:
        return settings.Cloud(
            auth_url=f'{self.url}/v3',
            region='RegionOne',
            endpoint_type='public',
            ca_file='',
            insecure=False,
            catalog_types={'nova': 'compute', 'keystone': 'identity'},
            image='image-1',
            flavor='flavor-1',
        )

    @property
    def credentials(self) -> credentials.Credentials:
        return credentials.Credentials(
            username='storm',
            password='not-to-be-seen',
            user_domain='Default',
            project='storm',
            project_id=PROJECT,
            project_domain='Default',
            network='network-1',
        )

    def __enter__(self) -> 'Stub':
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def instead(self, method: str, path: str) -> int | str | None:
        for rule in self.rules:
            told = rule(method, path)
            if told is not None:
                return told
        return None

    def later(self, do: collections.abc.Callable[[], None]) -> None:
        timer = threading.Timer(self.build_time, do)
        timer.daemon = True
        timer.start()

    def answer(
        self, method: str, path: str, body: dict, request_id: str
    ) -> tuple[int, object | None]:
        path, _, query = path.partition('?')
        with self.lock:
            for pattern, call in self.routes().items():
                found = re.fullmatch(pattern, f'{method} {path}')
                if found:
                    return call(self, found.groups(), body, request_id, query)
        return 404, {'itemNotFound': {'message': f'no {path}'}}

    def routes(self) -> dict[str, collections.abc.Callable]:
        """Method and path, as a pattern, to what answers."""
        return _ROUTES

    def endpoints(self) -> dict[str, str]:
        """Type of a service to where it answers."""
        return {'compute': f'{self.url}/v2.1'}

    # What the services do; called with the lock held.

    def token(self, groups, body, request_id, query):
        issued, expires = (
            time.strftime('%Y-%m-%dT%H:%M:%S.000000Z', time.gmtime(moment))
            for now in (time.time(),)
            for moment in (now, now + self.token_lifetime)
        )
        domain = {'id': 'default', 'name': 'Default'}
        return 201, {
            'token': {
                'issued_at': issued,
                'expires_at': expires,
                'user': {'id': 'u', 'name': 'storm', 'domain': domain},
                'project': {
                    'id': PROJECT,
                    'name': 'storm',
                    'domain': domain,
                },
                'catalog': [
                    {
                        'type': kind,
                        'name': kind,
                        'endpoints': [
                            {
                                'interface': 'public',
                                'region': 'RegionOne',
                                'url': url,
                            }
                        ],
                    }
                    for kind, url in self.endpoints().items()
                ],
            }
        }

    def create(self, groups, body, request_id, query):
        machine = Machine(body['server']['name'])
        self.machines[machine.id] = self.ever[machine.id] = machine
        machine.actions[request_id] = ('compute__do_build_and_run', None)

        def build() -> None:
            machine.status, machine.task_state = self.boots, None
            result = 'Success' if self.boots == 'ACTIVE' else 'Error'
            machine.actions[request_id] = (
                'compute__do_build_and_run',
                result,
            )

        self.later(build)
        return 202, {'server': {'id': machine.id, 'links': []}}

    def show(self, groups, body, request_id, query):
        machine = self.machines.get(groups[0])
        if machine is None:
            return _missing()
        return 200, {'server': machine.show()}

    def list(self, groups, body, request_id, query):
        after = dict(
            part.split('=') for part in query.split('&') if '=' in part
        ).get('marker')
        ids = list(self.machines)
        first = ids.index(after) + 1 if after in ids else 0
        # Pages of two: shorter than anybody asks for.
        page = [self.machines[id_].show() for id_ in ids[first : first + 2]]
        return 200, {'servers': page}

    def delete(self, groups, body, request_id, query):
        machine = self.machines.get(groups[0])
        if machine is None:
            return _missing()
        machine.task_state = 'deleting'
        self.later(lambda: self.machines.pop(groups[0], None) and None)
        return 204, None

    def rename(self, groups, body, request_id, query):
        machine = self.machines.get(groups[0])
        if machine is None:
            return _missing()
        machine.name = body['server']['name']
        return 200, {'server': machine.updated()}

    def action(self, groups, body, request_id, query):
        machine = self.machines.get(groups[0])
        if machine is None:
            return _missing()
        if machine.task_state:
            return 409, {'conflictingRequest': {'message': 'busy'}}
        machine.actions[request_id] = ('compute_reboot_instance', None)
        if self.loses_reboots:
            return 202, None
        machine.task_state = 'rebooting'

        def reboot() -> None:
            machine.task_state = None
            machine.actions[request_id] = (
                'compute_reboot_instance',
                'Success',
            )

        self.later(reboot)
        return 202, None

    def show_action(self, groups, body, request_id, query):
        machine = self.ever.get(groups[0])
        if machine is None or groups[1] not in machine.actions:
            return _missing()
        event = machine.actions[groups[1]]
        return 200, {'instanceAction': bodies.action(groups[1], event)}

    def list_actions(self, groups, body, request_id, query):
        machine = self.ever.get(groups[0])
        if machine is None:
            return _missing()
        shown = [bodies.action(request) for request in machine.actions]
        for one in shown:
            del one['events']
        return 200, {'instanceActions': shown}

    def create_keypair(self, groups, body, request_id, query):
        name = body['keypair']['name']
        self.keypairs.add(name)
        made = bodies.keypair(name, private_key='SECRET KEY')
        return 200, {'keypair': made}

    def keypair(self, groups, body, request_id, query):
        if groups[0] not in self.keypairs:
            return _missing()
        return 200, {'keypair': bodies.shown_keypair(groups[0])}

    def limits(self, groups, body, request_id, query):
        absolute = {
            'maxTotalInstances': self.quota,
            'totalInstancesUsed': len(self.machines),
            'maxTotalCores': -1,
            'maxTotalRAMSize': -1,
            'maxTotalKeypairs': -1,
        }
        return 200, {'limits': {'absolute': absolute, 'rate': []}}

    def flavor(self, groups, body, request_id, query):
        return 200, {'flavor': {'id': groups[0], 'vcpus': 1, 'ram': 64}}

    def list_keypairs(self, groups, body, request_id, query):
        return 200, {
            'keypairs': [{'keypair': bodies.keypair(n)} for n in self.keypairs]
        }

    def delete_keypair(self, groups, body, request_id, query):
        if groups[0] not in self.keypairs:
            return _missing()
        self.keypairs.discard(groups[0])
        return 202, None


_ROUTES = {
    r'POST /v3/auth/tokens': Stub.token,
    r'POST /v2.1/servers': Stub.create,
    r'GET /v2.1/servers(/detail)?': Stub.list,
    r'GET /v2.1/servers/([^/]+)': Stub.show,
    r'PUT /v2.1/servers/([^/]+)': Stub.rename,
    r'DELETE /v2.1/servers/([^/]+)': Stub.delete,
    r'POST /v2.1/servers/([^/]+)/action': Stub.action,
    r'GET /v2.1/servers/([^/]+)/os-instance-actions': Stub.list_actions,
    r'GET /v2.1/servers/([^/]+)/os-instance-actions/([^/]+)': (
        Stub.show_action
    ),
    r'GET /v2.1/limits': Stub.limits,
    r'GET /v2.1/flavors/([^/]+)': Stub.flavor,
    r'POST /v2.1/os-keypairs': Stub.create_keypair,
    r'GET /v2.1/os-keypairs': Stub.list_keypairs,
    r'GET /v2.1/os-keypairs/([^/]+)': Stub.keypair,
    r'DELETE /v2.1/os-keypairs/([^/]+)': Stub.delete_keypair,
}


def _missing():
    return 404, {'itemNotFound': {'message': 'could not be found'}}


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    # Many users connect at once.
    request_queue_size = 256

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        super().__init__(('127.0.0.1', 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        # A client that is killed resets its connections.
        pass


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def setup(self) -> None:
        super().setup()
        self.stub: Stub = self.server.stub
        # Headers and body are two writes; Nagle would add 40 ms.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stub.connections += 1

    def log_message(self, *args: object) -> None:
        pass

    def serve(self) -> None:
        length = int(self.headers.get('content-length') or 0)
        body = json.loads(self.rfile.read(length) or b'{}')
        path = self.path.partition('?')[0]
        self.stub.requests.append((self.command, path))
        told = self.stub.instead(self.command, path)
        request_id = f'req-{uuid.uuid4()}'
        if told == 'hang':
            self.rfile.read(1)
        if told in ('reset', 'hang'):
            self.reset()
            return
        if isinstance(told, int):
            body = {'fault': {'message': 'told to'}}
            self.reply(told, json.dumps(body).encode(), request_id)
            return
        status, answer = self.stub.answer(
            self.command, self.path, body, request_id
        )
        if told == 'commit-reset':
            self.reset()
            return
        data = b'' if answer is None else json.dumps(answer).encode()
        if told == 'garbage':
            data = b'{"server": '
        if told == 'wrong':
            data = data.replace(b'"hostId": ""', b'"hostId": ["of-a-host"]')
        self.reply(status, data, '' if told == 'nameless' else request_id)

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def reset(self) -> None:
        linger = struct.pack('ii', 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True
        self.connection.close()

    def reply(self, status: int, data: bytes, request_id: str) -> None:
        headers = {'content-type': 'application/json'}
        if request_id:
            headers['x-openstack-request-id'] = request_id
        if self.path.endswith('/auth/tokens'):
            headers['x-subject-token'] = 'SECRET-TOKEN'
        if status in (413, 503):
            headers['retry-after'] = '1'
        bodiless = status in (204, 304)
        if not bodiless:
            headers['content-length'] = str(len(data))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not bodiless:
            self.wfile.write(data)
