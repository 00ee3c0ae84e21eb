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
"""What each monitor of a plan is told."""

import collections.abc
import pathlib
import re
import typing

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.uptime import questions
from extreme_tempest_plugin.uptime import recipes
from extreme_tempest_plugin.uptime import spec as spec_
from extreme_tempest_plugin.uptime import targets

if typing.TYPE_CHECKING:
    # Both load Tempest, which nothing here needs.
    from extreme_tempest_plugin import settings as settings_
    from extreme_tempest_plugin.cloud import credentials as credentials_

#: What a name may not have that is part of the name of a file.
_UNSAFE = re.compile(r'[^A-Za-z0-9_.-]')


def check(uptime: model.Uptime) -> None:
    """Look at what a plan wants watched before anything is done.

    :raises UsageError: if there is no probe for one of them.
    """
    for name in uptime.services or ():
        target = targets.parse(name)
        if target.how == 'write':
            recipes.check(target.service)
        elif target.how == 'boot' and target.service != 'nova':
            raise errors.UsageError(
                f'uptime: {name}: only nova boots servers: nova/boot'
            )
    control = uptime.control
    if control is not None and targets.parse(control).kind == 'api':
        raise errors.UsageError(
            f'uptime: control {control}: give something that is not of the '
            'cloud: tcp:HOST:PORT, ping:HOST or dns:NAME@SERVER'
        )


def specs(
    settings: 'settings_.Settings',
    credentials: 'credentials_.Credentials',
    uptime: model.Uptime,
    run: str,
    directory: pathlib.Path,
) -> tuple[spec_.Spec, ...]:
    """What each monitor of a plan is told.

    :param run: identity of the run.
    :param directory: RUN, see the contract of the run directory.
    :raises UsageError: if there is no probe for a service.
    """
    services = uptime.services
    if services is None:
        services = settings.services
    check(msgspec.structs.replace(uptime, services=services))
    wanted = {name: name for name in services}
    if uptime.control is not None:
        wanted[model.CONTROL] = uptime.control
    cloud = settings.cloud
    return tuple(
        spec_.Spec(
            service=name,
            target=target,
            run=run,
            part=str(directory / 'parts' / _file(name)),
            ledger=str(directory / 'ledgers' / _file(name)),
            auth_url=cloud.auth_url,
            region=cloud.region,
            endpoint_type=cloud.endpoint_type,
            catalog_type=_catalog_type(cloud, targets.parse(target).service),
            ca_file=cloud.ca_file,
            insecure=cloud.insecure,
            username=credentials.username,
            password=credentials.password,
            user_domain=credentials.user_domain,
            project_id=credentials.project_id,
            interval=uptime.interval_of(name),
            timeout=uptime.timeout_of(name),
            samples=uptime.samples or 0,
            image=cloud.image,
            flavor=cloud.flavor,
            network=credentials.network,
        )
        for name, target in wanted.items()
    )


def ledgers(
    wanted: collections.abc.Iterable[spec_.Spec],
) -> tuple[pathlib.Path, ...]:
    """What the write probes among some monitors have made is in these."""
    return tuple(
        path for one in wanted if (path := pathlib.Path(one.ledger)).exists()
    )


def _file(name: str) -> str:
    return f'uptime-{_UNSAFE.sub("_", name)}.jsonl'


def _catalog_type(cloud: 'settings_.Cloud', service: str) -> str:
    """Its type in the catalog; a service without a name here is its type."""
    known = questions.TYPES | cloud.catalog_types
    return known.get(service, service)
