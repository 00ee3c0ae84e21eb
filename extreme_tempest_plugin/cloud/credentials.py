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
"""As whom a run speaks to the cloud."""

import collections.abc
import contextlib
import dataclasses

import urllib3
from tempest.common import credentials_factory
from tempest.lib import auth as lib_auth
from tempest.lib import exceptions as lib_exceptions

from extreme_tempest_plugin import errors

#: What Tempest and urllib3 raise where the cloud cannot be used.
_TROUBLE = (
    lib_exceptions.TempestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user in a project of Keystone v3; the password is never shown.

    :param network: id of the network that servers are booted on, empty where
        the cloud chooses.
    """

    username: str
    password: str = dataclasses.field(repr=False)
    user_domain: str
    project: str
    project_id: str
    project_domain: str
    network: str = ''


@contextlib.contextmanager
def from_tempest(name: str) -> collections.abc.Iterator[Credentials]:
    """Credentials as tempest.conf provides them, taken back at the end.

    Dynamic credentials get a project and a network of their own;
    pre-provisioned ones are used as they are.

    :param name: names the project in Keystone.
    :raises UsageError: if Tempest cannot provide any.
    """
    network_resources = {
        'network': True,
        'subnet': True,
        'router': False,
        'dhcp': True,
    }
    try:
        provider = credentials_factory.get_credentials_provider(
            name, network_resources=network_resources, identity_version='v3'
        )
    except _TROUBLE as error:
        raise _unavailable(error) from error
    try:
        try:
            primary = provider.get_primary_creds()
        except _TROUBLE as error:
            raise _unavailable(error) from error
        network = getattr(primary, 'network', None) or {}
        yield of_tempest(primary.credentials, network.get('id', ''))
    finally:
        provider.clear_creds()


def _unavailable(error: Exception) -> errors.UsageError:
    reason = ' '.join(str(error).split())
    return errors.UsageError(
        f'no credentials: {reason}; see [auth] and [identity] in tempest.conf'
    )


def of_tempest(
    given: lib_auth.KeystoneV3Credentials, network: str = ''
) -> Credentials:
    """What Tempest calls credentials, as ours.

    :param given: filled credentials of Keystone v3.
    :param network: id of the network to boot on.
    """
    return Credentials(
        username=given.username,
        password=given.password,
        user_domain=given.user_domain_name,
        project=given.project_name,
        project_id=given.project_id,
        project_domain=given.project_domain_name,
        network=network,
    )
