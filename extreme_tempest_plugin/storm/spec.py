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

import msgspec

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import credentials as cloud_credentials
from extreme_tempest_plugin.cloud import quota
from extreme_tempest_plugin.plan import model as plan_model

#: Environment variable with the path of the file.
VARIABLE = 'EXTREME_STORM_SPEC'

#: Ends a storm in good order. Not SIGTERM: Locust has a handler of its own,
#: see ``locustfile``.
STOP = signal.SIGUSR1


class StormSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One storm.

    :param run: identity of the run, a UUID.
    :param duration: seconds that it fires; settling comes on top.
    :param storm: complete: with users and max_instances.
    """

    run: str
    seed: int
    duration: float
    storm: plan_model.Storm
    cloud: settings.Cloud
    credentials: cloud_credentials.Credentials

    @property
    def users(self) -> int:
        """Users of all workers together."""
        return self.storm.users or 1

    @property
    def max_instances(self) -> int:
        """Servers of all users together."""
        return self.storm.max_instances or self.users

    @property
    def prefix(self) -> str:
        """Begins the name of all that this run creates."""
        return f'xt-{self.run.replace("-", "")[:12]}'


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The share of one load process.

    :param worker: index of the process.
    :param first_user: index of its first user over all workers.
    :param users: how many it has.
    :param room: what the quota leaves for all of them.
    :param remark: for the reader of the history; empty for none.
    :param part: path of its part of the history.
    :param ledger: path of its ledger.
    """

    whole: StormSpec
    worker: int
    first_user: int
    users: int
    room: quota.Room
    remark: str = ''
    part: str
    ledger: str

    @property
    def actor(self) -> str:
        """Actor of the process."""
        return f'storm/{self.worker}'


def write(path: pathlib.Path, worker: WorkerSpec) -> None:
    """Write a share to a new file that only its owner may read."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(msgspec.json.encode(worker))


def take(path: pathlib.Path) -> WorkerSpec:
    """Read a share and remove its file.

    The reader removes it, so that it does not outlive a campaign that is
    killed while its load process starts.
    """
    text = path.read_bytes()
    path.unlink()
    return msgspec.json.decode(text, type=WorkerSpec)
