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
"""Whether a Galera cluster that stops as a whole is begun again. Pure.

Nodes that are killed, or lose their power, find each other again. Nodes that
were stopped in good order wait for one that is told to begin, and that is done
for one fault of one service on all of them alone, see ``drivers.galera``.
"""

import collections.abc

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import clusters as clusters_
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults.drivers import galera
from extreme_tempest_plugin.plan import model

#: Kinds that stop a node in good order.
_STOPS = ('service.restart', 'service.terminate', 'node.shutdown')


def check(
    planned: collections.abc.Sequence[losses.Planned],
    clusters: collections.abc.Iterable[clusters_.Cluster],
    bounds: model.Bounds,
) -> None:
    """Whether no plan stops a cluster that nobody would begin again.

    :raises RefusedError: naming the fault that takes the last member.
    """
    # Where faults do not overlap, the one is whole before the next.
    alone = tuple((one,) for one in planned)
    wanted = [one for one in clusters if _is_galera(one)]
    for now in losses.together(planned) if bounds.overlap else alone:
        for cluster in wanted:
            fault, _ = now[0]
            if _stays_down(cluster, now):
                raise errors.RefusedError(
                    f'{fault.fault} of {fault.target} refused: it stops the '
                    f'last member of the cluster {cluster.name}, and nobody '
                    'would begin it again: that is done for one '
                    'service.terminate or service.restart of a unit mariadb '
                    'or mysql on all its hosts'
                )


def _stays_down(
    cluster: clusters_.Cluster, now: collections.abc.Sequence[losses.Planned]
) -> bool:
    """Whether all members are gone, and some stopped in good order.

    :param now: faults that may be active at the same time.
    """
    gone: set[str] = set()
    stopped = False
    for fault, target in now:
        lost = losses.lost(cluster, target)
        begun = (
            target.part is None
            and target.unit in galera.UNITS
            and len(lost) == len(cluster.members)
        )
        if not begun:
            gone.update(lost)
            stopped = stopped or bool(lost and fault.fault in _STOPS)
    return stopped and len(gone) == len(cluster.members)


def _is_galera(cluster: clusters_.Cluster) -> bool:
    return cluster.kind == 'galera' or 'mariadb' in cluster.units
