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
"""What of a sandbox may be broken beside its services.

For the sections of the os-faults configuration that are ours. There are no
``disks``: all that a host writes lies on the disk of this machine or in its
memory, and both would be filled.
"""

import collections.abc
import pathlib

from extreme_tempest_plugin.sandbox.topology import Host
from extreme_tempest_plugin.sandbox.topology import SWITCH
from extreme_tempest_plugin.sandbox.topology import Topology

_COMMAND = '/usr/local/bin/switchport'


def partitions(shape: Topology) -> dict[str, dict[str, object]]:
    """Who can be cut off from whom, by the name of the partition.

    Controllers and computes from each other, a compute one way as well, and
    each controller from the others.
    """
    found: dict[str, dict[str, object]] = {}
    for host in shape.computes:
        name = f'{host.name}-no-controllers'
        found[name] = _partition(host, shape.controllers)
        for direction in ('in', 'out'):
            found[f'{name}-{direction}'] = _partition(
                host, shape.controllers, direction
            )
    for host in shape.controllers:
        found[f'{host.name}-no-computes'] = _partition(host, shape.computes)
        others = [one for one in shape.controllers if one is not host]
        if others:
            found[f'{host.name}-no-controllers'] = _partition(host, others)
    return found


def switches(
    shape: Topology, user: str, ssh_key: pathlib.Path
) -> dict[str, dict[str, object]]:
    """The switch and its ports: of all hosts, of each, and one by one."""
    return {
        SWITCH.name: {
            'ip': SWITCH.address,
            'auth': {'username': user, 'private_key_file': str(ssh_key)},
            'down': [_COMMAND, 'down', 'all', 'PORT'],
            'up': [_COMMAND, 'up', 'all', 'PORT'],
            'status': [_COMMAND, 'show'],
            'targets': dict(_ports(shape)),
        }
    }


def clusters(shape: Topology) -> dict[str, dict[str, object]]:
    """What the controllers decide by a majority, where there are several.

    OVN's databases are no target of their own: their hosts are.
    """
    if not shape.clustered:
        return {}
    hosts = [host.name for host in shape.controllers]
    return {
        'galera': {'hosts': hosts, 'services': ['mysql']},
        'rabbitmq': {'hosts': hosts, 'services': ['rabbitmq']},
        'ovn': {'hosts': hosts},
    }


def targets(shape: Topology) -> tuple[str, ...]:
    """Names of all that is declared here, and of the hosts."""
    return (
        *(host.name for host in shape.nodes),
        *partitions(shape),
        *(name for name, _ in _ports(shape)),
    )


def _partition(
    host: Host,
    peers: collections.abc.Iterable[Host],
    direction: str = 'both',
) -> dict[str, object]:
    return {
        'host': host.address,
        'peers': [peer.address for peer in peers],
        'direction': direction,
    }


def _ports(
    shape: Topology,
) -> collections.abc.Iterator[tuple[str, dict[str, object]]]:
    everything: list[str] = []
    for host in shape.nodes:
        names = [f'{host.name}-eth{n}' for n in range(len(host.networks))]
        everything += names
        yield f'{host.name}-ports', _target(names, [host])
        if len(names) == 1:
            continue
        for name, network in zip(names, host.networks, strict=True):
            # SSH answers on the management network alone.
            silent = [host] if network == 'management' else []
            yield f'{host.name}-{network}', _target([name], silent)
    yield 'all-ports', _target(everything, shape.nodes)


def _target(
    ports: list[str], silent: collections.abc.Iterable[Host]
) -> dict[str, object]:
    return {'ports': ports, 'hosts': [host.address for host in silent]}
