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
"""Which of Tempest's schemas is for which answer.

Tempest has schemas of nova's and cinder's answers only. Its service clients
name them, method by method, and by microversion; this is the way from a
request to such a name. What is not here has no schema, or is asked by no
action.
"""

import collections.abc
import functools
import importlib
import typing

from tempest.lib.common import api_version_request

Schema = dict[str, typing.Any]

#: Name of a project to where the clients of its API are.
_PACKAGES = {
    'nova': 'tempest.lib.services.compute',
    'cinder': 'tempest.lib.services.volume.v3',
}

#: Actions on a server whose answer has no body.
_BODILESS = (
    'addSecurityGroup',
    'migrate',
    'os-migrateLive',
    'os-start',
    'os-stop',
    'pause',
    'reboot',
    'removeSecurityGroup',
    'resize',
    'resume',
    'revertResize',
    'suspend',
    'unpause',
)

#: Service, module and class of a client, to requests and the names of their
#: schemas, one of which must hold. An id in a path is a star; the key of an
#: action's body follows the path.
_ROUTES: dict[tuple[str, str, str], dict[str, tuple[str, ...]]] = {
    ('nova', 'servers_client', 'ServersClient'): {
        'GET servers': ('list_servers',),
        'GET servers/detail': ('list_servers_detail',),
        # Whether there is a password in it is a matter of configuration.
        'POST servers': ('create_server_with_admin_pass', 'create_server'),
        'GET servers/*': ('get_server',),
        'PUT servers/*': ('update_server',),
        'DELETE servers/*': ('delete_server',),
        'GET servers/*/metadata': ('list_server_metadata',),
        'PUT servers/*/metadata': ('set_server_metadata',),
        'POST servers/*/metadata': ('update_server_metadata',),
        'GET servers/*/metadata/*': ('set_show_server_metadata_item',),
        'PUT servers/*/metadata/*': ('set_show_server_metadata_item',),
        'DELETE servers/*/metadata/*': ('delete_server_metadata_item',),
        'GET servers/*/os-instance-actions': ('list_instance_actions',),
        'GET servers/*/os-instance-actions/*': ('show_instance_action',),
        'GET servers/*/os-volume_attachments': ('list_volume_attachments',),
        'POST servers/*/os-volume_attachments': ('attach_volume',),
        'GET servers/*/os-volume_attachments/*': ('show_volume_attachment',),
        'DELETE servers/*/os-volume_attachments/*': ('detach_volume',),
        'GET servers/*/tags': ('list_tags',),
        'PUT servers/*/tags/*': ('update_tag',),
        'DELETE servers/*/tags/*': ('delete_tag',),
        'POST servers/*/action confirmResize': (
            'server_actions_confirm_resize',
        ),
        'POST servers/*/action rebuild': (
            'rebuild_server_with_admin_pass',
            'rebuild_server',
        ),
        **{
            f'POST servers/*/action {one}': ('server_actions_common_schema',)
            for one in _BODILESS
        },
    },
    ('nova', 'images_client', 'ImagesClient'): {
        'POST servers/*/action createImage': ('create_image',),
    },
    ('nova', 'interfaces_client', 'InterfacesClient'): {
        'GET servers/*/os-interface': ('list_interfaces',),
        'POST servers/*/os-interface': ('get_create_interfaces',),
        'GET servers/*/os-interface/*': ('get_create_interfaces',),
        'DELETE servers/*/os-interface/*': ('delete_interface',),
    },
    ('nova', 'keypairs_client', 'KeyPairsClient'): {
        'GET os-keypairs': ('list_keypairs',),
        'POST os-keypairs': ('create_keypair',),
        'GET os-keypairs/*': ('get_keypair',),
        'DELETE os-keypairs/*': ('delete_keypair',),
    },
    ('nova', 'server_groups_client', 'ServerGroupsClient'): {
        'GET os-server-groups': ('list_server_groups',),
        'POST os-server-groups': ('create_show_server_group',),
        'GET os-server-groups/*': ('create_show_server_group',),
        'DELETE os-server-groups/*': ('delete_server_group',),
    },
    ('nova', 'migrations_client', 'MigrationsClient'): {
        'GET os-migrations': ('list_migrations',),
    },
    ('nova', 'flavors_client', 'FlavorsClient'): {
        'GET flavors/*': ('create_update_get_flavor_details',),
    },
    ('nova', 'limits_client', 'LimitsClient'): {
        'GET limits': ('get_limit',),
    },
    ('cinder', 'volumes_client', 'VolumesClient'): {
        'GET volumes': ('list_volumes_no_detail',),
        'GET volumes/detail': ('list_volumes_with_detail',),
        'POST volumes': ('create_volume',),
        'GET volumes/*': ('show_volume',),
        'PUT volumes/*': ('update_volume',),
        'DELETE volumes/*': ('delete_volume',),
        'GET volumes/*/metadata': ('show_volume_metadata',),
        'PUT volumes/*/metadata': ('update_volume_metadata',),
        'POST volumes/*/metadata': ('create_volume_metadata',),
        'GET volumes/*/metadata/*': ('show_volume_metadata_item',),
        'PUT volumes/*/metadata/*': ('update_volume_metadata_item',),
        'DELETE volumes/*/metadata/*': ('delete_volume_metadata_item',),
        'POST volumes/*/action os-extend': ('extend_volume',),
        'POST volumes/*/action os-reserve': ('reserve_volume',),
        'POST volumes/*/action os-unreserve': ('unreserve_volume',),
    },
    ('cinder', 'snapshots_client', 'SnapshotsClient'): {
        'GET snapshots': ('list_snapshots_no_detail',),
        'GET snapshots/detail': ('list_snapshots_with_detail',),
        'POST snapshots': ('create_snapshot',),
        'GET snapshots/*': ('show_snapshot',),
        'PUT snapshots/*': ('update_snapshot',),
        'DELETE snapshots/*': ('delete_snapshot',),
    },
    ('cinder', 'backups_client', 'BackupsClient'): {
        # Not the list: its schema knows nothing of a next page.
        'POST backups': ('create_backup',),
        'GET backups/*': ('show_backup',),
        'DELETE backups/*': ('delete_backup',),
        'POST backups/*/restore': ('restore_backup',),
    },
    ('cinder', 'transfers_client', 'TransfersClient'): {
        'GET os-volume-transfer': ('list_volume_transfers_no_detail',),
        'GET os-volume-transfer/detail': (
            'list_volume_transfers_with_detail',
        ),
        'POST os-volume-transfer': ('create_volume_transfer',),
        'GET os-volume-transfer/*': ('show_volume_transfer',),
        'DELETE os-volume-transfer/*': ('delete_volume_transfer',),
        'POST os-volume-transfer/*/accept': ('accept_volume_transfer',),
    },
    ('cinder', 'limits_client', 'LimitsClient'): {
        'GET limits': ('show_limits',),
    },
}

_BY_REQUEST = {
    (client[0], request): (client, names)
    for client, routes in _ROUTES.items()
    for request, names in routes.items()
}

#: Services some of whose answers have a schema.
SERVICES = frozenset(_PACKAGES)


def requests() -> collections.abc.Iterable[tuple[str, str]]:
    """Services and requests whose answers have a schema."""
    return _BY_REQUEST.keys()


def find(service: str, request: str, version: str) -> tuple[Schema, ...]:
    """The schemas of an answer, one of which must hold; none if there is none.

    :param service: by the name of its project: ``nova``.
    :param request: ``GET servers/*``.
    :param version: microversion; empty for the oldest.
    """
    found = _BY_REQUEST.get((service, request))
    if found is None:
        return ()
    client, names = found
    modules = _modules(client, version)
    # A version repeats what it changes; what it does not is in the oldest;
    # what came after it is in neither.
    return tuple(
        getattr(has_it[0], name)
        for name in names
        if (has_it := [one for one in modules if hasattr(one, name)])
    )


def _modules(
    client: tuple[str, str, str], version: str
) -> tuple[typing.Any, ...]:
    """Modules with the schemas of a version: its own, and the oldest."""
    service, module, name = client
    loaded = importlib.import_module(f'{_PACKAGES[service]}.{module}')
    versions = getattr(getattr(loaded, name), 'schema_versions_info', None)
    if not versions:
        return (loaded.schema,)
    oldest = versions[0]['schema']
    if not version:
        return (oldest,)
    asked = api_version_request.APIVersionRequest(version)
    return (
        next(
            one['schema']
            for one in versions
            if asked.matches(_version(one['min']), _version(one['max']))
        ),
        oldest,
    )


@functools.cache
def _version(text: str | None) -> api_version_request.APIVersionRequest:
    return api_version_request.APIVersionRequest(text)
