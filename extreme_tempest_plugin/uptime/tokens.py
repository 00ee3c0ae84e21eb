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
"""A token that is always ready, so that no sample waits for keystone.

A thread of its own renews it when half of its life is over and asks again
every second while keystone is away; the old token serves until it expires.
"""

import collections.abc
import dataclasses
import datetime
import threading
import time

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.uptime import catalogue
from extreme_tempest_plugin.uptime import endpoints
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import transport

_SECOND = 1_000_000_000
#: A request for a token may take this long: keystone hashes passwords.
TIMEOUT_NS = 30 * _SECOND
_AGAIN_NS = _SECOND
#: A token that was refused is renewed, but not more often than this.
_DISTRUST_NS = 10 * _SECOND


class NoToken(Exception):
    """Keystone gave no token; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, and when its life began and ends by our own clock, ns."""

    value: str = dataclasses.field(repr=False)
    born_ns: int
    expires_ns: int
    catalog: tuple[catalogue.Entry, ...] = ()


class _Body(msgspec.Struct, frozen=True):
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    catalog: tuple[catalogue.Entry, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    token: _Body


def fetch(target: endpoints.Endpoint, spec: spec_.Spec) -> Token:
    """Ask keystone for a token.

    The length of the token's life is taken from the answer and its beginning
    from our own clock, so that clocks which differ do no harm.
    Protocol: Identity API v3, "Password authentication with scoped
    authorization".

    :raises NoToken: if keystone does not answer, or answers with an error.
    :raises UsageError: if keystone refuses the credentials.
    """
    asked = time.monotonic_ns()
    try:
        answer = transport.request(
            target,
            'POST',
            '/auth/tokens',
            {'Content-Type': 'application/json'},
            asked + TIMEOUT_NS,
            credentials(spec),
        )
    except transport.Failed as failure:
        raise NoToken(f'keystone: {failure.kind}') from None
    except transport.NotSent as trouble:
        raise NoToken(f'this machine: {trouble}') from None
    if answer.status in (401, 403):
        raise errors.UsageError(
            f'keystone at {spec.auth_url} refuses user {spec.username!r} '
            f'with status {answer.status}; see the credentials in [auth]'
        )
    if answer.status == 404:
        raise errors.UsageError(
            f'{spec.auth_url} is no Keystone v3; see [identity] uri_v3'
        )
    if answer.status != 201:
        raise NoToken(f'keystone: status {answer.status}')
    return _read(answer, asked)


def _read(answer: transport.Answer, asked: int) -> Token:
    value = answer.headers.get('X-Subject-Token', '')
    try:
        body = msgspec.json.decode(answer.body, type=_Answer).token
        life = body.expires_at - body.issued_at
    except (msgspec.DecodeError, UnicodeDecodeError, TypeError):
        raise NoToken('keystone: malformed answer') from None
    if not value:
        raise NoToken('keystone: malformed answer')
    return Token(
        value=value,
        born_ns=asked,
        expires_ns=asked + round(life.total_seconds() * _SECOND),
        catalog=body.catalog,
    )


def credentials(spec: spec_.Spec) -> bytes:
    """What a request for a token carries."""
    user = {
        'name': spec.username,
        'password': spec.password,
        'domain': {'name': spec.user_domain},
    }
    identity = {'methods': ['password'], 'password': {'user': user}}
    scope = {'project': {'id': spec.project_id}}
    auth = {'identity': identity, 'scope': scope}
    return msgspec.json.encode({'auth': auth})


class Keeper:
    """Has a token ready.

    :param token: the first.
    :param fetch: gives another; raises NoToken or UsageError.
    :param now: CLOCK_MONOTONIC, ns.
    """

    def __init__(
        self,
        token: Token,
        fetch: collections.abc.Callable[[], Token],
        now: collections.abc.Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._token = token
        self._fetch = fetch
        self._now = now
        self._why = ''
        self._renew_ns = _half_life(token)
        self._fetched_ns = now()
        self._wake = threading.Event()

    def current(self) -> str:
        """The token to send.

        :raises NoToken: if it has expired, or is about to.
        """
        token = self._token
        # One that expires under way would be counted against the service.
        margin = min(30 * _SECOND, (token.expires_ns - token.born_ns) // 10)
        if self._now() >= token.expires_ns - margin:
            raise NoToken(f'no token: {self._why or "keystone: late"}')
        return token.value

    def distrust(self, value: str) -> None:
        """A service refused this token: get another soon."""
        if value == self._token.value:
            soon = max(self._now(), self._fetched_ns + _DISTRUST_NS)
            self._renew_ns = min(self._renew_ns, soon)
            self._wake.set()

    def renew_if_due(self) -> int:
        """Ask keystone if it is time to; returns when to call again, ns."""
        if self._now() < self._renew_ns:
            return self._renew_ns
        try:
            self._token = self._fetch()
        except (NoToken, errors.UsageError) as error:
            self._put_off(str(error))
        except Exception as error:
            # The thread must live; the text could hold the password.
            self._put_off(f'the monitor broke: {type(error).__name__}')
        else:
            self._why = ''
            self._fetched_ns = self._now()
            self._renew_ns = _half_life(self._token)
        return self._renew_ns

    def _put_off(self, why: str) -> None:
        self._why = why
        self._renew_ns = self._now() + _AGAIN_NS

    def start(self) -> None:
        """Renew in a thread that ends with the process."""
        threading.Thread(target=self._keep, daemon=True).start()

    def _keep(self) -> None:
        while True:
            due = self.renew_if_due()
            self._wake.wait(max(0.0, (due - self._now()) / 1e9))
            self._wake.clear()


def _half_life(token: Token) -> int:
    return (token.born_ns + token.expires_ns) // 2
