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
import logging
import time
import typing

import urllib3
from tempest import clients as tempest_clients
from tempest.common import credentials_factory
from tempest.lib import auth as lib_auth
from tempest.lib import exceptions as lib_exceptions
from tempest.lib.common import dynamic_creds

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import outcomes

#: What Tempest and urllib3 raise where the cloud cannot be used.
_TROUBLE = (
    lib_exceptions.TempestException,
    urllib3.exceptions.HTTPError,
    OSError,
)


#: How often Tempest is told to take away what it made, and s in between.
_TRIES = 4
_PAUSE = 5.0

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user in a project of Keystone v3; the password is never shown.

    :param user_id: empty where it is not known.
    :param network: id of the network that servers are booted on, empty where
        the cloud chooses.
    """

    username: str
    password: str = dataclasses.field(repr=False)
    user_domain: str
    project: str
    project_id: str
    project_domain: str
    user_id: str = ''
    network: str = ''


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """As whom a run speaks to its cloud.

    :param user: of the storm and of the monitors.
    :param admin: for actions that only an administrator may call, and for
        what the census is shown by nobody else; None if there is none.
    :param provided: what was made for this run alone and is deleted after
        it: kind and id, in the order of their deletion.
    """

    user: Credentials
    admin: Credentials | None = None
    provided: tuple[tuple[str, str], ...] = ()


@contextlib.contextmanager
def from_tempest(
    name: str, admin: bool = False, routed: bool = False
) -> collections.abc.Iterator[Access]:
    """Credentials as tempest.conf provides them, taken back at the end.

    Dynamic credentials get a project and a network of their own;
    pre-provisioned ones (accounts.yaml) are used as they are.

    :param name: names the project in Keystone.
    :param admin: an administrator acts in the storm: one of the run's own,
        where Tempest makes them. Otherwise that of tempest.conf is taken, if
        it has one.
    :param routed: a router leads from the network to the public one.
    :raises UsageError: if Tempest cannot provide a user.
    """
    network_resources = {
        'network': True,
        'subnet': True,
        'router': routed,
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
            network = (getattr(primary, 'network', None) or {}).get('id', '')
            user = of_tempest(primary.credentials, network)
        except _TROUBLE as error:
            raise _unavailable(error) from error
        router = (getattr(primary, 'router', None) or {}).get('id', '')
        dynamic = isinstance(provider, dynamic_creds.DynamicCredentialProvider)
        yield Access(
            user=user,
            # Of accounts that are there already one is only taken.
            admin=_admin(provider)
            if admin or not dynamic
            else administrator(),
            provided=provided(user, router) if dynamic else (),
        )
    finally:
        _give_back(provider, name)


def _give_back(provider: typing.Any, name: str) -> None:
    """Take away what Tempest made.

    What goes on in the cloud may hold it for a while, and what a run has lost
    there for good. The run has its verdict all the same.
    """
    for left in reversed(range(_TRIES)):
        try:
            provider.clear_creds()
        except _TROUBLE as error:
            if left:
                time.sleep(_PAUSE)
                continue
            LOG.error(
                'left behind: of the project %s-* and its network, which '
                'Tempest made, as something in them is still there: %s; '
                'delete that, then them',
                name,
                outcomes.line(error),
            )
        return


def administrator() -> Credentials | None:
    """The administrator of ``[auth]`` in tempest.conf, None without one.

    Nothing is made for it.
    """
    try:
        return of_tempest(
            credentials_factory.get_configured_admin_credentials(
                fill_in=True, identity_version='v3'
            )
        )
    except _TROUBLE:
        return None


def _admin(provider: typing.Any) -> Credentials | None:
    """The administrator, None if tempest.conf knows none."""
    try:
        return of_tempest(provider.get_admin_creds().credentials)
    except _TROUBLE:
        return None


def provided(
    user: Credentials, router: str = ''
) -> tuple[tuple[str, str], ...]:
    """What Tempest made for a user of dynamic credentials.

    :param router: id of the router of its network; empty if there is none.
    """
    network = (('network', user.network),) if user.network else ()
    return (
        *((('router', router),) if router else ()),
        *network,
        ('user', user.user_id),
        ('project', user.project_id),
    )


def _unavailable(error: Exception) -> errors.UsageError:
    reason = ' '.join(str(error).split())
    return errors.UsageError(
        f'no credentials: {reason}; see [auth] and [identity] in tempest.conf'
    )


def of_tempest(
    given: lib_auth.KeystoneV3Credentials, network: str = ''
) -> Credentials:
    """What Tempest calls credentials, as ours.

    :param given: credentials of Keystone v3. Those of accounts.yaml have no
        ids: keystone is asked for them.
    :param network: id of the network to boot on.
    :raises TempestException: if keystone does not let them in.
    """
    if not (given.project_id and given.user_id):
        given = tempest_clients.get_auth_provider(given).fill_credentials()
    return Credentials(
        username=given.username,
        password=given.password,
        user_domain=given.user_domain_name,
        project=given.project_name,
        project_id=given.project_id,
        project_domain=given.project_domain_name,
        user_id=given.user_id or '',
        network=network,
    )
