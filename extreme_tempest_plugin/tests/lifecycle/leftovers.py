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
"""What a sandbox left on this machine.

Other things start and end while a sandbox runs, so not everything that is
new was left by it: only what carries its names, or lives in its namespaces.
"""

import dataclasses
import os
import pathlib

from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox.cgroups import Group

PROC = pathlib.Path('/proc')
_KINDS = ('net', 'pid', 'mnt')
_LISTENING = {'tcp': '0A', 'tcp6': '0A', 'udp': '07', 'udp6': '07'}


def _living():
    """Ids of the processes that have not ended."""
    for path in PROC.glob('[0-9]*'):
        try:
            state = (path / 'stat').read_text().rpartition(')')[2].split()[0]
        except OSError:
            continue
        if state not in 'ZX':
            yield int(path.name)


def _namespaces(pid):
    for kind in _KINDS:
        try:
            yield os.readlink(PROC / str(pid) / 'ns' / kind)
        except OSError:
            continue


def own_namespaces(layout):
    """Namespaces that the processes of a running sandbox live in."""
    pids = Group(layout.cgroup).processes()
    found = {name for pid in pids for name in _namespaces(pid)}
    return frozenset(found - set(_namespaces(os.getpid())))


def ports():
    """Listening sockets of the root namespace: protocol, address, inode."""
    found = set()
    for protocol, state in _LISTENING.items():
        text = (PROC / 'net' / protocol).read_text()
        for line in text.splitlines()[1:]:
            fields = line.split()
            if fields[3] == state:
                found.add((protocol, fields[1], fields[9]))
    return found


def _owned_inodes():
    """Inodes of the sockets that any process holds."""
    found = set()
    for pid in _living():
        try:
            for descriptor in os.scandir(PROC / str(pid) / 'fd'):
                target = os.readlink(descriptor.path)
                if target.startswith('socket:['):
                    found.add(target[8:-1])
        except OSError:
            continue
    return found


@dataclasses.dataclass(frozen=True)
class Before:
    """The machine before the sandbox."""

    ports: frozenset
    netns_mounted: bool


def _mounts():
    lines = (PROC / 'mounts').read_text().splitlines()
    return [line.split()[1] for line in lines]


def before():
    return Before(frozenset(ports()), '/run/netns' in _mounts())


def find(layout: layout_module.Layout, was: Before, namespaces):
    """Everything that a sandbox left, one line each.

    :param namespaces: of own_namespaces(), asked while it ran
    """
    names = set(layout.all_machines())
    left = [
        f'process {pid}'
        for pid in _living()
        if not namespaces.isdisjoint(_namespaces(pid))
    ]
    left += [f'process {pid}' for pid in Group(layout.cgroup).processes()]
    spaces = pathlib.Path('/run/netns')
    there = {path.name for path in spaces.glob('*')}
    left += [f'namespace {name}' for name in sorted(names & there)]
    owned = (str(layout.home), str(layout.run_dir))
    for mount in _mounts():
        ours = mount.startswith(owned) or pathlib.Path(mount).name in names
        stale = mount == str(spaces) and not was.netns_mounted and not there
        if ours or stale:
            left.append(f'mount {mount}')
    left += [
        f'cgroup {path}'
        for path in Group(layout.cgroup).directories
        if path.exists()
    ]
    # A listening socket without a process belongs to the kernel: a tunnel.
    new, held = ports() - was.ports, _owned_inodes()
    left += [f'port {p} {a}' for p, a, inode in new if inode not in held]
    return left
