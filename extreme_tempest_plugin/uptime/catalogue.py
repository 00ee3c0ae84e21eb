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
"""Where a service answers, from the catalog that comes with a token. Pure."""

import collections.abc

import msgspec

from extreme_tempest_plugin import errors


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint as Keystone lists it."""

    url: str
    interface: str
    region: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """A service of the catalog."""

    type: str
    endpoints: tuple[Endpoint, ...] = ()


def find(
    catalog: collections.abc.Iterable[Entry],
    service: str,
    catalog_type: str,
    region: str,
    interface: str,
) -> str:
    """URL of a service.

    :param service: its name, for the message.
    :param region: empty takes the first.
    :raises UsageError: if the catalog has none.
    """
    offered = set()
    for entry in catalog:
        offered.add(entry.type)
        if entry.type != catalog_type:
            continue
        for endpoint in entry.endpoints:
            here = not region or endpoint.region == region
            if here and endpoint.interface == interface:
                return endpoint.url
    where = f' in region {region}' if region else ''
    raise errors.UsageError(
        f'{service}: the catalog has no {interface} endpoint of type '
        f'{catalog_type!r}{where}; it has the types: '
        f'{", ".join(sorted(offered)) or "none"}'
    )
