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

import threading
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

    def base_url(
        self,
        filters: dict[str, typing.Any],
        auth_data: tuple[str, dict[str, typing.Any]] | None = None,
    ) -> str:
        """URL of a service.

        :raises TokenError: if the catalog has none.
        """
        try:
            return super().base_url(filters, auth_data)
        except lib_exceptions.EndpointNotFound:
            # Tempest's message shows the whole token data; ours does not.
            raise outcomes.TokenError(
                f'no endpoint of service type {filters.get("service")!r} in '
                'the catalog'
            ) from None

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
