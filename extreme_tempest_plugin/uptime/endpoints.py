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
"""Where a service answers, and which certificates it may show."""

import dataclasses
import ssl
import urllib.parse

from extreme_tempest_plugin import errors


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a service answers.

    :param path: what every path begins with, without a slash at its end.
    :param tls: None for plain HTTP.
    """

    host: str
    port: int
    path: str
    tls: ssl.SSLContext | None


def of(url: str, tls: ssl.SSLContext) -> Endpoint:
    """The endpoint that a URL names.

    :param tls: used if the URL is an https one.
    :raises UsageError: if it is no HTTP URL.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urllib.parse.SplitResult('', '', '', '', ''), None
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise errors.UsageError(f'{url!r} is no http or https URL')
    secure = parts.scheme == 'https'
    return Endpoint(
        host=parts.hostname,
        port=port or (443 if secure else 80),
        path=urllib.parse.quote(parts.path.rstrip('/'), safe='/%:@~'),
        tls=tls if secure else None,
    )


def tls_context(ca_file: str, insecure: bool) -> ssl.SSLContext:
    """How certificates are verified.

    :param ca_file: certificates to trust; empty for the system's.
    :param insecure: verify nothing.
    :raises UsageError: if the file cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise errors.UsageError(
            f'{ca_file}: no certificates to trust: {error}; '
            'see [identity] ca_certificates_file'
        ) from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
