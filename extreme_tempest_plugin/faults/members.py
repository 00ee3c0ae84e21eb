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
"""Whether a cluster is whole, as its own members see it.

Each member is asked over SSH, at the same time, and nobody else: an API may
answer while a member is gone, for that is what a cluster is for.

Galera: https://mariadb.com/kb/en/galera-cluster-status-variables/

RabbitMQ: https://www.rabbitmq.com/docs/clustering#creating

RAFT: https://docs.openvswitch.org/en/latest/ref/ovsdb.7/
"""

import collections.abc
import dataclasses
import itertools
import json
import typing

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import clusters

#: Seconds that one member may take, and its command on it: what hangs there
#: must not stay. On a busy host rabbitmqctl alone takes more than 20.
_TIMEOUT = 45.0
_BOUND = ('timeout', '40')

_GALERA = (
    "SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_size', "
    "'wsrep_cluster_status', 'wsrep_local_state_comment')"
)
_RAFT = (
    'ovs-appctl -t /run/ovn/ovnnb_db.ctl cluster/status OVN_Northbound && '
    'ovs-appctl -t /run/ovn/ovnsb_db.ctl cluster/status OVN_Southbound'
)

#: Asks one host; raises UnreachableError if it cannot.
Ask = collections.abc.Callable[[ssh.Host, tuple[str, ...]], ssh.Result]


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    """How a member is asked.

    :param judge: what is wrong with its answer in a cluster of so many
        members; empty if nothing is.
    :param serves: whether it is one of a majority of so many members.
    """

    argv: tuple[str, ...]
    judge: collections.abc.Callable[[str, int], str]
    serves: collections.abc.Callable[[str, int], bool]


def over_ssh(host: ssh.Host, argv: tuple[str, ...]) -> ssh.Result:
    """What a member answers, as root."""
    return ssh.run(host, argv, timeout=_TIMEOUT, as_root=True)


def lacking(
    cluster: clusters.Cluster,
    hosts: collections.abc.Mapping[str, ssh.Host],
    ask: Ask = over_ssh,
) -> str:
    """What a cluster lacks to be whole; empty if nothing.

    :param cluster: of a kind.
    :param hosts: by address, those of its members among them.
    """
    kind = _KINDS[cluster.kind]
    members = [hosts[member] for member in cluster.members]

    def one(host: ssh.Host) -> str:
        try:
            said = ask(host, (*_BOUND, *kind.argv))
        except ssh.UnreachableError as error:
            return str(error)
        if said.status:
            why = said.stderr.strip().splitlines() or ['no word']
            wrong = f'{kind.argv[0]} ended with {said.status}: {why[-1]}'
        else:
            wrong = kind.judge(said.stdout, len(members))
        return f'{host.address}: {wrong}' if wrong else ''

    return '; '.join(filter(None, ssh.everywhere(members, one)))


def serving(
    cluster: clusters.Cluster,
    hosts: collections.abc.Mapping[str, ssh.Host],
    ask: Ask = over_ssh,
) -> frozenset[str]:
    """Addresses of the members that say to be one of a majority.

    :param cluster: of a kind.
    :param hosts: by address, those of its members among them.
    """
    kind, many = _KINDS[cluster.kind], len(cluster.members)

    def one(host: ssh.Host) -> bool:
        try:
            said = ask(host, (*_BOUND, *kind.argv))
        except ssh.UnreachableError:
            return False
        return not said.status and kind.serves(said.stdout, many)

    asked = [hosts[member] for member in cluster.members]
    serve = ssh.everywhere(asked, one)
    return frozenset(itertools.compress(cluster.members, serve))


def galera(text: str, members: int) -> str:
    """What is wrong with a node of Galera, by its status."""
    seen = dict(
        line.split('\t') for line in text.splitlines() if line.count('\t') == 1
    )
    wanted = {
        'wsrep_cluster_size': str(members),
        'wsrep_cluster_status': 'Primary',
        'wsrep_local_state_comment': 'Synced',
    }
    return ', '.join(
        f'{name} is {seen.get(name, "not said")}, not {value}'
        for name, value in wanted.items()
        if seen.get(name) != value
    )


def rabbitmq(text: str, members: int) -> str:
    """What is wrong with the cluster, by its status in JSON."""
    try:
        status: typing.Any = json.loads(text)
        running = set(status['running_nodes'])
        known = {*status['disk_nodes'], *status.get('ram_nodes', ())}
        partitions = status['partitions']
    except (ValueError, KeyError, TypeError, AttributeError):
        return 'its status cannot be read'
    if away := sorted(known - running):
        return f'not running: {", ".join(away)}'
    if len(running) != members:
        return f'{len(running)} of {members} nodes'
    return f'partitions: {partitions}' if partitions else ''


def raft(text: str, members: int) -> str:
    """What is wrong with a member, by the status of both its databases."""
    databases = text.split('\nName: ')[1:]
    if len(databases) != 2:
        return 'its status cannot be read'
    return ', '.join(
        f'{database.splitlines()[0]}: {wrong}'
        for database in databases
        if (wrong := _alone(database) or _servers(database, members))
    )


def _alone(text: str) -> str:
    """Why a member of a database is none of a majority."""
    lines = text.splitlines()
    fields = dict(line.split(': ', 1) for line in lines if ': ' in line)
    if fields.get('Status', '') != 'cluster member':
        return f'status {fields.get("Status", "not said")}'
    if fields.get('Leader', 'unknown') == 'unknown':
        return 'there is no leader'
    return ''


def _servers(text: str, members: int) -> str:
    servers = sum(
        line.startswith('    ') and ' at ' in line
        for line in text.splitlines()
    )
    return '' if servers == members else f'{servers} of {members} servers'


def _in_galera(text: str, members: int) -> bool:
    return 'wsrep_cluster_status\tPrimary' in text.splitlines()


def _in_rabbitmq(text: str, members: int) -> bool:
    try:
        running: typing.Any = json.loads(text)['running_nodes']
        return 2 * len(running) > members
    except (ValueError, KeyError, TypeError):
        return False


def _in_raft(text: str, members: int) -> bool:
    databases = text.split('\nName: ')[1:]
    return len(databases) == 2 and not any(map(_alone, databases))


_KINDS = {
    'galera': _Kind(('mariadb', '-Ne', _GALERA), galera, _in_galera),
    'rabbitmq': _Kind(
        ('rabbitmqctl', '--quiet', 'cluster_status', '--formatter', 'json'),
        rabbitmq,
        _in_rabbitmq,
    ),
    'ovn': _Kind(('sh', '-c', _RAFT), raft, _in_raft),
}
