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
"""Control groups of a sandbox: what was started, and how it is ended.

The kernel's list of a group's processes is the only one that survives the
death of the process that started them. Works with version 2, and with the
version 1 and hybrid set-ups of machines whose PID 1 is not systemd.
"""

import collections.abc
import contextlib
import os
import pathlib
import signal
import time

from extreme_tempest_plugin.sandbox import errors

# A new cpuset group accepts no process before it was given CPUs.
_NOT_USED = frozenset({'cpuset'})
# A loaded machine is slow to take leave of its dead.
_DEADLINE_S = 20.0


def hierarchies(mounts: str) -> tuple[pathlib.Path, ...]:
    """Roots of the usable cgroup hierarchies.

    :param mounts: text in the format of /proc/mounts
    :returns: version 2 roots and version 1 roots, in the order of mounting
    """
    roots = []
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 4 or fields[2] not in ('cgroup', 'cgroup2'):
            continue
        if _NOT_USED.isdisjoint(fields[3].split(',')):
            roots.append(pathlib.Path(fields[1]))
    return tuple(roots)


def bootable(mounts: str) -> bool:
    """Whether a systemd in a container finds what it needs."""
    types = set()
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 4:
            continue
        if fields[2] == 'cgroup' and 'name=systemd' in fields[3].split(','):
            return True
        types.add(fields[2])
    return 'cgroup2' in types and 'cgroup' not in types


class Group:
    """One group, the same path in every hierarchy.

    :param path: relative to the root of each hierarchy
    :param roots: of the hierarchies; found in /proc/mounts if not given
    """

    def __init__(
        self,
        path: str,
        roots: collections.abc.Sequence[pathlib.Path] | None = None,
    ) -> None:
        if roots is None:
            mounts = pathlib.Path('/proc/mounts').read_text('utf-8')
            roots = hierarchies(mounts)
        self.directories = tuple(root / path for root in roots)

    def create(self) -> None:
        for directory in self.directories:
            directory.mkdir(parents=True, exist_ok=True)

    def limit_memory(self, mib: int) -> None:
        """Let the group, with its children, use no more than this.

        :raises errors.SandboxError: the kernel has no such limit here
        """
        limits = [
            directory / name
            for directory in self.directories
            for name in ('memory.limit_in_bytes', 'memory.max')
            if (directory / name).exists()
        ]
        if not limits:
            raise errors.SandboxError(
                'the cgroups of this machine cannot limit memory'
            )
        for limit in limits:
            limit.write_text(str(mib * 2**20), 'ascii')

    def allow_real_time(self, microseconds: int = 300_000) -> None:
        """Let the group have real-time tasks, as far as the kernel permits.

        Uptime monitors ask for it, so that a busy machine does not make
        them late. Version 1 gives a new group none.

        :param microseconds: of each second, for all its tasks together
        """
        for directory in self.directories:
            for path in (directory.parent, directory):
                limit = path / 'cpu.rt_runtime_us'
                # Refused once other groups have taken what there is.
                with contextlib.suppress(OSError):
                    if limit.exists() and int(limit.read_text()) == 0:
                        limit.write_text(str(microseconds), 'ascii')

    def enter_prefix(self) -> list[str]:
        """Words to put before a command so that it starts in the group."""
        files = [str(path / 'cgroup.procs') for path in self.directories]
        script = (
            'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ > "$1" || exit 70;'
            ' shift; n=$((n-1)); done; exec "$@"'
        )
        return ['/bin/sh', '-c', script, 'sh', str(len(files)), *files]

    def enter(self) -> None:
        """Move this process, as it is, into the group."""
        for directory in self.directories:
            (directory / 'cgroup.procs').write_text(str(os.getpid()), 'ascii')

    def processes(self) -> frozenset[int]:
        """Ids of all processes in the group and its children."""
        found: set[int] = set()
        for directory in self.directories:
            # Unlike rglob() it goes on when a group ends under its eyes.
            for group, _, _ in os.walk(directory):
                path = pathlib.Path(group, 'cgroup.procs')
                with contextlib.suppress(OSError):
                    found.update(map(int, path.read_text('ascii').split()))
        # Zero stands for a process that this namespace cannot see.
        return frozenset(found - {0})

    def kill(self, deadline_s: float = _DEADLINE_S) -> None:
        """End every process of the group, without asking.

        :raises errors.SandboxError: some are still there at the deadline
        """
        end = time.monotonic() + deadline_s
        while pids := self.processes():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > end:
                shown = ' '.join(map(str, sorted(pids)[:10]))
                raise errors.SandboxError(
                    f'processes do not end after SIGKILL: {shown}'
                )
            time.sleep(0.02)

    def remove(self, deadline_s: float = _DEADLINE_S) -> None:
        """Remove the group and its children; no process may be in them.

        :raises errors.SandboxError: the kernel still refuses at the deadline
        """
        end = time.monotonic() + deadline_s
        for directory in self.directories:
            while directory.exists():
                try:
                    _remove_tree(directory)
                except OSError as error:
                    # An ended process leaves its group a moment later.
                    if time.monotonic() > end:
                        raise errors.SandboxError(
                            f'cgroup {directory} cannot be removed: {error}'
                        ) from error
                    time.sleep(0.02)

    def exists(self) -> bool:
        return any(directory.exists() for directory in self.directories)


def _remove_tree(directory: pathlib.Path) -> None:
    for path, _, _ in os.walk(directory, topdown=False):
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(path)
