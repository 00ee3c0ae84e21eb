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
"""A keystone and a nova on loopback that can be broken on purpose.

It knows when it was broken: monotonic times just before and just after, so a
test need not believe in the machine's mood.
"""

import contextlib
import dataclasses
import datetime
import json
import select
import socket
import struct
import threading
import time

PASSWORD = 'correct horse'
TOKEN = 'token-that-must-not-be-written'
MODES = ('refuse', 'hang', '503', 'reset', 'late', 'drip', 'page', '401')


@dataclasses.dataclass(frozen=True)
class Planted:
    """Broken between two instants, each known to lie in a window, ns.

    :ivar met: when requests met it, ns; those that are refused do not.
    """

    mode: str
    start: tuple[int, int]
    end: tuple[int, int]
    met: list[int] = dataclasses.field(repr=False)


class Api:
    """Answers HTTP on a port of its own, one thread a connection."""

    def __init__(self, answer):
        self._answer = answer
        #: The mode, and when requests met it.
        self._now = '', []
        self._well = threading.Event()
        self._well.set()
        self._over = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._applied = threading.Event()
        self._counting = threading.Lock()
        self.requests = 0
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def set(self, mode):
        """Break it, or heal it with ''; returns the window of the change."""
        before = time.monotonic_ns()
        self._now = mode, []
        self._applied.clear()
        self._wake.send(b'x')
        self._applied.wait(10)
        if mode:
            self._well.clear()
        else:
            self._well.set()
        return before, time.monotonic_ns()

    def plant(self, mode, seconds):
        start = self.set(mode)
        met = self._now[1]
        time.sleep(seconds)
        return Planted(mode, start, self.set(''), met)

    def await_answers(self, number):
        """Until so many more were asked for; a machine may be slow."""
        wanted, end = self.requests + number, time.monotonic() + 60
        while self.requests < wanted:
            if time.monotonic() > end:
                missing = wanted - self.requests
                raise AssertionError(f'{missing} of {number} did not come')
            time.sleep(0.01)

    def close(self):
        self._over.set()
        self._well.set()
        self._wake.send(b'x')
        self._thread.join(10)
        self._wake.close()
        self._woken.close()

    def _listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', port))
        listener.listen(512)
        return listener

    def _serve(self):
        while not self._over.is_set():
            reading = [self._woken]
            if self._listener is not None:
                reading.append(self._listener)
            readable, _, _ = select.select(reading, [], [])
            if self._listener in readable:
                sock, _ = self._listener.accept()
                # Here, because threads overtake each other.
                threading.Thread(
                    target=self._handle, args=(sock, *self._now), daemon=True
                ).start()
            if self._woken in readable:
                self._woken.recv(64)
                self._apply()
        if self._listener is not None:
            self._listener.close()

    def _apply(self):
        mode, _ = self._now
        if mode == 'refuse' and self._listener is not None:
            self._listener.close()
            self._listener = None
        elif mode != 'refuse' and self._listener is None:
            self._listener = self._listen(self.port)
        self._applied.set()

    def _handle(self, sock, mode, met):
        with sock, contextlib.suppress(OSError):
            head, body = self._read(sock)
            if mode:
                met.append(time.monotonic_ns())
            with self._counting:
                self.requests += 1
            if mode == 'reset':
                linger = struct.pack('ii', 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                return
            if mode == 'hang':
                self._over.wait(60)
                return
            if mode == 'late':
                self._well.wait(60)
            self._reply(sock, mode, *self._answer(head, body))

    def _reply(self, sock, mode, status, headers, content):
        if mode in ('503', '401'):
            status, content = int(mode), b'{}'
        elif mode == 'page':
            content = b'<html>Back soon</html>'
        lines = [f'HTTP/1.1 {status} X', f'Content-Length: {len(content)}']
        lines += [f'{key}: {value}' for key, value in headers.items()]
        data = '\r\n'.join(lines).encode() + b'\r\n\r\n' + content
        if mode != 'drip':
            sock.sendall(data)
            return
        for byte in data:
            sock.sendall(bytes([byte]))
            if self._over.wait(0.02):
                return

    def _read(self, sock):
        data = b''
        while b'\r\n\r\n' not in data:
            more = sock.recv(65536)
            if not more:
                raise OSError('closed')
            data += more
        head, _, body = data.partition(b'\r\n\r\n')
        length = 0
        for line in head.lower().split(b'\r\n'):
            if line.startswith(b'content-length:'):
                length = int(line.partition(b':')[2])
        while len(body) < length:
            body += sock.recv(65536)
        return head, body


class Cloud:
    """Keystone and nova; ``keystone.set`` and ``nova.set`` break them."""

    def __init__(self, life_seconds=3600.0):
        self._life = life_seconds
        self.issued = 0
        self.nova = Api(self._servers)
        self.keystone = Api(self._identity)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.keystone.close()
        self.nova.close()

    def _servers(self, head, body):
        if TOKEN.encode() not in head:
            return 401, {}, b'{}'
        return 200, {}, b'{"servers": []}'

    def _identity(self, head, body):
        if head.startswith(b'GET'):
            known = head.lower().count(TOKEN.encode()) == 2
            return (200, {}, b'{"token": {}}') if known else (401, {}, b'{}')
        asked = json.loads(body)['auth']['identity']['password']['user']
        if asked['password'] != PASSWORD:
            return 401, {}, b'{}'
        self.issued += 1
        return 201, {'X-Subject-Token': TOKEN}, self._token()

    def _token(self):
        now = datetime.datetime.now(datetime.UTC)
        life = datetime.timedelta(seconds=self._life)
        catalog = [
            {
                'type': kind,
                'endpoints': [
                    {'url': url, 'interface': 'public', 'region': 'here'}
                ],
            }
            for kind, url in (
                ('identity', f'{self.keystone.url}/v3'),
                ('compute', f'{self.nova.url}/v2.1'),
            )
        ]
        domain = {'id': 'default', 'name': 'Default'}
        token = {
            'user': {'id': 'u', 'name': 'demo', 'domain': domain},
            'project': {'id': 'p', 'name': 'demo', 'domain': domain},
            'issued_at': now.isoformat().replace('+00:00', 'Z'),
            'expires_at': (now + life).isoformat().replace('+00:00', 'Z'),
            'catalog': catalog,
        }
        return json.dumps({'token': token}).encode()
