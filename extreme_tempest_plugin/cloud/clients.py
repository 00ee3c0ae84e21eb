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
"""The APIs of one cloud for one user: connections, a token, endpoints."""

import dataclasses
import functools
import urllib.parse

from tempest.lib import auth

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials as cloud_credentials
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import reaching
from extreme_tempest_plugin.cloud import rest
from extreme_tempest_plugin.cloud import schemas
from extreme_tempest_plugin.cloud import services
from extreme_tempest_plugin.cloud import tokens
from extreme_tempest_plugin.cloud import transport

#: Seconds until an answer to a call must be there.
CALL_TIMEOUT = 60.0

#: A look at a state can be repeated, so it may give up earlier: one that
#: hangs must not use up the time of all the others.
LOOK_TIMEOUT = 15.0

#: Their paths begin with a version; some clouds have it in the catalog, too.
_UNVERSIONED = frozenset({'designate', 'glance', 'keystone', 'neutron'})


class Clients:
    """One project of one cloud, see ``cloud.ports.Cloud``.

    :param over: sends the requests.
    :param validates: some of the answers, where there is one.
    """

    def __init__(
        self,
        cloud: settings.Cloud,
        credentials: cloud_credentials.Credentials,
        provider: tokens.Tokens,
        over: transport.Over,
        validates: schemas.Schemas | None = None,
    ) -> None:
        self.project = credentials.project_id
        self.user = credentials.user_id
        self.boot = ports.Boot(
            image=cloud.image,
            flavor=cloud.flavor,
            flavor_alt=cloud.flavor_alt,
            network=credentials.network,
            public_network=cloud.public_network,
        )
        self._cloud = cloud
        self._tokens = provider
        self._over = over
        self._schemas = validates
        self._services: dict[str, services.Service] = {}

    def service(self, name: str) -> services.Service:
        """An API by the name of its project.

        :raises HarnessError: for a name that is in no configuration.
        """
        if name not in self._services:
            client = rest.RestOnce(
                self._tokens,
                self._type(name),
                self._cloud.region,
                endpoint_type=self._cloud.endpoint_type,
            )
            client.unversioned = name in _UNVERSIONED
            self._services[name] = services.Service(
                name, client, self._tokens, self._over, self._schemas
            )
        return self._services[name]

    def attempt(self, address: str) -> ports.Attempt | None:
        """See whether a server answers at a floating IP."""
        port = self._cloud.floating_ip_port
        return reaching.attempt(address, port) if port else None

    @property
    def login(self) -> dict[str, object]:
        """What asks keystone for a token of ours; has a secret in it."""
        return self._tokens.login()

    def info(self, name: str) -> frozenset[str]:
        """What a service can do, by its ``/info``, as swift has it.

        :returns: nothing if it does not say.
        :raises CallError: if there is no answer.
        """
        at = urllib.parse.urlsplit(self.endpoint(name))
        try:
            response, body = self._over.request(
                f'{at.scheme}://{at.netloc}/info', 'GET'
            )
        except outcomes.ERRORS as error:
            raise ports.CallError(outcomes.classify(error)) from error
        if response.status != 200:
            return frozenset()
        answer = ports.Answer(status=response.status, body=body)
        return frozenset(answer.read(dict[str, object]))

    def endpoint(self, name: str) -> str:
        """URL of a service.

        :param name: of its project: ``nova``.
        :raises TokenError: if the catalog has none, or there is no token.
        """
        return self._tokens.base_url(
            {
                'service': self._type(name),
                'region': self._cloud.region,
                'endpoint_type': self._cloud.endpoint_type,
            }
        )

    def check(self) -> tuple[str, str]:
        """See whether there is a token.

        :returns: ids of the user and of the project that it is for.
        :raises UsageError: with one line that says what to set.
        """
        try:
            _, body = self._tokens.get_auth()
            return body['user']['id'], body['project']['id']
        except KeyError as error:
            raise errors.UsageError(
                f'{self._cloud.auth_url}: the token has no {error}: give the '
                'credentials a project'
            ) from None
        except outcomes.TokenError as error:
            raise errors.UsageError(
                f'{self._cloud.auth_url}: {error}; see [identity] and '
                '[auth] in tempest.conf'
            ) from None

    def _type(self, name: str) -> str:
        try:
            return self._cloud.catalog_types[name]
        except KeyError:
            raise errors.HarnessError(
                f'no type of service {name} in the catalog is known'
            ) from None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One user's clients: for calls, and for looks, which wait less long."""

    calls: Clients
    looks: Clients


def pair(
    cloud: settings.Cloud,
    credentials: cloud_credentials.Credentials,
    timeout: float = CALL_TIMEOUT,
    connections: int = 10,
    connect: transport.Connect = transport.connect,
    validates: schemas.Schemas | None = None,
) -> Pair:
    """Clients that share connections and one token; nothing is sent yet.

    :param timeout: seconds until an answer to a call must be there.
    :param connections: that are kept for each host.
    :param connect: makes the transport.
    :param validates: some of the answers, where there is one.
    """
    over = connect(cloud.ca_file, cloud.insecure, connections)
    calls = over(timeout)
    looks = over(min(timeout, LOOK_TIMEOUT))
    provider = _tokens(cloud, credentials)
    provider.auth_client.http_obj = calls
    made = functools.partial(Clients, cloud, credentials, provider)
    return Pair(calls=made(calls, validates), looks=made(looks, validates))


def make(
    cloud: settings.Cloud,
    credentials: cloud_credentials.Credentials,
    timeout: float = LOOK_TIMEOUT,
) -> Clients:
    """Clients for lists and deletions, with one time-out for all.

    :param timeout: seconds until an answer must be there.
    """
    return pair(cloud, credentials, timeout).calls


def _tokens(
    cloud: settings.Cloud, credentials: cloud_credentials.Credentials
) -> tokens.Tokens:
    return tokens.Tokens(
        auth.KeystoneV3Credentials(
            username=credentials.username,
            password=credentials.password,
            user_domain_name=credentials.user_domain,
            project_name=credentials.project,
            project_domain_name=credentials.project_domain,
        ),
        cloud.auth_url,
        disable_ssl_certificate_validation=cloud.insecure,
        ca_certs=cloud.ca_file or None,
    )
