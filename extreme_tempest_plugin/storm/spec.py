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
"""What a storm is told; it travels to the load process in a file.

The file holds credentials: it is readable by its owner alone, lies in a
directory of its own, and is gone as soon as the load process has read it.
"""

import pathlib
import signal
import time

import msgspec

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials as cloud_credentials
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import replay

#: Environment variable with the path of the file.
VARIABLE = 'EXTREME_STORM_SPEC'

#: Environment variable with the process id of who starts it. Not asked for
#: by the load process itself: that takes seconds to come up, and by then its
#: parent may be dead and another one in its place.
PARENT = 'EXTREME_STORM_PARENT'

#: Ends a storm in good order. Not SIGTERM: Locust has a handler of its own,
#: see ``locustfile``.
STOP = signal.SIGUSR1

_BOOT = pathlib.Path('/proc/sys/kernel/random/boot_id')


def boot() -> str:
    """Identity of this machine since it was switched on; empty if unknown.

    Processes with the same one share CLOCK_MONOTONIC.
    """
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ''


def utc_offset() -> int:
    """What is added to CLOCK_MONOTONIC to have UTC, ns."""
    return time.time_ns() - time.monotonic_ns()


def prefix(run: str) -> str:
    """Begins the name of all that a run creates.

    :param run: its identity, a UUID.
    """
    return f'xt-{run.replace("-", "")[:12]}'


class Others(msgspec.Struct, frozen=True, kw_only=True):
    """Load processes on other machines.

    :param workers: how many the storm waits for.
    :param host: address on which the master listens for them.
    :param key: of both sides, see ``storm.joining``.
    """

    workers: int
    host: str
    port: int
    key: str


class StormSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One storm.

    :param run: identity of the run, a UUID.
    :param duration: seconds that it fires; settling comes on top.
    :param storm: complete: with users and max_instances.
    :param admin: for the actions that only an administrator may call.
    :param web_ui: address and port of Locust's web page; empty for none.
    :param others: load processes on other machines; None for none.
    :param script: what each user does, instead of what it chooses.
    """

    run: str
    seed: int
    duration: float
    storm: plan_model.Storm
    cloud: settings.Cloud
    credentials: cloud_credentials.Credentials
    admin: cloud_credentials.Credentials | None = None
    web_ui: str = ''
    others: Others | None = None
    script: replay.Script = {}

    @property
    def longest(self) -> float:
        """Seconds after which it fires no more, whatever is left to do.

        A replay goes on until its script is done: on a slower cloud its
        operations wait, each at most until the resources come to rest.
        """
        late = self.storm.deadline('') if self.script else 0.0
        return self.duration + late

    @property
    def users(self) -> int:
        """Users of all workers together."""
        return self.storm.users or 1

    @property
    def prefix(self) -> str:
        """Begins the name of all that this run creates."""
        return prefix(self.run)


class SharedResource(msgspec.Struct, frozen=True, kw_only=True):
    """What a load process is told of a resource that all users act on.

    :param key: the operation that created it.
    :param possible: states that it may be in at rest.
    """

    key: str
    kind: str
    id: str
    name: str
    possible: tuple[str, ...]


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True, tag='worker'):
    """The share of one load process.

    :param worker: index of the process.
    :param workers: how many processes there are.
    :param limits: resources that all users together may have, by kind.
    :param shared: resources that all users act on.
    :param remark: for the reader of the history; empty for none.
    :param boot: of the machine of the campaign; a process of another machine
        tells its times by the clock of that one.
    :param utc: what is added to that clock to have UTC, ns.
    :param part: path of its part of the history.
    :param ledger: path of its ledger.
    """

    whole: StormSpec
    worker: int
    workers: int
    limits: dict[str, int]
    shared: tuple[SharedResource, ...] = ()
    remark: str = ''
    boot: str = ''
    utc: int = 0
    part: str
    ledger: str

    @property
    def name(self) -> str:
        """For messages."""
        return f'load process {self.worker}'

    @property
    def actor(self) -> str:
        """Actor of the process."""
        return f'storm/{self.worker}'

    @property
    def indices(self) -> range:
        """Its users, by their indices over all workers."""
        return range(self.worker, self.whole.users, self.workers)


class MasterSpec(msgspec.Struct, frozen=True, kw_only=True, tag='master'):
    """What the master of several load processes is told.

    :param guests: shares of those on other machines.
    :param key: of them.
    """

    guests: tuple[WorkerSpec, ...] = ()
    key: str = ''

    @property
    def name(self) -> str:
        """For messages."""
        return 'the master of the load processes'


class GuestSpec(msgspec.Struct, frozen=True, kw_only=True, tag='guest'):
    """What a load process on another machine is told: how to be let in."""

    key: str

    @property
    def name(self) -> str:
        """For messages."""
        return 'the load process'


#: What one process is told.
Told = WorkerSpec | MasterSpec | GuestSpec


def write(path: pathlib.Path, told: Told) -> None:
    """Write it to a new file that only its owner may read."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(msgspec.json.encode(told))


def take(path: pathlib.Path) -> Told:
    """Read what a process is told and remove its file.

    The reader removes it, so that it does not outlive a campaign that is
    killed while its load process starts.
    """
    text = path.read_bytes()
    path.unlink()
    return msgspec.json.decode(text, type=Told)
