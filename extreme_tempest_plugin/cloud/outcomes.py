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
"""Which exception means what: the one place that judges.

``fail`` only where it is certain that the cloud did nothing: it said so
(4xx), or the request never left this machine. Everything else is ``info``.
"""

import collections.abc
import re
import ssl

import urllib3
from tempest.lib import exceptions as lib_exceptions

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ports

#: Characters of an error that are kept.
LONGEST = 300

#: What RestClient and the transport below it raise when a call has no good
#: end. Anything else is a fault of our own.
ERRORS = (
    lib_exceptions.TempestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)

#: The connection was never there, so nothing was sent over it.
_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationValueError,
)


#: urllib3 begins its messages with the pool, which says nothing new.
_POOL = re.compile(r"^\w+\(host='[^']*', port=\w+\): ")


class TokenError(Exception):
    """Keystone gave no token or no endpoint: the request was never sent."""


def classify(error: Exception) -> ports.Refusal:
    """Judge what a call raised.

    :raises HarnessError: if no cloud could have caused it.
    """
    if isinstance(error, TokenError):
        return ports.Refusal(
            kind=ports.Kind.FAIL, error=f'keystone: {line(error)}'
        )
    if isinstance(error, lib_exceptions.RestClientException):
        return _answered(error)
    if isinstance(error, urllib3.exceptions.HTTPError | OSError):
        return _unanswered(error)
    if isinstance(error, ERRORS):
        return ports.Refusal(kind=ports.Kind.INFO, error=line(error))
    raise errors.HarnessError(
        f'a call broke on our side: {type(error).__name__}: {line(error)}'
    ) from error


def line(error: BaseException | str) -> str:
    """An error in one line of bounded length."""
    text = ' '.join(str(error).split())
    if not text and isinstance(error, BaseException):
        text = type(error).__name__
    return text[:LONGEST]


def request_id(headers: collections.abc.Mapping[str, str]) -> str:
    """Request id of an answer, empty if it has none."""
    return (
        headers.get('x-openstack-request-id')
        or headers.get('x-compute-request-id')
        or headers.get('x-trans-id', '')
    )


def _answered(error: lib_exceptions.RestClientException) -> ports.Refusal:
    """There was an answer, or RestClient could not make sense of it."""
    response = getattr(error, 'resp', None)
    status = response.status if response is not None else 0
    certain = 400 <= status < 500
    text = line(_message(error))
    if 200 <= status < 300:
        text = f'malformed answer: {text}'[:LONGEST]
    return ports.Refusal(
        kind=ports.Kind.FAIL if certain else ports.Kind.INFO,
        status=status,
        request_id=request_id(response) if response is not None else '',
        error=text,
        retry_after=_retry_after(response),
    )


def _retry_after(
    headers: collections.abc.Mapping[str, str] | None,
) -> float:
    """Seconds; a date, which HTTP allows too, is not used by OpenStack."""
    value = (headers or {}).get('retry-after', '')
    return float(value) if value.isascii() and value.isdigit() else 0.0


def _message(error: lib_exceptions.RestClientException) -> str:
    """What the service says, without Tempest's words around it."""
    body = error.resp_body
    if isinstance(body, collections.abc.Mapping) and body.get('message'):
        return str(body['message'])
    return str(error)


def _unanswered(error: Exception) -> ports.Refusal:
    cause: BaseException = error
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason:
        cause = error.reason
    sent = not isinstance(cause, _NEVER_SENT)
    if isinstance(cause, urllib3.exceptions.SSLError):
        # A certificate that is not trusted ends the handshake, which comes
        # before the request; other errors of TLS may come at any time.
        sent = not _has_cause(cause, ssl.SSLCertVerificationError)
    name = type(cause).__name__
    text = _POOL.sub('', line(cause))
    return ports.Refusal(
        kind=ports.Kind.INFO if sent else ports.Kind.FAIL,
        error=f'{"" if sent else "not sent: "}{name}: {text}'[:LONGEST],
    )


def _has_cause(error: BaseException, kind: type[BaseException]) -> bool:
    return isinstance(error, kind) or any(
        isinstance(cause, kind) for cause in error.args
    )
