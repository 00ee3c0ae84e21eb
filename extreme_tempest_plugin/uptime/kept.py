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
"""Requests over connections that are kept, as a client's session has them.

A connection serves one request at a time. One that the other side has closed
while it was idle is not used, as no client would; one that breaks while it is
used is a failed sample, and nothing is sent a second time.
"""

import collections
import contextlib
import select
import socket

from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import transport


class Connections:
    """Connections to one endpoint; safe between threads."""

    def __init__(self) -> None:
        self._idle: collections.deque[socket.socket] = collections.deque()

    def request(
        self,
        target: endpoints.Endpoint,
        method: str,
        path: str,
        headers: dict[str, str],
        deadline_ns: int,
        body: bytes | None = None,
    ) -> transport.Answer:
        """See ``transport.request``."""
        with transport.explained():
            sock = self._take() or transport.connect(target, deadline_ns)
            again = False
            try:
                answer, again = transport.exchange(
                    target, sock, deadline_ns, method, path, headers, body
                )
                return answer
            finally:
                if again:
                    self._idle.append(sock)
                else:
                    sock.close()

    def _take(self) -> socket.socket | None:
        """The connection that was used last, if it is still there."""
        with contextlib.suppress(IndexError):
            while True:
                sock = self._idle.pop()
                if not select.select([sock], [], [], 0)[0]:
                    return sock
                # Something came that nobody asked for: mostly its end.
                sock.close()
        return None
