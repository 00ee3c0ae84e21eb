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
"""Whether several controllers are one, and if not, who is missing.

The APIs may answer while a member is gone: that is what a cluster is for.
"""

import collections.abc
import csv
import json

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import namespace
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox.api import ApiError
from extreme_tempest_plugin.sandbox.api import Cloud
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.topology import Topology

_GALERA = (
    'mariadb',
    '-Ne',
    "SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', "
    "'wsrep_cluster_status', 'wsrep_local_state_comment')",
)
_RABBITMQ = ('rabbitmqctl', '--quiet', 'cluster_status', '--formatter=json')
_HAPROXY = ('sh', '-c', 'echo show stat | nc -N -U /run/haproxy.stat')
_OVN = {
    'ovn-ovsdb-server-nb': ('ovnnb_db', 'OVN_Northbound'),
    'ovn-ovsdb-server-sb': ('ovnsb_db', 'OVN_Southbound'),
}
_RUN_TIMEOUT = 20

Missing = dict[str, str]


def missing_members(
    layout: Layout,
    shape: Topology,
    machines: collections.abc.Sequence[Machine],
    password: str,
    *,
    timeout: float = 10,
) -> Missing:
    """What does not take part, by service and host, and why.

    Nothing is missing where there is no cluster.

    :param machines: all of the sandbox
    :param timeout: of one request to an API, in seconds
    """
    if not shape.clustered:
        return {}
    missing: Missing = {}
    running: list[Machine] = []
    for machine in machines:
        if machine.host not in shape.controllers:
            continue
        power = machine.power('status')
        if power == 'on':
            running.append(machine)
        else:
            missing[machine.host.name] = f'power {power}'
    for machine in running:
        missing.update(_own_view(machine, len(shape.controllers)))
    cloud = Cloud(shape.api_address, password, timeout)
    missing.update(
        namespace.call(
            network.NAMESPACES / layout.tester,
            lambda: _missing_apis(shape, running, cloud),
        )
    )
    if not missing:
        # The slowest question, and one node knows of all.
        missing.update(_missing_brokers(running[0], shape))
    return missing


def _own_view(machine: Machine, nodes: int) -> Missing:
    """What a controller says of the clusters that it is in."""
    found = {
        'mariadb': _ask(machine, _GALERA, lambda text: galera(text, nodes)),
        'haproxy': _ask(machine, _HAPROXY, haproxy),
    }
    for unit, (control, name) in _OVN.items():
        command = (
            *('ovs-appctl', '-t', f'/run/ovn/{control}.ctl'),
            *('cluster/status', name),
        )
        found[unit] = _ask(machine, command, lambda text: raft(text, nodes))
    return {
        f'{unit} on {machine.host.name}': why
        for unit, why in found.items()
        if why
    }


def _missing_brokers(machine: Machine, shape: Topology) -> Missing:
    names = [host.name for host in shape.controllers]
    why = _ask(machine, _RABBITMQ, lambda text: rabbitmq(text, names))
    return {f'rabbitmq-server on {machine.host.name}': why} if why else {}


def _ask(
    machine: Machine,
    command: collections.abc.Sequence[str],
    judge: collections.abc.Callable[[str], str],
) -> str:
    """What is wrong with the answer of a command; empty if nothing is."""
    try:
        return judge(machine.run(command, timeout=_RUN_TIMEOUT))
    except errors.CommandFailed as error:
        return str(error).splitlines()[-1]


def _missing_apis(
    shape: Topology, machines: collections.abc.Sequence[Machine], cloud: Cloud
) -> Missing:
    """APIs that do not answer on the controller itself."""
    missing: Missing = {}
    try:
        cloud.authenticate()
    except ApiError as error:
        return {'keystone': str(error)}
    for machine in machines:
        own = Cloud(machine.host.address, cloud.password, cloud.timeout)
        for service in services.of(shape):
            try:
                if service.name == 'keystone':
                    own.authenticate()
                elif service.endpoint:
                    own.token = cloud.token
                    probe = service.endpoint.probe.format(
                        project=cloud.project_id
                    )
                    own.get(service.endpoint.port, probe)
            except ApiError as error:
                missing[f'{service.name} on {machine.host.name}'] = str(error)
    return missing


def galera(text: str, nodes: int) -> str:
    """What is wrong with a node of Galera, from its status."""
    seen = dict(line.split('\t') for line in text.splitlines())
    wanted = {
        'wsrep_cluster_size': str(nodes),
        'wsrep_cluster_status': 'Primary',
        'wsrep_local_state_comment': 'Synced',
    }
    return ', '.join(
        f'{name} {seen.get(name, "unknown")}, not {value}'
        for name, value in wanted.items()
        if seen.get(name) != value
    )


def raft(text: str, nodes: int) -> str:
    """What is wrong with a member, from the status of its database."""
    fields: dict[str, str] = {}
    servers = 0
    for line in text.splitlines():
        name, found, value = line.partition(': ')
        if found and not line.startswith(' '):
            fields[name] = value.strip()
        servers += line.startswith('    ') and ' at ' in line
    if fields.get('Status') != 'cluster member':
        return f'status {fields.get("Status", "unknown")}'
    if fields.get('Leader', 'unknown') == 'unknown':
        return 'there is no leader'
    return '' if servers == nodes else f'{servers} of {nodes} servers'


def rabbitmq(text: str, names: collections.abc.Iterable[str]) -> str:
    """What is wrong with the cluster, from the status in JSON.

    :param names: of the hosts that are in it
    """
    try:
        status = json.loads(text)
        running = set(status['running_nodes'])
        partitions = status['partitions']
    except (ValueError, KeyError, TypeError):
        return 'its status cannot be read'
    away = [name for name in names if f'rabbit@{name}' not in running]
    if away:
        return f'not running: {", ".join(away)}'
    return f'partitions: {partitions}' if partitions else ''


def haproxy(text: str) -> str:
    """What HAProxy does not use, from its statistics in CSV."""
    rows = csv.DictReader(text.removeprefix('# ').splitlines())
    servers = {
        f'{row["pxname"]} of {row["svname"]}': row['status']
        for row in rows
        if row['svname'] not in ('FRONTEND', 'BACKEND')
    }
    if not servers:
        return 'it has no servers'
    return ', '.join(
        f'{name} is {status}'
        for name, status in servers.items()
        if status != 'UP'
    )
