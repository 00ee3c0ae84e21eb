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
"""What several controllers need beside what one does.

What they have in common, and how they stop so that all of them can start
together from the cache.
"""

import collections.abc
import concurrent.futures
import shlex

from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox.hosts.machine import Machine
from extreme_tempest_plugin.sandbox.image import database
from extreme_tempest_plugin.sandbox.services import backends
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

_STOP_TIMEOUT = 300


def share_out(
    shape: Topology, machines: collections.abc.Sequence[Machine]
) -> None:
    """Give all controllers the keys that the first one has made.

    :param machines: the controllers
    """
    first, *others = machines
    paths = [
        path.lstrip('/')
        for service in services.on(shape, Role.CONTROLLER)
        for path in service.copied
    ]
    if not (paths and others):
        return
    pack = f'tar -C / -cf - {shlex.join(paths)} | base64'
    packed = first.run(['sh', '-c', pack])
    for machine in others:
        machine.run(['sh', '-c', 'base64 -d | tar -C / -xf -'], stdin=packed)


def stop(shape: Topology, machines: collections.abc.Sequence[Machine]) -> None:
    """Stop the controllers so that they can start together.

    All but the databases end cleanly, the first controller last. Then the
    power is cut: databases that stop one after the other would leave with
    different positions, and only the last could begin again, at the word of
    an operator. Nodes that fall together remember one view, and meet again
    without help.

    :param machines: the controllers
    :raises errors.SandboxError: a service does not stop
    """
    left = {unit.name for unit in backends.MARIADB.packaged}
    units = [
        name
        for name in reversed(services.unit_names(shape, Role.CONTROLLER))
        if name not in left
    ]
    for machine in reversed(machines):
        machine.run(['systemctl', 'stop', *units], timeout=_STOP_TIMEOUT)
    database.wait_for_one_position(machines)
    with concurrent.futures.ThreadPoolExecutor(len(machines)) as executor:
        list(executor.map(lambda machine: machine.power('off'), machines))
