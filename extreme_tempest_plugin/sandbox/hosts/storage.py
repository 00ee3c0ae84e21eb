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
"""Storage outside the hosts, as on a NAS: it outlives their loss of power.

One file system in memory for each sandbox, of limited size. Every directory
that a service shares is bound into all hosts that run the service. It is
mounted where ``down`` finds it by the name of the sandbox alone.
"""

import collections.abc
import pathlib

from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox.layout import Layout
from extreme_tempest_plugin.sandbox.topology import Role
from extreme_tempest_plugin.sandbox.topology import Topology

#: Volumes and images are sparse: their sum may be many times as large.
SIZE_MIB = 2048


def up(
    layout: Layout, shape: Topology, kept: pathlib.Path | None = None
) -> None:
    """Mount it, with a directory for each that is shared.

    :param kept: what keep() wrote, to begin with
    :raises errors.CommandFailed: a step failed; call down()
    """
    top = layout.storage
    top.mkdir(mode=0o700, parents=True)
    options = f'size={SIZE_MIB}m,mode=0755'
    shell.run(['mount', '-t', 'tmpfs', '-o', options, 'storage', str(top)])
    if kept:
        _copy(kept, top)
        return
    for service in services.of(shape):
        for path in service.shared:
            (top / _name(path)).mkdir()


def binds(
    layout: Layout, shape: Topology, role: Role
) -> tuple[tuple[str, str], ...]:
    """For the hosts of a role: directories of ours, and where they go."""
    return tuple(
        (str(layout.storage / _name(path)), path)
        for service in services.on(shape, role)
        for path in service.shared
    )


def keep(layout: Layout, target: pathlib.Path) -> None:
    """Copy what is in it to a new directory."""
    target.mkdir()
    _copy(layout.storage, target)


def down(layout: Layout) -> None:
    """Unmount it, if it is mounted. Nobody may use it any more.

    :raises errors.CommandFailed: somebody does
    """
    mounts = pathlib.Path('/proc/mounts').read_text('utf-8').splitlines()
    for target in _ours(layout, mounts):
        shell.run(['umount', target])


def _ours(layout: Layout, mounts: collections.abc.Iterable[str]) -> list[str]:
    targets = (line.split()[1] for line in mounts)
    return [target for target in targets if target == str(layout.storage)]


def _name(path: str) -> str:
    """Of the directory that stands for a path of a host."""
    return path.strip('/').replace('/', '-')


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    command = ['cp', '--archive', f'{source}/.', str(target)]
    shell.run(command, timeout=120)
