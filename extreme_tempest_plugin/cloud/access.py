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
"""Credentials from where the user has them, for as long as a run lasts."""

import collections.abc
import contextlib
import dataclasses

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import clouds_yaml
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import ports


class _Network(msgspec.Struct):
    id: str


class _Networks(msgspec.Struct):
    networks: list[_Network]


def place(settings: settings_.Settings) -> settings_.Settings:
    """Settings that say where the cloud is, also if clouds.yaml says it.

    :raises UsageError: if the cloud is not in clouds.yaml.
    """
    if not settings.os_cloud:
        return settings
    return dataclasses.replace(
        settings, cloud=clouds_yaml.place(settings.cloud, settings.os_cloud)
    )


@contextlib.contextmanager
def grant(
    settings: settings_.Settings, name: str, admin: bool = False
) -> collections.abc.Iterator[credentials.Access]:
    """Access to the cloud: of clouds.yaml if one is named, or of Tempest.

    :param settings: what ``place`` returned.
    :param name: names the project of dynamic credentials.
    :param admin: an administrator acts in the storm.
    :raises UsageError: if there are none.
    """
    if not settings.os_cloud:
        with credentials.from_tempest(
            name, admin, routed=bool(settings.cloud.public_network)
        ) as access:
            yield access
        return
    found = clouds_yaml.log_in(settings.cloud, settings.os_cloud)
    network = _network(settings.cloud, found.user)
    yield dataclasses.replace(
        found, user=dataclasses.replace(found.user, network=network)
    )


def _network(cloud: settings_.Cloud, user: credentials.Credentials) -> str:
    """Id of the network to boot on, empty where the cloud chooses.

    :raises UsageError: if there is none of that name.
    """
    if not cloud.fixed_network:
        return ''
    neutron = clients.make(cloud, user).service('neutron')
    try:
        found = neutron.get(f'v2.0/networks?name={cloud.fixed_network}')
        networks = found.read(_Networks).networks
    except ports.CallError as error:
        raise errors.UsageError(
            f'{cloud.auth_url}: the networks cannot be listed: {error}'
        ) from None
    if not networks:
        raise errors.UsageError(
            f'there is no network {cloud.fixed_network}: see [compute] '
            'fixed_network_name in tempest.conf'
        )
    return networks[0].id
