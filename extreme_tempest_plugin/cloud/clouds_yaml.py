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
"""A cloud and its user as clouds.yaml has them.

Read by openstacksdk, so that the places, the environment and secure.yaml are
those that every OpenStack client knows:
https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
"""

import collections.abc
import dataclasses

from tempest.lib import auth as lib_auth

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials as credentials_
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import tokens

#: What tempest calls a user and its project, by the key in clouds.yaml.
_KEYS = {
    'username': 'username',
    'user_id': 'user_id',
    'password': 'password',
    'user_domain_name': 'user_domain_name',
    'user_domain_id': 'user_domain_id',
    'project_name': 'project_name',
    'project_id': 'project_id',
    'project_domain_name': 'project_domain_name',
    'project_domain_id': 'project_domain_id',
}


#: The role of an administrator, by the default policies of all services.
ADMIN_ROLE = 'admin'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One cloud of clouds.yaml.

    :param verify: whether TLS certificates are verified, or by which file.
    :param auth: as whom, by the names that Tempest uses; never shown.
    """

    auth_url: str
    region: str
    interface: str
    verify: bool | str
    auth: collections.abc.Mapping[str, str] = dataclasses.field(repr=False)


def read(name: str) -> Entry:
    """Find a cloud.

    :raises UsageError: if it is not there, or has no user and password.
    """
    try:
        from openstack import config
        from openstack import exceptions
    except ImportError:
        raise errors.UsageError(
            f'cloud {name} of clouds.yaml: openstacksdk is not installed: '
            'pip install extreme-tempest-plugin[clouds]'
        ) from None
    try:
        found = config.OpenStackConfig().get_one(cloud=name, validate=False)
        verify, _ = found.get_requests_verify_args()
    except (exceptions.SDKException, OSError, ValueError) as error:
        raise errors.UsageError(
            f'cloud {name} of clouds.yaml: {outcomes.line(error)}'
        ) from None
    # The variables of the environment are not all put below `auth`.
    given = {**found.config, **(found.config.get('auth') or {})}
    auth = {
        ours: str(given[theirs])
        for theirs, ours in _KEYS.items()
        if given.get(theirs)
    }
    missing = [key for key in ('auth_url', 'password') if not given.get(key)]
    if missing:
        raise errors.UsageError(
            f'cloud {name} of clouds.yaml: no {" and no ".join(missing)}: '
            'other ways to log in than a password are not known here'
        )
    return Entry(
        auth_url=_v3(str(given['auth_url'])),
        region=found.config.get('region_name') or '',
        interface=found.config.get('interface') or 'public',
        verify=verify,
        auth=auth,
    )


def place(cloud: settings.Cloud, name: str) -> settings.Cloud:
    """Where a cloud of clouds.yaml is; the rest as in tempest.conf.

    :raises UsageError: if it is not there.
    """
    entry = read(name)
    return dataclasses.replace(
        cloud,
        auth_url=entry.auth_url,
        region=entry.region or cloud.region,
        endpoint_type=entry.interface,
        ca_file=entry.verify if isinstance(entry.verify, str) else '',
        insecure=entry.verify is False,
    )


def log_in(cloud: settings.Cloud, name: str) -> credentials_.Access:
    """The user of a cloud, with the ids and names that Keystone has.

    It is its own administrator where it has the role ``admin``.

    :param cloud: what ``place`` returned.
    :raises UsageError: if Keystone refuses the user, or cannot be reached.
    """
    entry = read(name)
    provider = tokens.Tokens(
        lib_auth.KeystoneV3Credentials(**entry.auth),
        cloud.auth_url,
        disable_ssl_certificate_validation=cloud.insecure,
        ca_certs=cloud.ca_file or None,
    )
    try:
        _, body = provider.get_auth()
        user, project = body['user'], body['project']
        made = credentials_.Credentials(
            username=user['name'],
            password=entry.auth['password'],
            user_domain=user['domain']['name'],
            user_id=user['id'],
            project=project['name'],
            project_id=project['id'],
            project_domain=project['domain']['name'],
        )
        roles = {role['name'] for role in body.get('roles', ())}
    except outcomes.TokenError as error:
        raise errors.UsageError(
            f'cloud {name} of clouds.yaml: {cloud.auth_url}: {error}'
        ) from None
    except (KeyError, TypeError):
        raise errors.UsageError(
            f'cloud {name} of clouds.yaml: its user has no project there: '
            'give project_name'
        ) from None
    return credentials_.Access(
        user=made, admin=made if ADMIN_ROLE in roles else None
    )


def _v3(url: str) -> str:
    """Clouds are listed with and without the version of Keystone's API."""
    bare = url.rstrip('/')
    return bare if bare.endswith('/v3') else f'{bare}/v3'
