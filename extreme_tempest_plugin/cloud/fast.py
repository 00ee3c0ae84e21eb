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
"""The transport of the load process: a request costs little CPU.

The same interface and the same errors as ``cloud.transport``. Connections,
TLS and its verification are urllib3's; what is done for every request (write,
read, parse) is done here and in ``fast_connection``.
"""

import collections.abc
import http.client
import io
import re
import ssl
import time
import typing

import urllib3

from extreme_tempest_plugin.cloud import fast_connection
from extreme_tempest_plugin.cloud import transport

#: What needs no encoding; anything else is left to urllib3.
_PLAIN = re.compile(r'/[A-Za-z0-9_~!$&\'()*+,;=:@/?.-]*')

#: Methods whose requests say nothing about a body that they do not have.
_BODILESS = frozenset({'GET', 'HEAD', 'DELETE', 'TRACE', 'OPTIONS'})

_COMMON = 'Accept-Encoding: identity\r\nUser-Agent: extreme-tempest-plugin\r\n'

Body = str | bytes | collections.abc.Iterable[bytes] | None


class _Host:
    """Connections to one host.

    :param pool: makes new ones; knows of TLS.
    :param size: idle ones that are kept.
    """

    def __init__(self, pool: typing.Any, size: int) -> None:
        self.pool = pool
        self._size = size
        self._idle: list[fast_connection.Connection] = []
        default = {'http': 80, 'https': 443}[pool.scheme]
        name = f'[{pool.host}]' if ':' in pool.host else pool.host
        port = '' if pool.port == default else f':{pool.port}'
        #: Of each request.
        self.common = f'Host: {name}{port}\r\n{_COMMON}'

    def take(self, timeout: float) -> fast_connection.Connection:
        """A connection, the one that was used last.

        :raises HTTPError, OSError: if there is none to be had.
        """
        while self._idle:
            connection = self._idle.pop()
            if connection.fresh:
                return connection
            connection.close()
        kept = self.pool._new_conn()
        kept.timeout = timeout
        try:
            kept.connect()
        except TimeoutError as error:
            # In the handshake; a connection in vain has an error of its own.
            raise fast_connection.ReadTimeout from error
        return fast_connection.Connection(kept)

    def give_back(self, connection: fast_connection.Connection) -> None:
        """Keep a connection if it can be used again."""
        if connection.usable and len(self._idle) < self._size:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()


class Connections:
    """Connections that several transports share.

    :param pools: urllib3's, which makes them.
    :param size: idle ones that are kept for each host.
    """

    def __init__(self, pools: urllib3.PoolManager, size: int) -> None:
        self._pools = pools
        self._size = size
        self._hosts: dict[str, _Host] = {}

    def host(self, url: str) -> tuple[_Host, str]:
        """The host of a URL, and what is asked of it.

        :raises HTTPError: if it is no URL.
        """
        end = url.find('/', 8)
        if end > 0 and (host := self._hosts.get(url[:end])):
            target = url[end:]
            if _PLAIN.fullmatch(target) and '/.' not in target:
                return host, target
        parsed = urllib3.util.parse_url(url)
        key = f'{parsed.scheme}://{parsed.netloc}'
        if key not in self._hosts:
            self._hosts[key] = _Host(
                self._pools.connection_from_url(key), self._size
            )
        return self._hosts[key], parsed.request_uri


class Transport:
    """Takes the place of ``RestClient.http_obj``, as that of ``transport``.

    :param connections: shared or not.
    :param timeout: seconds for the connection and for each read.
    """

    def __init__(self, connections: Connections, timeout: float) -> None:
        self._connections = connections
        self._timeout = timeout
        self._once = urllib3.Retry(total=0, redirect=False)

    def request(
        self,
        url: str,
        method: str,
        headers: collections.abc.Mapping[str, str] | None = None,
        body: Body = None,
        chunked: bool = False,
        preload_content: bool = True,
    ) -> tuple[typing.Any, bytes]:
        """Send one request, once.

        :param preload_content: otherwise the response can be read as a file;
            it is in memory all the same.
        :raises urllib3.exceptions.HTTPError: if there is no whole answer.
        """
        host, target = self._connections.host(url)
        request = _request(host, target, method, headers or {}, body, chunked)
        connection: fast_connection.Connection | None = None
        try:
            connection = host.take(self._timeout)
            answer = connection.exchange(
                request, self._timeout, method == 'HEAD'
            )
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, _EXPECTED):
                self._fail(host.pool, method, target, error)
            raise
        host.give_back(connection)
        content = answer.body
        if 'content-encoding' in answer.headers:
            content = _decoded(answer)
        response = transport.Response(
            answer.headers,
            status=answer.status,
            reason=answer.reason,
            version=answer.version,
            url=url,
        )
        if not preload_content:
            return _file(answer), b''
        return response, content

    def _fail(
        self, pool: typing.Any, method: str, target: str, error: Exception
    ) -> typing.NoReturn:
        """Raise what urllib3 would, see ``HTTPConnectionPool.urlopen``."""
        new: Exception = error
        if isinstance(error, fast_connection.ReadTimeout):
            new = urllib3.exceptions.ReadTimeoutError(
                pool,
                target,
                f'Read timed out. (read timeout={self._timeout})',
            )
        elif isinstance(error, ssl.SSLError | ssl.CertificateError):
            new = urllib3.exceptions.SSLError(error)
        elif isinstance(error, OSError | http.client.HTTPException):
            new = urllib3.exceptions.ProtocolError(
                'Connection aborted.', error
            )
        # Says that there is nothing left to try, or raises `new` itself.
        self._once.increment(
            method,
            target,
            error=new,
            _pool=pool,
            _stacktrace=error.__traceback__,
        )
        raise new


_EXPECTED = (
    fast_connection.ReadTimeout,
    OSError,
    http.client.HTTPException,
    urllib3.exceptions.HTTPError,
)


def connect(
    ca_file: str = '', insecure: bool = False, size: int = 10
) -> collections.abc.Callable[[float], Transport]:
    """Transports that share connections, by their time-out.

    :param ca_file: certificates to trust; empty for the system's.
    :param insecure: certificates are not verified.
    :param size: connections that are kept for each host.
    """
    shared = Connections(transport.connections(ca_file, insecure, size), size)
    return lambda timeout: Transport(shared, timeout)


def _request(
    host: _Host,
    target: str,
    method: str,
    headers: collections.abc.Mapping[str, str],
    body: Body,
    chunked: bool,
) -> bytes:
    """What is sent.

    :raises ValueError: for a header that would be several ones.
    """
    own = ''.join([f'{name}: {value}\r\n' for name, value in headers.items()])
    if own.count('\n') != len(headers) or own.count('\r') != len(headers):
        raise ValueError('a header with an end of line in it')
    content = b''
    length = ''
    if chunked:
        length = 'Transfer-Encoding: chunked\r\n'
        content = _in_chunks(body)
    elif body is not None:
        content = _whole(body)
        length = f'Content-Length: {len(content)}\r\n'
    elif method not in _BODILESS:
        length = 'Content-Length: 0\r\n'
    head = f'{method} {target} HTTP/1.1\r\n{host.common}{length}{own}\r\n'
    return head.encode('latin-1') + content


def _whole(body: str | bytes | collections.abc.Iterable[bytes]) -> bytes:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return b''.join(body)


def _in_chunks(body: Body) -> bytes:
    content = _whole(body or b'')
    if not content:
        return b'0\r\n\r\n'
    return b'%x\r\n%b\r\n0\r\n\r\n' % (len(content), content)


def _decoded(answer: fast_connection.Answer) -> bytes:
    """The content of an answer that is compressed, though nobody asked.

    :raises urllib3.exceptions.DecodeError: if it is not what it says.
    """
    return urllib3.HTTPResponse(io.BytesIO(answer.body), answer.headers).data


def _file(answer: fast_connection.Answer) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(
        io.BytesIO(answer.body),
        answer.headers,
        status=answer.status,
        reason=answer.reason,
        preload_content=False,
    )
