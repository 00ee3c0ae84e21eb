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

from extreme_tempest_plugin.cloud import ports

SECOND = 1_000_000_000


def refusal(status: int = 0, error: str = 'told to') -> ports.CallError:
    """What a call raises that ends with ``status``; 0 is no answer."""
    certain = 400 <= status < 500
    return ports.CallError(
        ports.Refusal(
            kind=ports.Kind.FAIL if certain else ports.Kind.INFO,
            status=status,
            request_id='req-refused',
            error=error,
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
        self.servers: dict[str, ports.Server] = {}
        self.keypairs: set[str] = set()
        self.failing: dict[str, collections.deque[Exception | None]] = (
            collections.defaultdict(collections.deque)
        )
        self.always: dict[str, Exception] = {}
        self.boots = 'ACTIVE'
        self.progress = ports.Progress.DONE
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
        self.servers[server] = ports.Server(**{**fields, **what})

    def _get(self, server: str) -> ports.Server:
        if server not in self.servers:
            raise refusal(404)
        return self.servers[server]

    def put(self, id_: str, name: str, status: str = 'ACTIVE') -> None:
        self.servers[id_] = ports.Server(id=id_, name=name, status=status)

    def set(self, server: str, **what: str) -> None:
        self._change(server, **what)

    def create_server(self, name: str) -> ports.Answer:
        self._call('create_server', name)
        self._made += 1
        id_ = f'id-{self._made}'
        self.put(id_, name, self.boots)
        return ports.Answer(status=202, request_id='req-1', value=id_)

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

    def show_server(self, server: str) -> ports.Server:
        self._call('show_server', server)
        return self._get(server)

    def show_progress(self, server: str, request_id: str) -> ports.Progress:
        self._call('show_progress', server, request_id)
        return self.progress

    def list_servers(self) -> tuple[ports.Server, ...]:
        self._call('list_servers')
        return tuple(self.servers.values())

    def create_keypair(self, name: str) -> ports.Answer:
        self._call('create_keypair', name)
        self.keypairs.add(name)
        return ports.Answer(status=200, request_id='req-5', value=name)

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


class Cloud:
    project = 'project-1'

    def __init__(self) -> None:
        self.compute = Compute()


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
