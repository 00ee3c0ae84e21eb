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
"""Our transports and Tempest's against servers that send any bytes."""

import collections.abc
import contextlib
import functools
import gzip
import socket
import struct
import threading
import time

import testtools
import urllib3
from tempest.lib.common import http as tempest_http

from extreme_tempest_plugin.cloud import fast
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import transport

#: Seconds; nobody waits for so long but on a busy machine.
TIMEOUT = 5.0

#: Where the answer never comes.
SHORT_TIMEOUT = 0.3

#: Instead of an answer.
RESET = 'reset'
#: Nothing more until the client hangs up.
HANG = 'hang'

BIG = b'0123456789abcdef' * 65536


def _answer(*headers: str, body: bytes = b'', status: str = '200 OK') -> bytes:
    lines = '\r\n'.join((f'HTTP/1.1 {status}', *headers))
    return f'{lines}\r\n\r\n'.encode() + body


def _sized(body: bytes, *headers: str, status: str = '200 OK') -> bytes:
    length = f'Content-Length: {len(body)}'
    return _answer(length, *headers, body=body, status=status)


#: What a server sends, in pieces, and then closes the connection.
WHOLE: dict[str, tuple[bytes | str, ...]] = {
    'sized': (_sized(b'abc'),),
    'in pieces': (
        b'HTT',
        b'P/1.1 200 O',
        b'K\r\nX-Fi',
        b'eld: a ',
        b'value\r\nContent-Length: 6\r\n',
        b'\r\nab',
        b'cdef',
    ),
    'empty header': (_sized(b'a', 'X-Empty:', 'X-After: 1'),),
    'header twice': (_sized(b'a', 'X-A: 1', 'X-A: 2'),),
    'chunked': (
        _answer(
            'Transfer-Encoding: chunked',
            body=b'3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\n\r\n',
        ),
    ),
    'chunked, with trailer': (
        _answer(
            'Transfer-Encoding: chunked',
            body=b'3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n',
        ),
    ),
    'until the end': (_answer('Content-Type: text/plain', body=b'abc'),),
    'nothing': (_answer(status='204 No Content'),),
    'not modified': (_answer('Content-Length: 5', status='304 Not Modified'),),
    'after 100': (
        b'HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n',
        _sized(b'abc'),
    ),
    'big': (_sized(BIG),),
    'compressed': (_sized(gzip.compress(b'abc'), 'Content-Encoding: gzip'),),
    'http 1.0': (b'HTTP/1.0 200 OK\r\n\r\nabc',),
    'no reason': (b'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',),
    'redirect': (_sized(b'', 'Location: /b', status='302 Found'),),
}

BROKEN: dict[str, tuple[bytes | str, ...]] = {
    'closed': (),
    'reset': (RESET,),
    'hang': (HANG,),
    'garbage': (b'\x00\x01\x02 this is no HTTP\r\n\r\n',),
    'part of a status line': (b'HTTP/1.',),
    'body too short': (_answer('Content-Length: 10', body=b'abc'),),
    'body that hangs': (
        _answer('Content-Length: 10', body=b'abc'),
        HANG,
    ),
    'body that is reset': (
        _answer('Content-Length: 10', body=b'abc'),
        RESET,
    ),
    'chunk too short': (
        _answer('Transfer-Encoding: chunked', body=b'9\r\nabc'),
    ),
    'no chunk': (_answer('Transfer-Encoding: chunked', body=b'nonsense\r\n'),),
    'not compressed': (_sized(b'abc', 'Content-Encoding: gzip'),),
}


class _Server:
    """Sends what it is told, whatever it is asked; then closes."""

    def __init__(self, pieces: tuple[bytes | str, ...]) -> None:
        self._pieces = pieces
        self.requests: list[bytes] = []
        self.listening = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self.listening.getsockname()[1]}/a'
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> '_Server':
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self.listening.close()

    def await_request(self) -> None:
        """A client that gave up may be faster than this thread."""
        end = time.monotonic() + 30
        while not self.requests and time.monotonic() < end:
            time.sleep(0.01)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            with client:
                client.settimeout(30)
                self.requests.append(_read(client))
                self._send(client)

    def _send(self, client: socket.socket) -> None:
        for piece in self._pieces:
            if piece == HANG:
                with contextlib.suppress(OSError):
                    client.recv(1)
            elif piece == RESET:
                linger = struct.pack('ii', 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            else:
                try:
                    client.sendall(piece)
                except OSError:
                    return
                # Each piece is a segment of its own.
                time.sleep(0.01)


def _read(client: socket.socket) -> bytes:
    """A whole request."""
    text = b''
    while b'\r\n\r\n' not in text:
        data = client.recv(65536)
        if not data:
            return text
        text += data
    head, _, body = text.partition(b'\r\n\r\n')
    lines = head.lower().split(b'\r\n')
    for line in lines:
        if line.startswith(b'content-length:'):
            while len(body) < int(line.split(b':')[1]):
                body += client.recv(65536)
        if line == b'transfer-encoding: chunked':
            while not body.endswith(b'0\r\n\r\n'):
                body += client.recv(65536)
    return head + b'\r\n\r\n' + body


def _all(timeout: float = TIMEOUT) -> dict[str, object]:
    """Transports by their names; Tempest's own comes first."""
    return {
        'tempest': tempest_http.ClosingHttp(
            timeout=timeout, follow_redirects=False
        ),
        'urllib3': transport.connect()(timeout),
        'fast': fast.connect()(timeout),
    }


def _seen(call: collections.abc.Callable[[], tuple]) -> tuple:
    """What one request comes to: the answer, or the classes of the error."""
    try:
        response, body = call()
    except Exception as error:
        reason = getattr(error, 'reason', None)
        if not isinstance(reason, Exception):
            reason = None
        return type(error), type(reason), outcomes.classify(error).kind
    # Tempest's own says more than once who wants the connection closed.
    headers = {
        name: value
        for name, value in response.items()
        if name not in ('connection', 'content-location')
    }
    return response.status, response.reason or '', headers, body


class WireTest(testtools.TestCase):
    def _compare(self, name, pieces, method, **more):
        seen = {}
        timeout = SHORT_TIMEOUT if HANG in pieces else TIMEOUT
        for who, over in _all(timeout).items():
            with _Server(pieces) as server:
                seen[who] = _seen(
                    functools.partial(over.request, server.url, method, **more)
                )
                if who != 'tempest':
                    server.await_request()
                    self.assertEqual(1, len(server.requests), (name, who))
        self.assertEqual(seen['tempest'], seen['urllib3'], (name, method))
        self.assertEqual(seen['tempest'], seen['fast'], (name, method))
        return seen['fast']

    def test_whole_answers(self):
        for name, pieces in WHOLE.items():
            for method in ('GET', 'POST'):
                status, *_ = self._compare(name, pieces, method)
                self.assertIsInstance(status, int, name)

    def test_head(self):
        for body in (b'', b'abc'):
            pieces = (_answer('Content-Length: 3', body=body),)
            *_, content = self._compare('head', pieces, 'HEAD')
            self.assertEqual(b'', content)

    def test_broken_answers(self):
        for name, pieces in BROKEN.items():
            for method in ('GET', 'POST'):
                kind, *_ = self._compare(name, pieces, method)
                self.assertTrue(issubclass(kind, Exception), name)

    def test_headers_that_do_not_end(self):
        """Stricter than urllib3, which takes them for a whole answer."""
        with _Server((b'HTTP/1.1 200 OK\r\nX-A: b',)) as server:
            error = self.assertRaises(
                urllib3.exceptions.ProtocolError,
                fast.connect()(TIMEOUT).request,
                server.url,
                'POST',
            )
        self.assertEqual(ports.Kind.INFO, outcomes.classify(error).kind)

    def test_what_is_sent(self):
        """The same request line, headers and body."""
        cases = (
            ('GET', {}),
            ('DELETE', {}),
            ('POST', {}),
            ('POST', {'body': b'{"a": 1}'}),
            ('PUT', {'body': 'text: \u00e4'}),
            ('PUT', {'body': BIG}),
            ('PUT', {'body': iter((b'ab', b'cd')), 'chunked': True}),
            ('PUT', {'body': b'abcd', 'chunked': True}),
        )
        for method, more in cases:
            seen = []
            for over in (transport.connect()(5), fast.connect()(5)):
                if 'chunked' in more and not isinstance(more['body'], bytes):
                    more = {**more, 'body': iter((b'ab', b'cd'))}
                with _Server((_sized(b''),)) as server:
                    over.request(
                        server.url + '/x y?q=\u00e4&z=%2f',
                        method,
                        headers={'X-Auth-Token': 't'},
                        **more,
                    )
                    seen.append(_normal(server))
            self.assertEqual(seen[0], seen[1], (method, list(more)))

    def test_a_header_is_one_header(self):
        for over in (transport.connect()(1), fast.connect()(1)):
            with _Server((_sized(b''),)) as server:
                self.assertRaises(
                    ValueError,
                    over.request,
                    server.url,
                    'GET',
                    headers={'X-A': 'b\r\nX-C: d'},
                )
                self.assertEqual([], server.requests)

    def test_no_connection(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            refused = f'http://127.0.0.1:{taken.getsockname()[1]}/'
        for url in (refused, 'http://no-such-host.invalid/'):
            for method in ('GET', 'POST'):
                seen = [
                    _seen(functools.partial(over.request, url, method))
                    for over in _all().values()
                ]
                self.assertEqual(ports.Kind.FAIL, seen[0][2])
                self.assertEqual(seen[0], seen[1])
                self.assertEqual(seen[0], seen[2])

    def test_nobody_accepts(self):
        """A connection that is not answered in time was never there."""
        with contextlib.ExitStack() as stack:
            full = stack.enter_context(socket.socket())
            full.bind(('127.0.0.1', 0))
            full.listen(0)
            address = full.getsockname()
            for _ in range(4):
                filler = stack.enter_context(socket.socket())
                filler.setblocking(False)
                filler.connect_ex(address)
            url = f'http://127.0.0.1:{address[1]}/'
            seen = [
                _seen(functools.partial(over.request, url, 'POST'))
                for over in list(_all(SHORT_TIMEOUT).values())[1:]
            ]
        self.assertEqual(ports.Kind.FAIL, seen[0][2])
        self.assertEqual(seen[0], seen[1])

    def test_what_comes_after_an_answer_is_not_the_next_one(self):
        over = fast.connect()(TIMEOUT)
        with _Server((_sized(b'a') + _sized(b'b'),)) as server:
            self.assertEqual(b'a', over.request(server.url, 'GET')[1])
            self.assertEqual(b'a', over.request(server.url, 'GET')[1])
            self.assertEqual(2, len(server.requests))


def _normal(server: _Server) -> tuple:
    """A request without its port, agent and the order of its headers."""
    (request,) = server.requests
    head, _, body = request.partition(b'\r\n\r\n')
    line, *headers = head.split(b'\r\n')
    if b'transfer-encoding: chunked' in head.lower():
        # Where it is cut does not matter.
        body = b''.join(body.split(b'\r\n')[1::2])
    return (
        line,
        sorted(
            header.lower()
            for header in headers
            if not header.lower().startswith((b'host', b'user-agent'))
        ),
        body,
    )
