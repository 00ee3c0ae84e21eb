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
"""What is watched, as a user writes it. Pure.

::

    nova                          its endpoint in the catalog
    load-balancer                 a service without a name here, by its type
    nova/kept                     over a connection that is kept
    nova/write                    makes something cheap and deletes it
    nova/boot                     boots a server and deletes it
    nova@10.0.0.11:8774           one backend, past the balancer
    nova/kept@https://10.0.0.11   likewise, with TLS
    tcp:203.0.113.7:22            whether a port takes connections
    ping:203.0.113.7              whether an address answers
    dns:www.example.org@10.0.0.2  whether a name server answers for a name
"""

import dataclasses
import re
import urllib.parse

from extreme_tempest_plugin import errors

_API = re.compile(
    r'(?P<service>[a-z][a-z0-9_-]*)(/(?P<how>kept|write|boot))?'
    r'(@(?P<at>[^@\s]+))?'
)
_DNS = re.compile(r'dns:(?P<name>[^@\s]+)@(?P<at>[^@\s]+)')
_DNS_PORT = 53


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing to watch.

    :param kind: ``api``, ``tcp``, ``ping`` or ``dns``.
    :param service: of the API: ``nova``.
    :param how: ``kept``, ``write``, ``boot`` or empty.
    :param scheme: of a backend, empty for that of the catalog.
    :param host: of the backend, or of what is not an API.
    :param port: 0 for that of the catalog.
    :param name: that is asked for by DNS.
    """

    kind: str
    service: str = ''
    how: str = ''
    scheme: str = ''
    host: str = ''
    port: int = 0
    name: str = ''


def parse(text: str) -> Target:
    """Read what a user wrote.

    :raises UsageError: if it is nothing of the above.
    """
    kind = text.partition(':')[0]
    try:
        if kind == 'tcp':
            _, host, port = _address(text[4:])
            if port:
                return Target(kind='tcp', host=host, port=port)
        elif kind == 'ping':
            _, host, port = _address(text[5:])
            if not port:
                return Target(kind='ping', host=host)
        elif kind == 'dns':
            found = _DNS.fullmatch(text)
            if found:
                _, host, port = _address(found['at'])
                return Target(
                    kind='dns',
                    host=host,
                    port=port or _DNS_PORT,
                    name=found['name'],
                )
        else:
            return _api(text)
    except ValueError:
        pass
    raise errors.UsageError(
        f'uptime: {text!r} is nothing to watch: give SERVICE, SERVICE/kept, '
        'SERVICE/write, nova/boot, SERVICE@HOST:PORT, tcp:HOST:PORT, '
        'ping:HOST or dns:NAME@SERVER'
    )


def _api(text: str) -> Target:
    found = _API.fullmatch(text)
    if not found:
        raise ValueError
    scheme, host, port = _address(found['at']) if found['at'] else ('', '', 0)
    return Target(
        kind='api',
        service=found['service'],
        how=found['how'] or '',
        scheme=scheme,
        host=host,
        port=port,
    )


def _address(text: str) -> tuple[str, str, int]:
    """Scheme, host and port; a port of 0 is none.

    :raises ValueError: if it is no address.
    """
    parts = urllib.parse.urlsplit(text if '://' in text else f'//{text}')
    if (
        parts.scheme not in ('', 'http', 'https')
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.username
    ):
        raise ValueError
    return parts.scheme, parts.hostname, parts.port or 0
