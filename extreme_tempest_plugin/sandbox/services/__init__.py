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
"""Which services run in the sandbox: one entry each, data only.

A new service is one entry here and its templates. From this table come the
configuration files, the systemd units, the databases, the catalogue and the
os-faults configuration.
"""

import collections.abc
import dataclasses

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox.services import backends
from extreme_tempest_plugin.sandbox.services import cinder
from extreme_tempest_plugin.sandbox.services import cluster
from extreme_tempest_plugin.sandbox.services import designate
from extreme_tempest_plugin.sandbox.services import glance
from extreme_tempest_plugin.sandbox.services import keystone
from extreme_tempest_plugin.sandbox.services import neutron
from extreme_tempest_plugin.sandbox.services import nova
from extreme_tempest_plugin.sandbox.services import placement
from extreme_tempest_plugin.sandbox.services import swift
from extreme_tempest_plugin.sandbox.services import switch
from extreme_tempest_plugin.sandbox.services.model import Service
from extreme_tempest_plugin.sandbox.services.model import Unit
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

#: In order of start.
SERVICES: tuple[Service, ...] = (
    backends.MARIADB,
    cluster.GALERA,
    cluster.HAPROXY,
    cluster.KEEPALIVED,
    backends.RABBITMQ,
    backends.MEMCACHED,
    neutron.OVN_CENTRAL,
    keystone.KEYSTONE,
    glance.GLANCE,
    placement.PLACEMENT,
    nova.NOVA,
    neutron.NEUTRON,
    cinder.CINDER,
    swift.SWIFT,
    swift.SWIFT_REPLICATION,
    designate.DESIGNATE,
    neutron.OVN_HOST,
    nova.NOVA_COMPUTE,
    switch.SWITCH,
)


def select(
    shape: Topology, without: collections.abc.Iterable[str]
) -> Topology:
    """A topology whose hosts do not run some of the services.

    :param without: names of optional services
    :raises errors.UsageError: one is unknown, or others need it
    """
    left_out = tuple(sorted(set(without)))
    optional = {service.name for service in SERVICES if service.optional}
    for name in left_out:
        if name not in optional:
            known = any(service.name == name for service in SERVICES)
            why = 'others need it' if known else 'there is no such service'
            raise errors.UsageError(
                f'{name!r} cannot be left out: {why}; can be left out: '
                f'{", ".join(sorted(optional))}'
            )
    return dataclasses.replace(shape, without=left_out)


def of(shape: Topology) -> tuple[Service, ...]:
    """The services of a topology, in order of start."""
    return tuple(
        service
        for service in SERVICES
        if not {service.name, service.part_of} & set(shape.without)
        and (shape.clustered or not service.clustered_only)
    )


def on(shape: Topology, role: Role) -> tuple[Service, ...]:
    """The services that run on hosts of a role, in order of start."""
    return tuple(service for service in of(shape) if service.role is role)


def apis(shape: Topology) -> tuple[Unit, ...]:
    """The units that serve an API on every controller."""
    return tuple(
        unit
        for service in on(shape, Role.CONTROLLER)
        for unit in service.units
        if (service.endpoint and unit.port == service.endpoint.port)
        or unit.wsgi
    )


def unit_names(shape: Topology, role: Role) -> tuple[str, ...]:
    """All units of a role: in each service Debian's first, then ours."""
    return tuple(
        unit.name for service in on(shape, role) for unit in service.all_units
    )
