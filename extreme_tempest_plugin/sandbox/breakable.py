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

For the sections of the os-faults configuration that are ours. The only disk
is the storage of images and volumes, which has a size of its own: all else
that a host writes lies on the disk of this machine or in its memory, and both
would be filled.
"""

import collections.abc
import pathlib

from extreme_tempest_plugin.sandbox.topology import Host
from extreme_tempest_plugin.sandbox.topology import SWITCH
from extreme_tempest_plugin.sandbox.topology import Topology

#: Where glance has it, which no sandbox is without.
_STORAGE = '/var/lib/glance'
#: What RabbitMQ may take, in rabbitmq.conf.j2.
MEMORY = '1GB'
#: Percent of the packets: TCP is slow, and gets through.
_LOSS = 20
#: Ports at which a cluster's members speak to each other; the first answers.
_AMONG_THEMSELVES = {'rabbitmq': [25672, 4369], 'galera': [4567, 4568, 4444]}
_COMMAND = '/usr/local/bin/switchport'


def partitions(shape: Topology) -> dict[str, dict[str, object]]:
    """Who can be cut off from whom, by the name of the partition.

    Controllers and computes from each other, a compute one way as well, and
    each controller from the others, as a whole or only as RabbitMQ or Galera.
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
            for service, ports in _AMONG_THEMSELVES.items():
                found[f'{host.name}-no-{service}'] = {
                    **_partition(host, others),
                    'ports': ports,
                }
    return found


def links(shape: Topology) -> dict[str, dict[str, object]]:
    """Who loses packets: the first controller and the first compute.

    None delays them and no clock jumps: the hosts have the kernel and the
    clock of this machine.
    """
    first, *_ = shape.controllers
    compute, *_ = shape.computes
    return {
        f'{host.name}-lossy': {
            'host': host.address,
            'peers': [peer.address for peer in peers],
            'loss': _LOSS,
        }
        for host, peers in (
            (first, shape.computes),
            (compute, shape.controllers),
        )
    }


def disks(shape: Topology) -> dict[str, dict[str, object]]:
    """The storage of images and volumes, which all controllers share."""
    first = shape.controllers[0]
    return {'storage': {'host': first.address, 'path': _STORAGE}}


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


def commands(shape: Topology) -> dict[str, dict[str, object]]:
    """RabbitMQ's alarm of memory, of all controllers and of each.

    It leaves no room, and then what its configuration does; nobody publishes
    meanwhile.
    """
    name = 'rabbitmq-memory-alarm'
    found = {name: _alarm(shape.controllers)}
    if shape.clustered:
        for host in shape.controllers:
            found[f'{name}-{host.name}'] = _alarm([host])
    return found


def clusters(shape: Topology) -> dict[str, dict[str, object]]:
    """What the controllers decide by a majority, where there are several."""
    if not shape.clustered:
        return {}
    hosts = [host.name for host in shape.controllers]
    return {
        'galera': {'hosts': hosts, 'services': ['mysql'], 'kind': 'galera'},
        'rabbitmq': {
            'hosts': hosts,
            'services': ['rabbitmq'],
            'kind': 'rabbitmq',
        },
        'ovn': {
            'hosts': hosts,
            'services': ['ovn-ovsdb-server-nb', 'ovn-ovsdb-server-sb'],
            'kind': 'ovn',
        },
    }


def targets(shape: Topology) -> tuple[str, ...]:
    """Names of all that is declared here, and of the hosts."""
    return (
        *(host.name for host in shape.nodes),
        *partitions(shape),
        *links(shape),
        *disks(shape),
        *commands(shape),
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


def _alarm(hosts: collections.abc.Iterable[Host]) -> dict[str, object]:
    limit = ['rabbitmqctl', 'set_vm_memory_high_watermark', 'absolute']
    return {
        'hosts': [host.address for host in hosts],
        'inject': [*limit, '1'],
        'heal': [*limit, MEMORY],
        'status': ['rabbitmq-diagnostics', '-q', 'check_local_alarms'],
        # It ends with the same number where the node is not there at all.
        'says_broken': 'Memory alarm',
        # They keep their votes, and nobody is out of reach.
        'hits': False,
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
