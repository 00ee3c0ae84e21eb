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
"""Every name and path that a sandbox uses, made of its name alone.

Whatever was started can therefore be found again and removed, even when the
process that started it was killed.
"""

import dataclasses
import pathlib
import re

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import topology

RUN_ROOT = pathlib.Path('/run/extreme-sandbox')
STATE_ROOT = pathlib.Path('/var/lib/extreme-sandbox')
CACHE_ROOT = pathlib.Path('/var/cache/extreme-sandbox')

TESTER = 'tester'
BMC = 'bmc'

_NAME = re.compile(r'[a-z][a-z0-9]{0,9}\Z')
# The kernel splits the options of an overlay mount at these.
_OVERLAY_UNSAFE = re.compile(r'[,:\\\s]')


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Names and paths of one sandbox.

    :param name: of the sandbox
    :param state_root: directory for what a sandbox keeps on disk
    :param run_root: directory for what ends with a reboot of this machine
    """

    name: str
    state_root: pathlib.Path = STATE_ROOT
    run_root: pathlib.Path = RUN_ROOT

    @property
    def home(self) -> pathlib.Path:
        return self.state_root / self.name

    @property
    def hosts_dir(self) -> pathlib.Path:
        return self.home / 'hosts'

    @property
    def workspace(self) -> pathlib.Path:
        return self.home / 'workspace'

    @property
    def run_dir(self) -> pathlib.Path:
        return self.run_root / self.name

    @property
    def storage(self) -> pathlib.Path:
        """Where the storage outside the hosts is mounted."""
        return self.run_dir / 'storage'

    @property
    def lock(self) -> pathlib.Path:
        return self.run_root / f'{self.name}.lock'

    @property
    def record(self) -> pathlib.Path:
        """Written when ``up`` has ended well."""
        return self.run_dir / 'up.json'

    @property
    def cgroup(self) -> str:
        return f'extreme-sandbox-{self.name}'

    def host_dir(self, host: str) -> pathlib.Path:
        return self.hosts_dir / host

    def socket(self, host: str) -> pathlib.Path:
        """Where the supervisor of a host listens."""
        return self.run_dir / f'{host}.sock'

    @property
    def bmc_log(self) -> pathlib.Path:
        """What the BMCs were told to do."""
        return self.run_dir / 'bmc.log'

    def machine(self, host: str) -> str:
        """The name of a host on this machine: namespace and container."""
        return f'{self.name}-{host}'

    @property
    def switch(self) -> str:
        return self.machine(topology.SWITCH.name)

    @property
    def bmc(self) -> str:
        """Where the BMCs of all hosts live."""
        return self.machine(BMC)

    @property
    def tester(self) -> str:
        return self.machine(TESTER)

    def all_machines(self) -> tuple[str, ...]:
        """Machines that this sandbox may have, whatever its topology is."""
        hosts = {
            host.name
            for known in topology.TOPOLOGIES.values()
            for host in known.hosts
        }
        return tuple(
            self.machine(host) for host in sorted(hosts | {BMC, TESTER})
        )


def make(name: str, state_root: pathlib.Path) -> Layout:
    """A layout for names that a user chose.

    :raises errors.UsageError: the name or the path cannot be used
    """
    if not _NAME.match(name):
        raise errors.UsageError(
            f'{name!r} cannot be the name of a sandbox: at most 10 lower-case '
            'letters and digits, a letter first'
        )
    return Layout(name, usable_path(state_root))


def usable_path(path: pathlib.Path) -> pathlib.Path:
    """The absolute form of a directory in which overlays can lie.

    :raises errors.UsageError: it has a character that overlays cannot take
    """
    path = path.expanduser().absolute()
    if _OVERLAY_UNSAFE.search(str(path)):
        raise errors.UsageError(
            f'{str(path)!r} cannot be used: no comma, colon, backslash or '
            'space may be in the path'
        )
    return path
