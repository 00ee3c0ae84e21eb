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
"""Removing a sandbox: works from its names, whoever made it and how far."""

import contextlib
import fcntl
import pathlib
import shutil

from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.hosts import storage
from extreme_tempest_plugin.sandbox.layout import Layout

_NSPAWN = pathlib.Path('/run/systemd/nspawn')


def tear_down(layout: Layout) -> None:
    """Remove everything of a sandbox but its workspace.

    Processes first: they hold all the rest. Safe to call again.

    :raises errors.SandboxError: something refuses to go
    """
    layout.record.unlink(missing_ok=True)
    group = Group(layout.cgroup)
    group.kill()
    network.down(layout)
    storage.down(layout)
    group.remove()
    shutil.rmtree(layout.hosts_dir, ignore_errors=True)
    shutil.rmtree(layout.run_dir, ignore_errors=True)
    for name in layout.all_machines():
        _remove_nspawn_directories(name)
    _remove_nspawn_locks()


def _remove_nspawn_directories(machine: str) -> None:
    """What a killed systemd-nspawn leaves, by the name of its machine."""
    for name in ('propagate', 'unix-export'):
        path = _NSPAWN / name / machine
        with contextlib.suppress(OSError):
            path.rmdir()


def _remove_nspawn_locks() -> None:
    """What a killed systemd-nspawn leaves, named after inodes."""
    for path in (_NSPAWN / 'locks').glob('inode-*'):
        # A lock that nobody holds is of no use to anybody.
        with contextlib.suppress(OSError), path.open('rb') as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
