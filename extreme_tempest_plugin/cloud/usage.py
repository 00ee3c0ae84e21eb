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
"""What the services say of the project's quotas.

Only what a project may ask about itself is asked:
https://docs.openstack.org/api-ref/compute/#limits-limits
https://docs.openstack.org/api-ref/block-storage/v3/#quota-sets-extension-os-quota-sets
https://docs.openstack.org/api-ref/network/v2/#show-quota-details-for-a-project
"""

import collections.abc
import dataclasses

import msgspec

from extreme_tempest_plugin.cloud import ports

#: Kind to its limit in nova, and what of it is used; empty where nova does
#: not say.
_NOVA = {
    'server': ('maxTotalInstances', 'totalInstancesUsed'),
    'keypair': ('maxTotalKeypairs', ''),
    'server_group': ('maxServerGroups', 'totalServerGroupsUsed'),
}

#: No kind, but volumes and snapshots have a quota of it.
GIGABYTES = 'gigabyte'

#: Kind to what cinder and neutron call it.
_CINDER = {
    'volume': 'volumes',
    'volume_snapshot': 'snapshots',
    'volume_backup': 'backups',
    GIGABYTES: 'gigabytes',
}
_NEUTRON = {
    'floating_ip': 'floatingip',
    'network': 'network',
    'port': 'port',
    'router': 'router',
    'security_group': 'security_group',
    'security_group_rule': 'security_group_rule',
    'subnet': 'subnet',
    'trunk': 'trunk',
}

#: Service to the kinds whose quota it has.
KINDS: dict[str, tuple[str, ...]] = {
    'nova': tuple(_NOVA),
    'cinder': tuple(_CINDER),
    'neutron': tuple(_NEUTRON),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The quota of one kind.

    :param limit: -1 for none.
    :param in_use: None where the service does not say.
    :param reserved: for what is under way.
    """

    limit: int
    in_use: int | None = None
    reserved: int = 0


class _Absolute(msgspec.Struct):
    absolute: dict[str, int]


class _LimitsBody(msgspec.Struct):
    limits: _Absolute


class _Cinder(msgspec.Struct):
    limit: int
    in_use: int
    reserved: int


class _CinderBody(msgspec.Struct):
    quota_set: dict[str, _Cinder | str]


class _Neutron(msgspec.Struct):
    limit: int
    used: int
    reserved: int


class _NeutronBody(msgspec.Struct):
    quota: dict[str, _Neutron]


def of(cloud: ports.Cloud, service: str) -> dict[str, Usage]:
    """The quotas of a service, by kind.

    :param service: one of KINDS.
    :raises CallError: if they cannot be had.
    """
    return _OF[service](cloud)


def _nova(cloud: ports.Cloud) -> dict[str, Usage]:
    absolute = (
        cloud.service('nova').get('limits').read(_LimitsBody).limits.absolute
    )
    return {
        kind: Usage(
            limit=absolute[limit],
            in_use=absolute.get(used),
        )
        for kind, (limit, used) in _NOVA.items()
        if limit in absolute
    }


def _cinder(cloud: ports.Cloud) -> dict[str, Usage]:
    path = f'os-quota-sets/{cloud.project}?usage=true'
    quotas = cloud.service('cinder').get(path).read(_CinderBody).quota_set
    return {
        kind: Usage(
            limit=quota.limit, in_use=quota.in_use, reserved=quota.reserved
        )
        for kind, name in _CINDER.items()
        if isinstance(quota := quotas.get(name), _Cinder)
    }


def _neutron(cloud: ports.Cloud) -> dict[str, Usage]:
    path = f'v2.0/quotas/{cloud.project}/details'
    quotas = cloud.service('neutron').get(path).read(_NeutronBody).quota
    return {
        kind: Usage(
            limit=quotas[name].limit,
            in_use=quotas[name].used,
            reserved=quotas[name].reserved,
        )
        for kind, name in _NEUTRON.items()
        if name in quotas
    }


_OF: dict[str, collections.abc.Callable[[ports.Cloud], dict[str, Usage]]] = {
    'nova': _nova,
    'cinder': _cinder,
    'neutron': _neutron,
}
