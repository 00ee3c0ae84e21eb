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
"""HTTP under Tempest's service clients.

Tempest's own object retries connection errors and reads up to ten times
(``urllib3.Retry`` leaves ``total`` at 10), follows redirects and opens a
connection for each request. That hides outages and costs CPU. This one sends
each request once, over connections that are kept.
"""

import collections.abc
import time
import typing

import urllib3

#: Seconds after which an idle connection is not used again. Servers close
#: theirs after 5 s (Apache) or later; a request sent into a connection that
#: is being closed would be one whose outcome nobody knows.
IDLE = 3.0


class Over(typing.Protocol):
    """What takes the place of ``RestClient.http_obj``."""

    def request(
        self,
        url: str,
        method: str,
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
        chunked: bool = False,
        preload_content: bool = True,
    ) -> tuple[typing.Any, bytes]: ...


#: Makes transports that share connections, by their time-out.
Connect = collections.abc.Callable[
    [str, bool, int], collections.abc.Callable[[float], Over]
]


class Response(dict[str, str]):
    """Headers in lower case, and the status: what RestClient expects.

    :param headers: names in lower case.
    :param version: of HTTP, 11 for 1.1.
    """

    def __init__(
        self,
        headers: collections.abc.Iterable[tuple[str, str]] | dict[str, str],
        *,
        status: int,
        reason: str | None,
        version: int,
        url: str,
    ) -> None:
        super().__init__(headers)
        self.status = status
        self['status'] = str(status)
        self.reason = reason
        self.version = version
        self['content-location'] = url


class _Fresh:
    """A pool that drops connections which were idle for too long."""

    def _put_conn(self, conn: typing.Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)  # type: ignore[misc]

    def _get_conn(self, timeout: float | None = None) -> typing.Any:
        conn = super()._get_conn(timeout)  # type: ignore[misc]
        since = getattr(conn, 'idle_since', None)
        if since is not None and time.monotonic() - since > IDLE:
            conn.close()
        return conn


class _HTTP(_Fresh, urllib3.HTTPConnectionPool):
    pass


class _HTTPS(_Fresh, urllib3.HTTPSConnectionPool):
    pass


def connections(
    ca_file: str = '', insecure: bool = False, size: int = 10
) -> urllib3.PoolManager:
    """Connections that several transports may share.

    :param ca_file: certificates to trust; empty for the system's.
    :param insecure: certificates are not verified.
    :param size: connections that are kept for each host.
    """
    if insecure:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        pool = urllib3.PoolManager(maxsize=size, cert_reqs='CERT_NONE')
    elif ca_file:
        pool = urllib3.PoolManager(
            maxsize=size, cert_reqs='CERT_REQUIRED', ca_certs=ca_file
        )
    else:
        pool = urllib3.PoolManager(maxsize=size)
    pool.pool_classes_by_scheme = {'http': _HTTP, 'https': _HTTPS}
    return pool


class Transport:
    """Takes the place of ``RestClient.http_obj``.

    :param pool: connections, shared or not.
    :param timeout: seconds for the connection and for each read.
    """

    def __init__(self, pool: urllib3.PoolManager, timeout: float) -> None:
        self._pool = pool
        self._timeout = urllib3.Timeout(connect=timeout, read=timeout)
        # total=0, not retries=False: the errors are then wrapped as those of
        # the stock transport are, and Retry-After is not obeyed in secret.
        self._once = urllib3.Retry(total=0, redirect=False)

    def request(
        self,
        url: str,
        method: str,
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
        chunked: bool = False,
        preload_content: bool = True,
    ) -> tuple[typing.Any, bytes]:
        """Send one request, once.

        :raises urllib3.exceptions.HTTPError: if there is no whole answer.
        """
        raw = self._pool.urlopen(
            method,
            url,
            redirect=False,
            body=body,
            headers=headers or {},
            retries=self._once,
            timeout=self._timeout,
            chunked=chunked,
            preload_content=preload_content,
        )
        if not preload_content:
            return raw, b''
        response = Response(
            ((str(key).lower(), value) for key, value in raw.headers.items()),
            status=raw.status,
            reason=raw.reason,
            version=raw.version,
            url=url,
        )
        return response, raw.data


def connect(
    ca_file: str = '', insecure: bool = False, size: int = 10
) -> collections.abc.Callable[[float], Transport]:
    """Transports that share connections, by their time-out; see above."""
    shared = connections(ca_file, insecure, size)
    return lambda timeout: Transport(shared, timeout)
