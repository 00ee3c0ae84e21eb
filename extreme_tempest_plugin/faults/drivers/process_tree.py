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
"""End a process and everything that it started.

A process group is not enough: each worker of ansible-playbook, since 2.19,
makes a session of its own, and its ssh would go on for ever.
"""

import collections
import contextlib
import ctypes
import os
import pathlib
import signal
import time

# Something may be born while we look; it cannot be born for ever, as its
# parents die first or are stopped.
_ROUNDS = 20
_PAUSE = 0.02
_PR_SET_CHILD_SUBREAPER = 36


def adopt() -> None:
    """Make this process the parent of its orphaned descendants, prctl(2).

    A descendant whose parent died is then still found under this process.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def kill(root: int) -> None:
    """End the descendants of a process, then the process itself.

    :param root: a child of ours that we have not yet waited for, so that
        its number cannot belong to another.
    """
    # Stopped, it starts nothing new and cannot react to dying children.
    _send(root, signal.SIGSTOP)
    kill_descendants(root)
    _send(root, signal.SIGKILL)


def kill_descendants(root: int) -> None:
    """End every descendant of a process, and not the process itself."""
    for _ in range(_ROUNDS):
        found = _descendants(root)
        if not found:
            return
        for pid in found:
            _send(pid, signal.SIGKILL)
        # Who is killed takes a moment to die.
        time.sleep(_PAUSE)


def _descendants(root: int) -> list[int]:
    """Living descendants, parents before children."""
    children = collections.defaultdict(list)
    for entry in pathlib.Path('/proc').iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / 'stat').read_bytes()
                # "pid (name) state ppid …"; a name may hold anything.
                state, parent = stat.rpartition(b')')[2].split()[:2]
                if state not in (b'Z', b'X'):
                    children[int(parent)].append(int(entry.name))
    found: list[int] = []
    queue = [root]
    while queue:
        below = children[queue.pop()]
        found += below
        queue += below
    return found


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
