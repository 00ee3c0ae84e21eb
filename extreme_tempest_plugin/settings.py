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

import dataclasses
import pathlib

from oslo_config import cfg


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Where the cloud is and what to boot.

    :param auth_url: Keystone v3, ``https://cloud:5000/v3``.
    :param ca_file: certificates to trust; empty for the system's.
    :param insecure: TLS certificates are not verified.
    :param catalog_types: service name to the type in the catalog.
    :param image: id of the image to boot; empty where none is configured.
    :param flavor: id of the flavor.
    """

    auth_url: str
    region: str
    endpoint_type: str
    ca_file: str
    insecure: bool
    catalog_types: dict[str, str]
    image: str
    flavor: str


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
class Settings:
    cloud: Cloud
    logs: Logs
    destructive: Destructive
    users: int
    max_instances: int
    plans_dir: pathlib.Path | None
    runs_dir: pathlib.Path
    services: tuple[str, ...]


def from_conf(conf: cfg.ConfigOpts) -> Settings:
    """Read what this plugin uses of a Tempest configuration.

    :param conf: ``tempest.config.CONF``.
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
        services=tuple(conf.uptime.services),
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
        },
        image=conf.compute.image_ref or '',
        flavor=conf.compute.flavor_ref or '',
    )
