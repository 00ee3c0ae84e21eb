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
"""One API of a cloud, see ``ports.Service``.

Requests and errors are those of Tempest's REST client. What it does for each
request on the way there (looks up the endpoint, copies the headers, takes
the URL apart and puts it together) is done once for each token.
"""

import collections.abc

import msgspec
from tempest.lib import exceptions as lib_exceptions

from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import rest
from extreme_tempest_plugin.cloud import schemas
from extreme_tempest_plugin.cloud import tokens
from extreme_tempest_plugin.cloud import transport

#: Name of a project to what its microversions are called,
#: https://docs.openstack.org/api-guide/compute/microversions.html
_VERSIONED = {
    'nova': 'compute',
    'cinder': 'volume',
    'placement': 'placement',
}

#: Where keystone gives tokens.
_LOGIN = 'v3/auth/tokens'

_JSON = {'Content-Type': 'application/json', 'Accept': 'application/json'}


class Service(ports.Service):
    """One API with one time-out.

    :param name: of its project: ``nova``.
    :param client: of its endpoint; judges the answers.
    :param provider: of the tokens; a 401 makes it forget the one it has.
    :param over: sends the requests.
    :param validates: some of its answers, where there is one.
    """

    def __init__(
        self,
        name: str,
        client: rest.RestOnce,
        provider: tokens.Tokens,
        over: transport.Over,
        validates: schemas.Schemas | None = None,
    ) -> None:
        self._name = name
        self._client = client
        self._schemas = validates.of(name) if validates else None
        self._versioned = _VERSIONED.get(name, '')
        self._tokens = provider
        self._over = over
        self._auth: object = None
        self._base = ''
        self._headers: dict[str, str] = {}

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: str = '',
        headers: collections.abc.Mapping[str, str] | None = None,
    ) -> ports.Answer:
        """Send one request, once.

        :raises CallError: if it is not acknowledged.
        """
        encoded = (
            body
            if body is None or isinstance(body, bytes)
            else msgspec.json.encode(body)
        )
        try:
            self._authenticate()
            response, answer = self._over.request(
                f'{self._base}/{path}' if path else self._base,
                method,
                headers=self._with(version, headers),
                body=encoded,
            )
            self._client.check(response, answer)
            if not 200 <= response.status < 300:
                raise lib_exceptions.InvalidHttpSuccessCode(
                    f'status {response.status}', resp=response
                )
        except (*outcomes.ERRORS, outcomes.TokenError) as error:
            refusal = outcomes.classify(error)
            # Who is not let in has no token of ours.
            if refusal.status == 401 and not path.startswith(_LOGIN):
                self._tokens.forget()
            raise ports.CallError(refusal) from error
        if self._schemas:
            self._schemas.see(
                self._name, method, path, body, version, response, answer
            )
        return ports.Answer(
            status=response.status,
            request_id=outcomes.request_id(response),
            body=answer,
            headers=response,
        )

    def _with(
        self, version: str, headers: collections.abc.Mapping[str, str] | None
    ) -> dict[str, str]:
        """The headers of one request."""
        if not version and not headers:
            return self._headers
        sent = {**self._headers, **(headers or {})}
        if version:
            sent['OpenStack-API-Version'] = f'{self._versioned} {version}'
        return sent

    def _authenticate(self) -> None:
        """Know the endpoint and the headers, which change with the token.

        :raises TokenError: if there is none.
        """
        auth = self._tokens.get_auth()
        if auth is self._auth:
            return
        base = self._tokens.base_url(self._client.filters, auth)
        self._base = base.rstrip('/')
        self._headers = {**_JSON, 'X-Auth-Token': auth[0]}
        self._auth = auth
