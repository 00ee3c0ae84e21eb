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
"""What faults take away while they last: hosts, and votes of clusters. Pure.

Two faults may be active at the same time if one is due before the other has
to be whole again, at + recovery. A campaign that does not overlap them waits
for the proof of the heal; a cluster may take longer than that to be one again.
"""

import collections.abc
import math

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clusters as clusters_
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.plan import model

Planned = tuple[model.Fault, configuration.Target]


def meet(one: model.Fault, other: model.Fault) -> bool:
    """Whether the one may not be over when the other begins, or reverse."""
    return one.at < _over(other) and other.at < _over(one)


def away(target: configuration.Target) -> tuple[str, ...]:
    """Addresses of the hosts that nobody reaches while the fault lasts."""
    return target.part.away(target.addresses) if target.part else ()


def hit(target: configuration.Target) -> tuple[str, ...]:
    """Addresses of the hosts that suffer as a whole.

    A service is lost on its hosts and leaves them whole, so it hits none.
    """
    return target.part.hit(target.addresses) if target.part else ()


def lost(
    cluster: clusters_.Cluster, target: configuration.Target
) -> tuple[str, ...]:
    """Members that a cluster loses while the fault lasts."""
    known = cluster.addresses
    if target.subject == catalogue.Subject.SERVICE:
        gone = target.addresses if _serves(target, cluster) else ()
    else:
        assert target.part is not None
        gone = target.part.lost(target.addresses, frozenset(known))
    wanted = {known.get(parts.same(one)) for one in gone}
    return tuple(one for one in cluster.members if one in wanted)


def uncounted(
    target: configuration.Target, offered: configuration.Configuration
) -> str:
    """Why nobody knows whether a cluster loses a vote; empty if it is known.

    An address that no cluster has may be one more of a member.
    """
    mine = [one for one in offered.clusters if _serves(target, one)]
    strange = {*map(parts.same, target.addresses)}.difference(
        *(one.addresses for one in mine)
    )
    if mine and strange:
        named = ', '.join(one.name for one in mine)
        return (
            f'it is a service of the cluster {named}, of which '
            f'{min(strange)} is no member: add it to its hosts, or give it '
            'the fqdn of the member whose address it is, in node_discover'
        )
    members = {host for one in offered.clusters for host in one.addresses}
    asked = {*map(parts.same, hit(target))}
    if target.part and asked & members:
        asked |= {*map(parts.same, target.part.cut_off())}
    nameless = (asked & offered.nameless) - members
    if offered.clusters and nameless:
        return (
            f'nobody knows whether {min(nameless)} is an address of a member '
            'of a cluster: give it the fqdn of its host, in node_discover'
        )
    return ''


def broken(
    clusters: collections.abc.Iterable[clusters_.Cluster],
    targets: collections.abc.Iterable[configuration.Target],
) -> tuple[str, ...]:
    """The clusters that have no majority, one line each.

    :param targets: of the faults that may be active at the same time.
    """
    targets = tuple(targets)
    found = []
    for cluster in clusters:
        gone = {member for one in targets for member in lost(cluster, one)}
        left = len(cluster.members) - len(gone)
        if left < cluster.majority:
            found.append(
                f'leaves {left} of {len(cluster.members)} members of the '
                f'cluster {cluster.name}, which needs {cluster.majority}'
            )
    return tuple(found)


def together(
    planned: collections.abc.Sequence[Planned],
) -> collections.abc.Iterator[tuple[Planned, ...]]:
    """For each fault, in turn: it and those that may be active at its start.

    Nothing else can be active at the same time, as the most are when one
    begins.
    """
    for index, (fault, target) in enumerate(planned):
        others = (
            (other, its)
            for number, (other, its) in enumerate(planned)
            if number != index and other.at <= fault.at < _over(other)
        )
        yield ((fault, target), *others)


def check(
    planned: collections.abc.Sequence[Planned],
    offered: configuration.Configuration,
    bounds: model.Bounds,
) -> None:
    """Whether the plan allows what its faults take away at the same time.

    :raises RefusedError: naming the fault that is too much.
    """
    for fault, target in planned:
        if why := uncounted(target, offered):
            raise errors.RefusedError(
                f'{fault.fault} of {fault.target} refused: {why}'
            )
    for (fault, target), *others in together(planned):
        beside = ', '.join(f'{one.fault} of {one.target}' for one, _ in others)
        about = f'{fault.fault} of {fault.target} refused: ' + (
            f'beside {beside} it ' if beside else 'it '
        )
        targets = (target, *(its for _, its in others))
        hosts = {
            offered.host_of(address) for one in targets for address in hit(one)
        }
        if hit(target) and len(hosts) > bounds.most_hosts:
            raise errors.RefusedError(
                f'{about}hits {len(hosts)} hosts at the same time '
                f'({", ".join(sorted(hosts))}): the plan has most_hosts: '
                f'{bounds.most_hosts}'
            )
        for loss in broken(offered.clusters, targets):
            if not bounds.beyond_quorum:
                raise errors.RefusedError(
                    f'{about}{loss}: the plan does not say beyond_quorum: true'
                )


def _serves(target: configuration.Target, cluster: clusters_.Cluster) -> bool:
    """Whether it is one of the services that form the cluster."""
    return not target.runs_as.isdisjoint(cluster.units)


def _over(fault: model.Fault) -> float:
    """When it is whole again at the latest, seconds of the plan."""
    return math.inf if fault.hold is None else fault.at + fault.recovery
