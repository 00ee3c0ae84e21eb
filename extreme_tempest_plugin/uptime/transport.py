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
"""One HTTP request, once, within a time that holds for all of it.

The standard library's http.client is used and nothing above it: it has no
retries, follows no redirect and reads no proxy variable, so that a failure
which it meets is a failure which is seen. Each request has a connection of
its own. The time bounds connecting, the TLS handshake, sending, and reading
to the last byte, also if the other side drips; only name resolution is left,
which the sampler bounds.
"""

import collections.abc
import contextlib
import dataclasses
import errno
import http.client
import io
import socket
import ssl
import time
import typing

from extreme_tempest_plugin.uptime import endpoints

#: Not more of an answer is read; none that we ask for comes near.
BODY_LIMIT = 1024 * 1024

_KINDS = {
    errno.ECONNREFUSED: 'refused',
    errno.ECONNRESET: 'reset',
    errno.ECONNABORTED: 'reset',
    errno.EPIPE: 'reset',
    errno.ETIMEDOUT: 'timeout',
    errno.EHOSTUNREACH: 'unreachable',
    errno.EHOSTDOWN: 'unreachable',
    errno.ENETUNREACH: 'unreachable',
    errno.ENETDOWN: 'unreachable',
}


class Failed(Exception):
    """The other side did not answer.

    :ivar kind: ``refused``, ``timeout``, ``reset``, ``unreachable``, ``dns``,
        ``tls`` or ``malformed``.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class NotSent(Exception):
    """This machine could not send it: that says nothing of the service."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """An answer of whatever status; ``body`` is cut at BODY_LIMIT."""

    status: int
    body: bytes
    headers: http.client.HTTPMessage = dataclasses.field(repr=False)


class Send(typing.Protocol):
    """How a request is sent: ``request``, or over a kept connection."""

    def __call__(
        self,
        target: endpoints.Endpoint,
        method: str,
        path: str,
        headers: dict[str, str],
        deadline_ns: int,
        body: bytes | None = None,
    ) -> Answer: ...


def request(
    target: endpoints.Endpoint,
    method: str,
    path: str,
    headers: dict[str, str],
    deadline_ns: int,
    body: bytes | None = None,
) -> Answer:
    """Send one request over a new connection and read its answer.

    :param path: appended to the endpoint's.
    :param deadline_ns: CLOCK_MONOTONIC by which all must be over.
    :raises Failed: if there was no answer of HTTP by then.
    :raises NotSent: if this machine is to blame.
    """
    with explained(), connect(target, deadline_ns) as sock:
        answer, _ = exchange(
            target,
            sock,
            deadline_ns,
            method,
            path,
            {'Connection': 'close'} | headers,
            body,
        )
        return answer


@contextlib.contextmanager
def explained() -> collections.abc.Iterator[None]:
    """Tell the other side's failures from our own.

    :raises Failed: if there was no answer of HTTP.
    :raises NotSent: if this machine is to blame.
    """
    try:
        yield
    except ssl.SSLEOFError:
        raise Failed('reset') from None
    except ssl.SSLError:
        raise Failed('tls') from None
    except http.client.RemoteDisconnected:
        raise Failed('reset') from None
    except http.client.IncompleteRead:
        raise Failed('reset') from None
    except http.client.HTTPException:
        raise Failed('malformed') from None
    except OSError as error:
        raise _explain(error) from None


def _explain(error: OSError) -> Exception:
    if isinstance(error, TimeoutError):
        return Failed('timeout')
    if isinstance(error, socket.gaierror):
        return Failed('dns')
    kind = _KINDS.get(error.errno or 0)
    # What is left is of this machine: no file descriptor, no local port, no
    # memory, a filter that does not let us out.
    return Failed(kind) if kind else NotSent(error.strerror or str(error))


def left(deadline_ns: int) -> float:
    """Seconds up to a deadline.

    :raises TimeoutError: if it has passed.
    """
    seconds = (deadline_ns - time.monotonic_ns()) / 1e9
    if seconds <= 0:
        raise TimeoutError
    return seconds


def connect(target: endpoints.Endpoint, deadline_ns: int) -> socket.socket:
    """Connect to the first address of the name that answers.

    :raises OSError: if none does; see ``explained``.
    """
    found = socket.getaddrinfo(
        target.host, target.port, type=socket.SOCK_STREAM
    )
    trouble: OSError = socket.gaierror()
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left(deadline_ns))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.tls is None:
                return sock
            sock.settimeout(left(deadline_ns))
            return target.tls.wrap_socket(sock, server_hostname=target.host)
        except ssl.SSLError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            trouble = error
    raise trouble


def exchange(
    target: endpoints.Endpoint,
    sock: socket.socket,
    deadline_ns: int,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes | None,
) -> tuple[Answer, bool]:
    """Send a request over a connection and read the answer.

    :returns: the answer, and whether the connection may be used again.
    """
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = typing.cast(socket.socket, _Wire(sock, deadline_ns))
    connection.request(
        method,
        target.path + path,
        body,
        {'Accept': 'application/json'} | headers,
    )
    response = connection.getresponse()
    try:
        content = response.read(BODY_LIMIT)
        # read(n) says nothing when the connection ends before the body does.
        if response.length and len(content) < BODY_LIMIT:
            raise Failed('reset')
        # What is left unread would be taken for the next answer.
        again = not response.will_close and response.isclosed()
        return Answer(response.status, content, response.headers), again
    finally:
        response.close()


class _Wire:
    """What http.client uses of a socket, with one deadline for all of it."""

    def __init__(self, sock: socket.socket, deadline_ns: int) -> None:
        self._sock = sock
        self._deadline_ns = deadline_ns

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(left(self._deadline_ns))
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline_ns))

    def close(self) -> None:
        """The socket's owner closes it."""


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline_ns: int) -> None:
        self._sock = sock
        self._deadline_ns = deadline_ns

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: typing.Any) -> int:
        self._sock.settimeout(left(self._deadline_ns))
        return self._sock.recv_into(buffer)
