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
"""A connection of ``cloud.fast``: one request, one answer.

The parser is that of geventhttpclient, in C. Sockets are those of the
standard library: in the load process, which gevent has patched, they let other
users run while one waits; elsewhere they block.
"""

import dataclasses
import http.client
import time
import typing

import gevent.monkey
from geventhttpclient import response as parsing

from extreme_tempest_plugin.cloud import transport

#: The one that asks the kernel and returns at once, patched or not.
_poll = gevent.monkey.get_original('select', 'poll')

#: select.POLLIN; gevent takes the constant away with the function.
_READABLE = 1

#: Bytes that are read at once.
_BLOCK = 65536


@dataclasses.dataclass(slots=True)
class Answer:
    """What was read of an answer."""

    status: int = 0
    reason: str = ''
    version: int = 11
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b''


class Connection(parsing.HTTPResponseParser):
    """A connection and the answer that is read from it.

    :param kept: urllib3's connection, which is connected.
    """

    def __init__(self, kept: typing.Any) -> None:
        super().__init__()
        self._kept = kept
        self._sock = kept.sock
        self._timeout: float | None = None
        self._reading = _poll()
        self._reading.register(self._sock.fileno(), _READABLE)
        #: Names and values in turn, of which the last may be a part.
        self._headers: list[str] = []
        self._in_field = False
        self._answer = Answer()
        self.idle_since = 0.0

    def exchange(
        self, request: bytes, timeout: float, bodiless: bool
    ) -> Answer:
        """Send one request and read the whole answer.

        :param bodiless: the answer has no body whatever its headers say.
        :raises OSError: if the connection breaks.
        :raises HTTPException: if the answer is none.
        """
        self._bodiless = bodiless
        self._done: Answer | None = None
        self._spoilt = False
        if timeout != self._timeout:
            self._sock.settimeout(timeout)
            self._timeout = timeout
        # A server may answer and close before it has read all.
        try:
            # All of it, nearly always; sendall costs more.
            sent = self._sock.send(request)
            if sent < len(request):
                self._sock.sendall(request[sent:])
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self._read()

    def _read(self) -> Answer:
        began = False
        while True:
            try:
                data = self._sock.recv(_BLOCK)
            except TimeoutError as error:
                raise ReadTimeout from error
            if not data and not began:
                raise http.client.RemoteDisconnected(
                    'Remote end closed connection without response'
                )
            began = True
            try:
                # No data is the end, which is the length of some answers.
                self.feed(data)
            except parsing.HTTPParseError:
                if self._done is None:
                    raise
                self._spoilt = True
            if self._done is not None:
                return self._done
            if not data:
                raise http.client.IncompleteRead(b'')

    @property
    def usable(self) -> bool:
        """Whether another request may be sent over it."""
        return not self._spoilt and self.should_keep_alive()

    @property
    def fresh(self) -> bool:
        """Whether it was used lately and the server has not closed it."""
        return (
            time.monotonic() - self.idle_since <= transport.IDLE
            and not self._reading.poll(0)
        )

    def close(self) -> None:
        """Close it; a second time does nothing."""
        self._kept.close()

    # What the parser calls.

    def _on_message_begin(self) -> None:
        # One that comes after the answer is nobody's.
        self._spoilt = self._done is not None
        self._headers = []
        self._in_field = False
        self._answer = Answer()
        self._parts: list[bytes] = []

    def _on_status(self, part: str) -> None:
        self._answer.reason += part

    def _on_header_field(self, part: str) -> None:
        if self._in_field:
            self._headers[-1] += part
        else:
            self._headers.append(part)
            self._in_field = True

    def _on_header_value(self, part: str) -> None:
        if self._in_field:
            # There is always one, which may be empty.
            self._headers.append(part)
            self._in_field = False
        else:
            self._headers[-1] += part

    def _on_headers_complete(self) -> bool:
        names, values = self._headers[::2], self._headers[1::2]
        self._answer.headers = {
            name.lower(): value.strip()
            for name, value in zip(names, values, strict=True)
        }
        return self._bodiless

    def _on_body(self, part: bytes) -> None:
        self._parts.append(bytes(part))

    def _on_message_complete(self) -> None:
        answer = self._answer
        answer.status = self.get_code()
        # 100 Continue and its like come before the answer.
        if answer.status >= 200 and not self._spoilt:
            if self.get_http_version() != 'HTTP/1.1':
                answer.version = 10
            answer.body = b''.join(self._parts)
            self._done = answer


class ReadTimeout(Exception):
    """No answer in time; what urllib3 makes of it depends on the pool."""
