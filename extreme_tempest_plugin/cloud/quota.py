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
"""How much a project may have, from the limits of its services. Pure.

Nova checks the quota again after it has acknowledged a create, and puts the
server into ERROR if another was faster. A storm that goes over its project's
quota would so find errors on a healthy cloud.
"""

import collections.abc
import typing

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports

#: Limits and what of them is used, with what one server takes.
_SERVERS = (
    ('maxTotalInstances', 'totalInstancesUsed', ''),
    ('maxTotalCores', 'totalCoresUsed', 'vcpus'),
    ('maxTotalRAMSize', 'totalRAMUsed', 'ram'),
)

#: Kind to its limit in cinder, and what of it is used.
_VOLUMES = {
    'volume': ('maxTotalVolumes', 'totalVolumesUsed'),
    'volume_snapshot': ('maxTotalSnapshots', 'totalSnapshotsUsed'),
    'volume_backup': ('maxTotalBackups', 'totalBackupsUsed'),
}

#: Kinds that share cinder's quota of gigabytes; backups have their own.
_SIZED = frozenset({'volume', 'volume_snapshot'})

#: GiB of the largest volume that a storm makes, see
#: ``storm.actions.volume_states``.
_LARGEST = 3

#: Kind to what neutron calls it in its quota.
_NETWORKS = {
    'network': 'network',
    'subnet': 'subnet',
    'port': 'port',
    'router': 'router',
    'floating_ip': 'floatingip',
    'security_group': 'security_group',
    'security_group_rule': 'security_group_rule',
    'trunk': 'trunk',
}

#: Rules that neutron puts into each new security group: all that goes out,
#: for IPv4 and IPv6.
_RULES = 2

_Absolute = collections.abc.Mapping[str, int]


class _FlavorBody(msgspec.Struct):
    flavor: dict[str, typing.Any]


class _Limits(msgspec.Struct):
    absolute: dict[str, int]


class _Detail(msgspec.Struct):
    """What neutron says of one quota.

    :param limit: -1 if there is none.
    """

    limit: int
    used: int = 0
    reserved: int = 0


class _DetailsBody(msgspec.Struct):
    quota: dict[str, _Detail]


class _Zones(msgspec.Struct):
    """What designate says of the quota of a project."""

    zones: int = -1


class _LimitsBody(msgspec.Struct):
    limits: _Limits


def room(
    cloud: ports.Cloud, wanted: collections.abc.Collection[str]
) -> dict[str, int]:
    """What the project may still create, by kind.

    A kind is not in the result where there is no limit. Only services that
    have one of the kinds are asked.

    :param wanted: kinds that are to be created.
    :raises CallError: if the quota cannot be read.
    """
    services = {
        kinds.BY_NAME[kind].service for kind in wanted if kind in kinds.BY_NAME
    }
    found: dict[str, int] = {}
    if 'nova' in services:
        flavor = cloud.service('nova').get(f'flavors/{cloud.boot.flavor}')
        keypairs = len(kinds.found(cloud, kinds.BY_NAME['keypair']))
        found |= compute_room(
            _limits(cloud, 'nova'),
            flavor.read(_FlavorBody).flavor,
            keypairs,
            grouped='server_group' in wanted,
        )
    if 'cinder' in services:
        found |= volume_room(_limits(cloud, 'cinder'), wanted)
    if 'neutron' in services:
        details = cloud.service('neutron').get(
            f'v2.0/quotas/{cloud.project}/details'
        )
        found |= network_room(details.read(_DetailsBody).quota)
    if 'designate' in services:
        quotas = cloud.service('designate').get(f'v2/quotas/{cloud.project}')
        zones = len(kinds.found(cloud, kinds.BY_NAME['zone']))
        most = quotas.read(_Zones).zones
        found |= {'zone': max(0, most - zones)} if most >= 0 else {}
    return found


def _limits(cloud: ports.Cloud, service: str) -> _Absolute:
    answer = cloud.service(service).get('limits')
    return answer.read(_LimitsBody).limits.absolute


def compute_room(
    absolute: _Absolute,
    flavor: collections.abc.Mapping[str, typing.Any],
    keypairs: int,
    grouped: bool = False,
) -> dict[str, int]:
    """Room for servers of one flavor, keypairs and server groups.

    :param absolute: of ``GET /limits``,
        https://docs.openstack.org/api-ref/compute/#show-rate-and-absolute-limits
    :param flavor: with ``vcpus`` and ``ram`` (MiB).
    :param keypairs: that the user has.
    :param grouped: servers may all become members of one server group.
    """
    bounds = []
    for limit, used, takes in _SERVERS:
        most = absolute.get(limit, -1)
        each = flavor[takes] if takes else 1
        # -1 is no limit; a flavor may take no memory at all.
        if most >= 0 and each > 0:
            left = most - absolute.get(used, 0)
            bounds.append(max(0, left // each))
    if grouped and absolute.get('maxServerGroupMembers', -1) >= 0:
        bounds.append(absolute['maxServerGroupMembers'])
    found = {'server': min(bounds)} if bounds else {}
    most = absolute.get('maxTotalKeypairs', -1)
    if most >= 0:
        found['keypair'] = max(0, most - keypairs)
    return found | _left(
        absolute,
        'server_group',
        ('maxServerGroups', 'totalServerGroupsUsed'),
    )


def volume_room(
    absolute: _Absolute, wanted: collections.abc.Collection[str]
) -> dict[str, int]:
    """Room for volumes, their snapshots and backups.

    Volumes and snapshots share a quota of gigabytes: each of the kinds that
    are wanted gets an equal part, in pieces of the largest size.

    :param absolute: of ``GET /limits``,
        https://docs.openstack.org/api-ref/block-storage/v3/#limits-limits
    :param wanted: kinds that are to be created.
    """
    found: dict[str, int] = {}
    for kind, names in _VOLUMES.items():
        found |= _left(absolute, kind, names)
    sized = _SIZED.intersection(wanted)
    most = absolute.get('maxTotalVolumeGigabytes', -1)
    if most >= 0 and sized:
        left = max(0, most - absolute.get('totalGigabytesUsed', 0))
        each = left // len(sized) // _LARGEST
        found |= {kind: min(each, found.get(kind, each)) for kind in sized}
    return found


def _left(
    absolute: _Absolute, kind: str, names: tuple[str, str]
) -> dict[str, int]:
    most, used = (absolute.get(name, -1) for name in names)
    return {kind: max(0, most - max(used, 0))} if most >= 0 else {}


def network_room(
    details: collections.abc.Mapping[str, _Detail],
) -> dict[str, int]:
    """Room for what neutron has.

    A router takes a port in each of its subnets, and a server one of its
    own, so not all ports are free for the storm's. A security group takes
    rules.

    :param details: of ``GET /v2.0/quotas/{project}/details``,
        https://docs.openstack.org/api-ref/network/v2/#show-quota-details-for-a-tenant
    """
    left = {
        kind: max(0, one.limit - one.used - one.reserved)
        for kind, name in _NETWORKS.items()
        if (one := details.get(name)) and one.limit >= 0
    }
    if 'port' in left:
        interfaces = left.get('subnet', 0)
        left['port'] = max(0, left['port'] - interfaces) // 2
    if 'security_group_rule' in left:
        given = _RULES * left.get('security_group', 0)
        left['security_group_rule'] = max(
            0, left['security_group_rule'] - given
        )
    return left
