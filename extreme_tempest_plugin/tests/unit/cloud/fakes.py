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
"""A cloud and a clock in memory, behind our own ports."""

import collections
import collections.abc
import dataclasses
import enum
import typing
import urllib.parse

import msgspec

from extreme_tempest_plugin.cloud import ports

SECOND = 1_000_000_000


def refusal(
    status: int = 0, error: str = 'told to', retry_after: float = 0.0
) -> ports.CallError:
    """What a call raises that ends with ``status``; 0 is no answer."""
    certain = 400 <= status < 500
    return ports.CallError(
        ports.Refusal(
            kind=ports.Kind.FAIL if certain else ports.Kind.INFO,
            status=status,
            request_id='req-refused',
            error=error,
            retry_after=retry_after,
        )
    )


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.now = 1000 * SECOND

    def __call__(self) -> int:
        return self.now

    def seconds(self) -> float:
        return self.now / SECOND

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


class Progress(enum.Enum):
    """What nova has recorded of a reboot: the results of its events."""

    DONE = ('Success',)
    FAILED = ('Error',)
    RUNNING = (None,)
    #: Not recorded yet: 404.
    ABSENT = 'absent'
    #: Not shown to us.
    HIDDEN = 'hidden'


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    id: str
    name: str
    status: str
    task_state: str = ''

    def shown(self) -> dict[str, typing.Any]:
        return {
            'id': self.id,
            'name': self.name,
            'status': self.status,
            'OS-EXT-STS:task_state': self.task_state or None,
        }


class Compute:
    """Servers and keypairs that change at once, unless told otherwise.

    :ivar failing: method name to exceptions; each call takes the first, and
        None lets it through.
    :ivar boots: status of a new server.
    :ivar progress: what becomes of reboots.
    :ivar undeletable: servers stay, though their deletion is acknowledged.
    :ivar forgets_names: a rename is acknowledged and not done.
    """

    def __init__(self) -> None:
        self.servers: dict[str, Server] = {}
        self.keypairs: set[str] = set()
        self.failing: dict[str, collections.deque[Exception | None]] = (
            collections.defaultdict(collections.deque)
        )
        self.always: dict[str, Exception] = {}
        self.boots = 'ACTIVE'
        self.progress = Progress.DONE
        self.undeletable = False
        self.forgets_names = False
        self.calls: list[tuple[str, ...]] = []
        self._made = 0

    def _call(self, method: str, *args: str) -> None:
        self.calls.append((method, *args))
        if method in self.always:
            raise self.always[method]
        if self.failing[method]:
            error = self.failing[method].popleft()
            if error is not None:
                raise error

    def _change(self, server: str, **what: str) -> None:
        known = self._get(server)
        fields = {
            'id': known.id,
            'name': known.name,
            'status': known.status,
            'task_state': known.task_state,
        }
        self.servers[server] = Server(**{**fields, **what})

    def _get(self, server: str) -> Server:
        if server not in self.servers:
            raise refusal(404)
        return self.servers[server]

    def put(self, id_: str, name: str, status: str = 'ACTIVE') -> None:
        self.servers[id_] = Server(id=id_, name=name, status=status)

    def set(self, server: str, **what: str) -> None:
        self._change(server, **what)

    def create_server(self, name: str) -> ports.Answer:
        self._call('create_server', name)
        self._made += 1
        id_ = f'id-{self._made}'
        self.put(id_, name, self.boots)
        return ports.Answer(status=202, request_id='req-1', made=id_)

    def delete_server(self, server: str) -> ports.Answer:
        self._call('delete_server', server)
        self._get(server)
        if not self.undeletable:
            del self.servers[server]
        return ports.Answer(status=204, request_id='req-2')

    def reboot_server(self, server: str, hard: bool) -> ports.Answer:
        self._call('reboot_server', server, 'HARD' if hard else 'SOFT')
        self._get(server)
        return ports.Answer(status=202, request_id='req-3')

    def rename_server(self, server: str, name: str) -> ports.Answer:
        self._call('rename_server', server, name)
        self._get(server)
        if not self.forgets_names:
            self._change(server, name=name)
        return ports.Answer(status=200, request_id='req-4')

    def show_server(self, server: str) -> Server:
        self._call('show_server', server)
        return self._get(server)

    def show_progress(self, server: str, request_id: str) -> Progress:
        self._call('show_progress', server, request_id)
        return self.progress

    def list_servers(self) -> tuple[Server, ...]:
        self._call('list_servers')
        return tuple(self.servers.values())

    def create_keypair(self, name: str) -> ports.Answer:
        self._call('create_keypair', name)
        self.keypairs.add(name)
        return ports.Answer(status=200, request_id='req-5', made=name)

    def delete_keypair(self, name: str) -> ports.Answer:
        self._call('delete_keypair', name)
        if name not in self.keypairs:
            raise refusal(404)
        self.keypairs.discard(name)
        return ports.Answer(status=202, request_id='req-6')

    def show_keypair(self, name: str) -> None:
        self._call('show_keypair', name)
        if name not in self.keypairs:
            raise refusal(404)

    def list_keypairs(self) -> tuple[str, ...]:
        self._call('list_keypairs')
        return tuple(sorted(self.keypairs))


class Nova(ports.Service):
    """The compute API over servers and keypairs in memory."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: object = None,
    ) -> ports.Answer:
        path, _, query = path.partition('?')
        parts = [urllib.parse.unquote(part) for part in path.split('/')]
        given = typing.cast(dict[str, typing.Any], body)
        match method, parts:
            case 'POST', ['servers']:
                answer = self._compute.create_server(given['server']['name'])
                return _with(answer, {'server': {'id': answer.made}})
            case 'GET', ['servers', 'detail']:
                every = self._compute.list_servers()
                rows = [] if 'marker' in query else every
                return _body({'servers': [one.shown() for one in rows]})
            case 'GET', ['servers', id_]:
                return _body(
                    {'server': self._compute.show_server(id_).shown()}
                )
            case 'PUT', ['servers', id_]:
                return self._compute.rename_server(
                    id_, given['server']['name']
                )
            case 'DELETE', ['servers', id_]:
                return self._compute.delete_server(id_)
            case 'POST', ['servers', id_, 'action']:
                hard = given['reboot']['type'] == 'HARD'
                return self._compute.reboot_server(id_, hard)
            case 'GET', ['servers', id_, 'os-instance-actions', request]:
                return self._progress(id_, request)
            case _, ['os-keypairs', *names]:
                return self._keypairs(method, names, given)
        raise AssertionError(f'no such call: {method} {path}')

    def _keypairs(
        self, method: str, names: list[str], given: dict[str, typing.Any]
    ) -> ports.Answer:
        match method, names:
            case 'POST', []:
                return self._compute.create_keypair(given['keypair']['name'])
            case 'GET', []:
                every = self._compute.list_keypairs()
                rows = [{'keypair': {'name': name}} for name in every]
                return _body({'keypairs': rows})
            case 'GET', [name]:
                self._compute.show_keypair(name)
                return _body({})
            case 'DELETE', [name]:
                return self._compute.delete_keypair(name)
        raise AssertionError(f'no such call: {method} os-keypairs {names}')

    def _progress(self, server: str, request: str) -> ports.Answer:
        progress = self._compute.show_progress(server, request)
        if progress is Progress.ABSENT:
            raise refusal(404)
        if progress is Progress.HIDDEN:
            return _body({'instanceAction': {}})
        events = [
            {'event': 'compute_reboot_instance', 'result': result}
            for result in progress.value
        ]
        return _body({'instanceAction': {'events': events}})


def _body(content: object) -> ports.Answer:
    return _with(ports.Answer(status=200, request_id='req-7'), content)


def _with(answer: ports.Answer, content: object) -> ports.Answer:
    return msgspec.structs.replace(answer, body=msgspec.json.encode(content))


class Cloud:
    project = 'project-1'
    user = 'user-1'
    boot = ports.Boot(image='image-1', flavor='flavor-1')

    def __init__(self) -> None:
        self.compute = Compute()

    def service(self, name: str) -> Nova:
        assert name == 'nova', name
        return Nova(self.compute)

    def attempt(self, address: str) -> None:
        return None


class Ledger:
    """What was written down, in order."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def owe(self, kind: str, name: str) -> None:
        self.lines.append(('owed', kind, name))

    def made(self, kind: str, name: str, id_: str) -> None:
        self.lines.append(('made', kind, name, id_))

    def gone(self, kind: str, name: str) -> None:
        self.lines.append(('gone', kind, name))
