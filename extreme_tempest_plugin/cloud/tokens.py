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
"""Tokens of Keystone v3, fetched once and shared by the users of a process.

A token that cannot be had is a TokenError: the request that needed it was
never sent. Nothing is tried twice.
"""

import datetime
import re
import threading
import time
import typing

import urllib3
from tempest.lib import auth
from tempest.lib import exceptions as lib_exceptions

from extreme_tempest_plugin.cloud import outcomes

#: What Keystone, or the way to it, can make the token client raise.
_ERRORS = (
    lib_exceptions.TempestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
    KeyError,
)

#: The version at the end of an endpoint: ``/v3``, ``/v2.0/``.
_VERSION = re.compile(r'/v\d+(\.\d+)?/?\Z')


class Tokens(auth.KeystoneV3AuthProvider):
    """An auth provider for many threads or greenlets.

    While one of them fetches a token the others wait, and share its failure:
    forty users in front of a dead Keystone wait one time-out, not forty.
    """

    cache: tuple[str, dict[str, typing.Any]] | None

    def __init__(self, *args: typing.Any, **kwargs: typing.Any) -> None:
        self._lock = threading.Lock()
        self._attempts = 0
        self._error = ''
        self._timed: tuple[str, dict[str, typing.Any]] | None = None
        self._expiry = 0.0
        super().__init__(*args, **kwargs)

    def get_auth(self) -> tuple[str, dict[str, typing.Any]]:
        """Token and catalog.

        :raises TokenError: if Keystone gives none.
        """
        seen = self._attempts
        cache = self.cache
        if cache is not None and not self.is_expired(cache):
            return cache
        with self._lock:
            if self.cache is not None and not self.is_expired(self.cache):
                return self.cache
            if self._attempts != seen and self._error:
                raise outcomes.TokenError(self._error)
            return self._fetch()

    def is_expired(self, auth_data: tuple[str, dict[str, typing.Any]]) -> bool:
        """Whether a token is too old to be used.

        Its time of expiry is read once, not for each request.

        :raises KeyError, ValueError: if it has none.
        """
        if auth_data is not self._timed:
            expiry = self._parse_expiry_time(auth_data[1]['expires_at'])
            expiry -= self.token_expiry_threshold
            self._expiry = expiry.replace(tzinfo=datetime.UTC).timestamp()
            self._timed = auth_data
        return time.time() >= self._expiry

    def base_url(
        self,
        filters: dict[str, typing.Any],
        auth_data: tuple[str, dict[str, typing.Any]] | None = None,
    ) -> str:
        """URL of a service.

        :param filters: as Tempest has them; ``unversioned`` takes a version
            off the end, for clouds differ in whether they have it there.
        :raises TokenError: if the catalog has none.
        """
        try:
            url: str = super().base_url(filters, auth_data)
        except lib_exceptions.EndpointNotFound:
            # Tempest's message shows the whole token data; ours does not.
            raise outcomes.TokenError(
                f'no endpoint of service type {filters.get("service")!r} in '
                'the catalog'
            ) from None
        return _VERSION.sub('', url) if filters.get('unversioned') else url

    def login(self) -> dict[str, object]:
        """Body of a request for a token; has the password in it."""
        given = self.credentials
        user = {
            'name': given.username,
            'password': given.password,
            'domain': {'name': given.user_domain_name},
        }
        project = {
            'name': given.project_name,
            'domain': {'name': given.project_domain_name},
        }
        return {
            'auth': {
                'identity': {
                    'methods': ['password'],
                    'password': {'user': user},
                },
                'scope': {'project': project},
            }
        }

    def forget(self) -> None:
        """Fetch a new token for the next request."""
        self.cache = None

    def _fetch(self) -> tuple[str, dict[str, typing.Any]]:
        try:
            self.set_auth()
            fetched = self.cache
            assert fetched is not None
            # Reads the time of expiry, which may be missing.
            self.is_expired(fetched)
        except _ERRORS as error:
            self.cache = None
            self._error = _why(error)
            raise outcomes.TokenError(self._error) from error
        finally:
            # At the end: who came while it was under way shares it.
            self._attempts += 1
        self._error = ''
        return fetched


def _why(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.HTTPError | OSError):
        return outcomes.classify(error).error
    if isinstance(error, KeyError | ValueError):
        return f'malformed answer: {outcomes.line(error)}'
    return outcomes.line(error)
