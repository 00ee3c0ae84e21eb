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
"""One simulated machine: its disk, its container, its power states."""

import dataclasses
import json
import logging
import pathlib
import signal
import subprocess

from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import shell
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.cgroups import Group
from extreme_tempest_plugin.sandbox.layout import Layout

LOG = logging.getLogger(__name__)

# What systemd-nspawn --keep-unit returns when the host wants to reboot.
REBOOT = 133

_CAPABILITIES = 'CAP_NET_ADMIN,CAP_SYS_TIME,CAP_IPC_LOCK'


@dataclasses.dataclass(frozen=True, slots=True)
class Specification:
    """What a supervisor must know about its machine.

    :param lower: read-only layers of its disk, the uppermost first
    :param binds: directories of this machine, and where they go in the host
    """

    name: str
    state_root: str
    run_root: str
    topology: str
    host: str
    lower: tuple[str, ...]
    binds: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'Specification':
        fields = json.loads(text)
        fields['lower'] = tuple(fields['lower'])
        fields['binds'] = tuple(map(tuple, fields['binds']))
        return cls(**fields)

    @property
    def layout(self) -> Layout:
        return Layout(
            self.name,
            pathlib.Path(self.state_root),
            pathlib.Path(self.run_root),
        )


class Board:
    """Power states of one machine."""

    def __init__(self, spec: Specification) -> None:
        self.layout = spec.layout
        shape = topology.named(spec.topology)
        (self.host,) = (host for host in shape.hosts if host.name == spec.host)
        self.directory = self.layout.host_dir(spec.host)
        self.binds = spec.binds
        self.group = Group(f'{self.layout.cgroup}/{spec.host}')
        self.container: subprocess.Popen[bytes] | None = None

    def mount(self, lower: tuple[str, ...]) -> None:
        """Put the disk together: our own layer over the read-only ones."""
        for name in ('upper', 'work', 'root'):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        options = (
            f'lowerdir={":".join(lower)},'
            f'upperdir={self.directory / "upper"},'
            f'workdir={self.directory / "work"},'
            # No waiting for the disk of this machine: the layer is thrown
            # away, and cutting the power of a host leaves the page cache.
            'volatile'
        )
        root = str(self.directory / 'root')
        shell.run(['mount', '-t', 'overlay', 'overlay', '-o', options, root])

    def command(self) -> list[str]:
        """The container: a whole host with its own systemd."""
        machine = self.layout.machine(self.host.name)
        return [
            'systemd-nspawn',
            '--quiet',
            # This machine's own service manager has no part in it.
            '--register=no',
            '--keep-unit',
            f'--directory={self.directory / "root"}',
            f'--machine={machine}',
            f'--hostname={self.host.name}',
            '--resolv-conf=off',
            '--timezone=off',
            f'--capability={_CAPABILITIES}',
            f'--network-namespace-path={network.NAMESPACES / machine}',
            *(f'--bind={ours}:{theirs}' for ours, theirs in self.binds),
            '--boot',
        ]

    def on(self) -> None:
        if self.container:
            return
        network.power_on(self.layout, self.host, self.directory / 'root')
        # The reboot of a host empties its groups; systemd removed its own.
        self.group.create()
        self.container = subprocess.Popen(
            [*self.group.enter_prefix(), *self.command()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def off(self) -> None:
        """Cut the power: no signal to the inside, the network goes first."""
        network.power_off(self.layout, self.host)
        self.group.kill()
        if self.container:
            self.container.wait()
            self.container = None

    def reset(self) -> None:
        """Press the reset button: it has no effect without power."""
        if self.container:
            self.off()
            self.on()

    def soft(self) -> None:
        """Press the power button: the host shuts itself down, later."""
        if self.container:
            self.container.send_signal(signal.SIGTERM)

    def ended(self) -> None:
        """The container ended by itself: a reboot or a shutdown."""
        if not self.container:
            return
        code = self.container.wait()
        self.container = None
        LOG.info('%s: container ended with %d', self.host.name, code)
        self.off()
        if code == REBOOT:
            self.on()

    @property
    def power(self) -> str:
        return 'on' if self.container else 'off'
