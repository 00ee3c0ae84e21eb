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
"""Whether the process that left something behind still runs."""

import os
import pathlib

import msgspec


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A process of this machine, and no later one of its number.

    :param boot: identity of the boot of this machine.
    :param started: start of the process, clock ticks after the boot; see
        proc(5), stat, field 22.
    """

    pid: int
    boot: str
    started: int


def this_process() -> Owner:
    """Who we are."""
    return Owner(pid=os.getpid(), boot=_boot(), started=started(os.getpid()))


def alive(owner: Owner) -> bool:
    """Whether a process still runs."""
    if owner.boot != _boot():
        return False
    try:
        return started(owner.pid) == owner.started
    except OSError:
        return False


def _boot() -> str:
    return (
        pathlib.Path('/proc/sys/kernel/random/boot_id')
        .read_text(encoding='ascii')
        .strip()
    )


def started(pid: int) -> int:
    """When a process was started, see ``Owner``.

    :raises OSError: if there is none.
    """
    stat = pathlib.Path(f'/proc/{pid}/stat').read_bytes()
    fields = stat.rpartition(b')')[2].split()
    if fields[0] in (b'Z', b'X'):
        raise ProcessLookupError(pid)
    return int(fields[22 - 3])
