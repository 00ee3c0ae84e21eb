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
"""Whether this machine can hold a sandbox: asked before any change."""

import collections.abc
import contextlib
import ctypes
import dataclasses
import os
import pathlib
import platform
import shutil

from extreme_tempest_plugin.sandbox import cgroups
from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox.topology import Topology

#: A built image, and what a sandbox writes while it is used.
DISK_MIB = 6 * 1024
DEBIAN_RELEASE = 12
#: Instances of inotify that the systemd of a host takes; without them it ends.
INOTIFY_PER_HOST = 7

#: Programs and the Debian packages that hold them.
TOOLS = {
    'mmdebstrap': 'mmdebstrap',
    'systemd-nspawn': 'systemd-container',
    'ip': 'iproute2',
    'ethtool': 'ethtool',
    'nsenter': 'util-linux',
    'unshare': 'util-linux',
    'setpriv': 'util-linux',
    'sysctl': 'procps',
    'mount': 'mount',
}


@dataclasses.dataclass(frozen=True, slots=True)
class MachineFacts:
    """What is known about this machine.

    :param os_id: ID of /etc/os-release
    :param os_version: VERSION_ID of it
    :param memory_mib: available, without swap
    :param disk_mib: free, where less is free: cache or state
    :param tools: programs that were found
    :param bootable: whether cgroups are as a container's systemd wants them
    :param inotify: instances that can be had, of those that were tried
    """

    root: bool
    architecture: str
    os_id: str
    os_version: str
    memory_mib: int
    disk_mib: int
    tools: frozenset[str]
    bootable: bool
    inotify: int


def gather(
    directories: collections.abc.Iterable[pathlib.Path], shape: Topology
) -> MachineFacts:
    """Look at this machine.

    :param directories: where the cache and the state will lie
    :param shape: what is to be started
    """
    release: dict[str, str] = {}
    with contextlib.suppress(OSError):
        release = platform.freedesktop_os_release()
    return MachineFacts(
        root=os.geteuid() == 0,
        architecture=platform.machine(),
        os_id=release.get('ID', ''),
        os_version=release.get('VERSION_ID', ''),
        memory_mib=available_memory_mib(
            pathlib.Path('/proc/meminfo').read_text('ascii')
        ),
        disk_mib=min(free_disk_mib(path) for path in directories),
        tools=frozenset(name for name in TOOLS if shutil.which(name)),
        bootable=cgroups.bootable(
            pathlib.Path('/proc/mounts').read_text('utf-8')
        ),
        inotify=available_inotify(wanted_inotify(shape)),
    )


def wanted_inotify(shape: Topology) -> int:
    """Instances of inotify that the hosts of a topology take."""
    return INOTIFY_PER_HOST * len(shape.hosts)


def available_inotify(most: int) -> int:
    """Instances of inotify that this user can have, at most so many.

    The kernel says how many a user may have, but not how many are taken.
    """
    libc = ctypes.CDLL(None)
    with contextlib.ExitStack() as taken:
        for number in range(most):
            descriptor = libc.inotify_init1(os.O_CLOEXEC)
            if descriptor < 0:
                return number
            taken.callback(os.close, descriptor)
    return most


def available_memory_mib(meminfo: str) -> int:
    """MemAvailable from the text of /proc/meminfo."""
    for line in meminfo.splitlines():
        if line.startswith('MemAvailable:'):
            return int(line.split()[1]) // 1024
    return 0


def free_disk_mib(directory: pathlib.Path) -> int:
    """Free space where a directory is, or would be made."""
    while not directory.exists():
        directory = directory.parent
    return shutil.disk_usage(directory).free // 2**20


def check(
    facts: MachineFacts, shape: Topology, memory_mib: int | None = None
) -> None:
    """Refuse a machine that cannot hold the topology.

    :param memory_mib: what the user allows it, instead of what it takes
    :raises errors.UsageError: says what is missing
    """
    for reason in _reasons(
        facts, memory_mib or shape.memory_mib, wanted_inotify(shape)
    ):
        raise errors.UsageError(reason)


def check_root() -> None:
    """Refuse a user who may not do any of this.

    :raises errors.UsageError: not root
    """
    if os.geteuid() != 0:
        raise errors.UsageError(_ROOT)


_ROOT = 'the sandbox makes namespaces and mounts: run this command as root'


def _reasons(
    facts: MachineFacts, memory_mib: int, inotify: int
) -> collections.abc.Iterator[str]:
    if not facts.root:
        yield _ROOT
    if not _is_debian(facts):
        found = f'{facts.os_id or "unknown"} {facts.os_version}'.strip()
        yield (
            f'the sandbox needs Debian {DEBIAN_RELEASE} or newer; this is '
            f'{found}'
        )
    missing = sorted({TOOLS[name] for name in TOOLS.keys() - facts.tools})
    if missing:
        yield f'install what is missing: apt-get install {" ".join(missing)}'
    if not facts.bootable:
        yield (
            'no cgroup hierarchy for systemd is mounted: neither version 2 '
            'nor name=systemd of version 1'
        )
    if facts.memory_mib < memory_mib:
        yield (
            f'{memory_mib} MiB of memory must be available; '
            f'{facts.memory_mib} MiB are, so '
            f'{memory_mib - facts.memory_mib} MiB are missing: '
            'free them, or leave services out with --without'
        )
    if facts.disk_mib < DISK_MIB:
        yield (
            f'{DISK_MIB} MiB of disk must be free for the cache and the '
            f'hosts; {facts.disk_mib} MiB are'
        )
    if facts.inotify < inotify:
        yield (
            f'the hosts take {inotify} inotify instances and only '
            f'{facts.inotify} are left: take another sandbox down, or '
            'sysctl fs.inotify.max_user_instances=1024'
        )


def _is_debian(facts: MachineFacts) -> bool:
    major = facts.os_version.partition('.')[0]
    # Testing and unstable have no version.
    return facts.os_id == 'debian' and (
        not major.isdecimal() or int(major) >= DEBIAN_RELEASE
    )
