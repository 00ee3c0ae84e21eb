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
"""Configuration as frozen data: the only reader of CONF but the scenarios.

Everything else takes ``Settings``, so it can be used and tested without a
tempest.conf.
"""

import collections.abc
import dataclasses
import pathlib
import urllib.parse

from oslo_config import cfg

from extreme_tempest_plugin import errors

DNS_PORT = 53

#: Options of Tempest's [compute-feature-enabled] and so on that say what a
#: cloud can do and actions need.
FEATURES = {
    'compute': (
        'cold_migration',
        'interface_attach',
        'live_migration',
        'pause',
        'resize',
        'snapshot',
        'suspend',
    ),
    'volume': ('clone', 'extend_attached_volume', 'snapshot'),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Where the cloud is and what to boot.

    :param auth_url: Keystone v3, ``https://cloud:5000/v3``.
    :param ca_file: certificates to trust; empty for the system's.
    :param insecure: TLS certificates are not verified.
    :param catalog_types: service name to the type in the catalog.
    :param image: id of the image to boot; empty where none is configured.
    :param flavor: id of the flavor.
    :param flavor_alt: id of another one, for a resize; empty if there is
        none.
    :param public_network: id of the network of floating IPs; empty if there
        is none.
    :param fixed_network: name of the network to boot on, where the user has
        none of its own; empty if the cloud chooses.
    :param floating_ip_port: TCP port at which servers answer at their
        floating IPs; 0 if nobody is to look.
    :param computes: hosts for servers that there are at least.
    :param backup: there is a backup service of volumes.
    :param features: what is enabled of ``FEATURES``: ``compute:pause``.
    """

    auth_url: str
    region: str
    endpoint_type: str
    ca_file: str
    insecure: bool
    catalog_types: dict[str, str]
    image: str
    flavor: str
    flavor_alt: str = ''
    public_network: str = ''
    fixed_network: str = ''
    floating_ip_port: int = 0
    computes: int = 1
    backup: bool = False
    features: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """Whose logs are read, and how they are reached."""

    hosts: tuple[str, ...]
    files: tuple[str, ...]
    interval: int
    user: str
    key_file: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Destructive:
    """What may be broken, see the options of ``[destructive]``."""

    allowed: bool
    targets: tuple[str, ...]
    os_faults_config: str
    call_timeout: int
    state_dir: pathlib.Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Load processes on other machines, and where they are waited for."""

    workers: int
    host: str
    port: int
    key_file: pathlib.Path


@dataclasses.dataclass(frozen=True, slots=True)
class NameServer:
    """A name server, as the user names it."""

    host: str
    port: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it.

    :param os_cloud: name in clouds.yaml of the cloud and its user; empty
        where tempest.conf says both.
    :param others: load processes on other machines; None for none.
    :param name_servers: that the census asks; empty for those that designate
        names.
    :param control: what the control probe of the monitors watches; empty for
        none.
    :param web_ui: address and port of Locust's web page; empty for none.
    """

    cloud: Cloud
    logs: Logs
    destructive: Destructive
    users: int
    max_instances: int
    plans_dir: pathlib.Path | None
    runs_dir: pathlib.Path
    known_issues: tuple[pathlib.Path, ...]
    services: tuple[str, ...]
    os_cloud: str = ''
    name_servers: tuple[NameServer, ...] = ()
    control: str = ''
    web_ui: str = ''
    others: Others | None = None


def unavailable(
    conf: cfg.ConfigOpts, services: collections.abc.Iterable[str]
) -> tuple[str, ...]:
    """Those services of which the configuration says that they are not there.

    designate's option is one of its own Tempest plugin: where that is not
    installed it cannot be read, whatever the file says, and the service counts
    as there. Who needs it finds out from the targets, or from the catalog.

    :param conf: ``tempest.config.CONF``.
    """
    return tuple(
        service
        for service in services
        if not getattr(conf.service_available, service, True)
    )


def from_conf(conf: cfg.ConfigOpts) -> Settings:
    """Read what this plugin uses of a Tempest configuration.

    :param conf: ``tempest.config.CONF``.
    :raises UsageError: for a name server that is none.
    """
    return Settings(
        cloud=_cloud(conf),
        logs=Logs(
            hosts=tuple(conf.stress.log_hosts),
            files=tuple(conf.stress.log_files),
            interval=conf.stress.log_check_interval,
            user=conf.stress.ssh_user or '',
            key_file=conf.stress.ssh_private_key_file or '',
        ),
        destructive=Destructive(
            allowed=conf.destructive.allowed,
            targets=tuple(conf.destructive.targets),
            os_faults_config=conf.destructive.os_faults_config or '',
            call_timeout=conf.destructive.call_timeout,
            state_dir=pathlib.Path(conf.destructive.state_dir),
        ),
        users=conf.stress.users,
        max_instances=conf.stress.max_instances,
        plans_dir=(
            pathlib.Path(conf.stress.plans_dir)
            if conf.stress.plans_dir
            else None
        ),
        runs_dir=pathlib.Path(conf.stress.runs_dir),
        known_issues=tuple(map(pathlib.Path, conf.stress.known_issues)),
        services=tuple(conf.uptime.services),
        control=conf.uptime.control or '',
        os_cloud=conf.stress.os_cloud or '',
        name_servers=tuple(map(_name_server, conf.stress.name_servers)),
        others=_others(conf),
        web_ui=(
            f'{conf.stress.web_ui_host}:{conf.stress.web_ui_port}'
            if conf.stress.web_ui_port
            else ''
        ),
    )


def _others(conf: cfg.ConfigOpts) -> Others | None:
    if not conf.stress.workers:
        return None
    return Others(
        workers=conf.stress.workers,
        host=conf.stress.worker_host,
        port=conf.stress.worker_port,
        key_file=pathlib.Path(conf.stress.worker_key_file or ''),
    )


def _name_server(text: str) -> NameServer:
    try:
        parts = urllib.parse.urlsplit(f'//{text}')
        if parts.netloc == text and parts.hostname and '@' not in text:
            return NameServer(parts.hostname, parts.port or DNS_PORT)
    except ValueError:
        pass
    raise errors.UsageError(
        f'[stress] name_servers: {text!r} is not host, host:port or '
        '[address]:port'
    )


def _cloud(conf: cfg.ConfigOpts) -> Cloud:
    return Cloud(
        auth_url=conf.identity.uri_v3 or '',
        region=conf.identity.region,
        endpoint_type=conf.identity.v3_endpoint_type.removesuffix('URL'),
        ca_file=conf.identity.ca_certificates_file or '',
        insecure=conf.identity.disable_ssl_certificate_validation,
        catalog_types={
            'keystone': conf.identity.catalog_type,
            'nova': conf.compute.catalog_type,
            'neutron': conf.network.catalog_type,
            'glance': conf.image.catalog_type,
            'cinder': conf.volume.catalog_type,
            'swift': conf.object_storage.catalog_type,
            # The plugin of designate may not be installed.
            'designate': 'dns',
            'placement': conf.placement.catalog_type,
        },
        image=conf.compute.image_ref or '',
        flavor=conf.compute.flavor_ref or '',
        flavor_alt=conf.compute.flavor_ref_alt or '',
        public_network=conf.network.public_network_id or '',
        fixed_network=conf.compute.fixed_network_name or '',
        floating_ip_port=conf.stress.floating_ip_port or 0,
        computes=conf.compute.min_compute_nodes,
        backup=conf.volume_feature_enabled.backup,
        features=frozenset(
            f'{part}:{name}'
            for part, names in FEATURES.items()
            for name in names
            if getattr(getattr(conf, f'{part}_feature_enabled'), name)
        ),
    )
