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
"""How much a project may have, from nova's limits. Pure.

Nova checks the quota again after it has acknowledged a create, and puts the
server into ERROR if another was faster. A storm that goes over its project's
quota would so find errors on a healthy cloud.
"""

import collections.abc
import dataclasses

#: Limits and what of them is used, with what one server takes.
_SERVERS = (
    ('maxTotalInstances', 'totalInstancesUsed', ''),
    ('maxTotalCores', 'totalCoresUsed', 'vcpus'),
    ('maxTotalRAMSize', 'totalRAMUsed', 'ram'),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a project may still create; None where there is no limit."""

    servers: int | None = None
    keypairs: int | None = None


UNLIMITED = Room()


def room(
    absolute: collections.abc.Mapping[str, int],
    flavor: collections.abc.Mapping[str, int],
    keypairs: int,
) -> Room:
    """Room of a project for servers of one flavor.

    :param absolute: of ``GET /limits``,
        https://docs.openstack.org/api-ref/compute/#show-rate-and-absolute-limits
    :param flavor: with ``vcpus`` and ``ram`` (MiB).
    :param keypairs: that the user has.
    """
    bounds = []
    for limit, used, takes in _SERVERS:
        most = absolute.get(limit, -1)
        each = flavor[takes] if takes else 1
        # -1 is no limit; a flavor may take no memory at all.
        if most >= 0 and each > 0:
            left = most - absolute.get(used, 0)
            bounds.append(max(0, left // each))
    most = absolute.get('maxTotalKeypairs', -1)
    return Room(
        servers=min(bounds, default=None),
        keypairs=max(0, most - keypairs) if most >= 0 else None,
    )
