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
"""Service clients of one project: Tempest's, over our transport."""

import dataclasses
import typing

from tempest.lib import auth

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import compute
from extreme_tempest_plugin.cloud import credentials as cloud_credentials
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import rest
from extreme_tempest_plugin.cloud import tokens
from extreme_tempest_plugin.cloud import transport

#: Seconds until an answer to a call must be there.
CALL_TIMEOUT = 60.0

#: A look at a state can be repeated, so it may give up earlier: one that
#: hangs must not use up the time of all the others.
LOOK_TIMEOUT = 15.0

_Client = typing.TypeVar('_Client', bound=rest.RestOnce)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """One project of one cloud, see ``cloud.ports.Cloud``.

    :param project: id of the project.
    """

    project: str
    compute: compute.Compute
    _tokens: tokens.Tokens
    _cloud: settings.Cloud

    def check(self) -> None:
        """See whether there is a token and the services are in the catalog.

        :raises UsageError: with one line that says what to set.
        """
        try:
            self._tokens.get_auth()
            self._tokens.base_url(_filters(self._cloud, 'nova'))
        except outcomes.TokenError as error:
            raise errors.UsageError(
                f'{self._cloud.auth_url}: {error}; see [identity] and '
                '[auth] in tempest.conf'
            ) from None


def make(
    cloud: settings.Cloud,
    credentials: cloud_credentials.Credentials,
    timeout: float = CALL_TIMEOUT,
    connections: int = 10,
) -> Clients:
    """Clients that share connections and one token; nothing is sent yet.

    :param timeout: seconds until an answer to a call must be there.
    :param connections: that are kept for each host.
    """
    pool = transport.connections(cloud.ca_file, cloud.insecure, connections)
    calls = transport.Transport(pool, timeout)
    looks = transport.Transport(pool, min(timeout, LOOK_TIMEOUT))
    provider = _tokens(cloud, credentials)
    provider.auth_client.http_obj = calls

    def client(kind: type[_Client], over: transport.Transport) -> _Client:
        made = kind(
            provider,
            cloud.catalog_types['nova'],
            cloud.region,
            endpoint_type=cloud.endpoint_type,
        )
        made.http_obj = over
        return made

    return Clients(
        project=credentials.project_id,
        compute=compute.Compute(
            calls=client(compute.ServersClient, calls),
            looks=client(compute.ServersClient, looks),
            keypairs=client(compute.KeyPairsClient, calls),
            keypair_looks=client(compute.KeyPairsClient, looks),
            limits=client(compute.LimitsClient, looks),
            flavors=client(compute.FlavorsClient, looks),
            image=cloud.image,
            flavor=cloud.flavor,
            network=credentials.network,
            on_unauthorized=provider.forget,
        ),
        _tokens=provider,
        _cloud=cloud,
    )


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


def _filters(cloud: settings.Cloud, service: str) -> dict[str, str]:
    return {
        'service': cloud.catalog_types[service],
        'region': cloud.region,
        'endpoint_type': cloud.endpoint_type,
    }
