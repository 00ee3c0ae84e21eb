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
"""The first start of the database, of one node or of a Galera cluster."""

import collections.abc
import pathlib

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.topology import Topology

_TIMEOUT = 300
#: The view that a node of Galera remembers while it runs.
_VIEW = pathlib.Path('var/lib/mysql/gvwstate.dat')
_POSITION = "SHOW STATUS LIKE 'wsrep_last_committed'"


def install(shape: Topology, first: Machine) -> None:
    """Make an empty database; where others will join it, start it as well.

    :param first: the controller that has it first
    :raises errors.SandboxError: that failed
    """
    first.run(
        [
            *('mariadb-install-db', '--user=mysql', '--skip-test-db'),
            *('--auth-root-authentication-method=socket', '--wsrep-on=OFF'),
        ],
        timeout=_TIMEOUT,
    )
    if not shape.clustered:
        return
    try:
        first.run(['galera_new_cluster'], timeout=_TIMEOUT)
    except errors.CommandFailed as error:
        raise errors.StepFailed(
            f'Galera does not begin on {first.host.name}',
            first.journal('mariadb'),
        ) from error


def grants(shape: Topology, password: str) -> str:
    """SQL that makes the databases of all services and their user."""
    statements = [f"CREATE USER openstack@'%' IDENTIFIED BY '{password}';"]
    for service in services.of(shape):
        for name in service.databases:
            statements += [
                f'CREATE DATABASE {name} CHARACTER SET utf8mb4;',
                f"GRANT ALL ON {name}.* TO openstack@'%';",
            ]
    return '\n'.join(statements)


def wait_for_one_position(
    machines: collections.abc.Sequence[Machine],
) -> None:
    """Wait until every node has what all of them wrote.

    :param machines: the controllers; nothing writes any more
    :raises errors.SandboxError: they do not come together
    """
    for _ in range(100):
        seen = {
            machine.run(['mariadb', '-Ne', _POSITION]).split()[-1]
            for machine in machines
        }
        if len(seen) == 1:
            return
    raise errors.SandboxError(
        f'the databases of the controllers differ: positions {sorted(seen)}'
    )


def check_view(host: str, layer: pathlib.Path, nodes: int) -> None:
    """Refuse a layer with which a cluster would not start by itself.

    :param layer: of a controller
    :param nodes: how many nodes the cluster has
    :raises errors.SandboxError: the node does not remember all of them
    """
    try:
        text = (layer / _VIEW).read_text('ascii')
    except OSError:
        text = ''
    found = members(text)
    if found != nodes:
        raise errors.SandboxError(
            f'the database of {host} remembers {found} of {nodes} nodes: '
            'the hosts would not start again'
        )


def members(text: str) -> int:
    """How many nodes the text of a gvwstate.dat names."""
    return sum(line.startswith('member: ') for line in text.splitlines())
