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
"""A host with a BMC: an sshd with processes of its own, and its power."""

import collections.abc
import functools
import json
import os
import pathlib
import threading

import fixtures

from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.tests.functional.logs import sshd
from extreme_tempest_plugin.tests.functional.sandbox import bmcs as emulator

#: IPMI allows 20 bytes.
PASSWORD = 'geheim-0123456789abc'
# With the first process of each start goes all that it started.
_APART = ('unshare', '--fork', '--pid', '--mount-proc', '--kill-child', '--')


class Supervisor(emulator.Supervisor):
    """Carries out what the BMC is told.

    :param system: file that says what systemd of the host would say.
    :ivar stopping: seconds that an orderly shutdown takes.
    """

    stopping = 1.5

    def __init__(
        self, server: sshd.Sshd, system: pathlib.Path, path: pathlib.Path
    ) -> None:
        self.server = server
        self.system = system
        self.lock = threading.Lock()
        super().__init__(path)

    def carry_out(self, order: str) -> None:
        if order == 'soft':
            self.system.write_text('stopping')
            threading.Timer(self.stopping, self._switch, ['off']).start()
        elif order == 'reset':
            self._switch('off')
            self._switch('on')
        else:
            self._switch(order)

    def _switch(self, power: str) -> None:
        with self.lock:
            if power == self.power:
                return
            if power == 'on':
                self.system.write_text('running')
                self.server.start()
            else:
                self.server.stop()
            self.power = power


class Machine(fixtures.Fixture):
    """A host that can be switched off, and a target that says how.

    :cvar driver: of ``power_managements``, by which it is switched.
    :ivar supervisor: what carries out the orders.
    :ivar units: file that says how each unit of the host is.
    :ivar target: the host, as the configuration would have it.
    """

    name = 'h1'
    driver = 'ipmi'

    def _setUp(self) -> None:
        self.top = top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.units = top / 'is-active'
        self.units.write_text('active')
        system = top / 'is-system-running'
        system.write_text('running')
        systemctl = top / 'systemctl'
        systemctl.write_text(f'#!/bin/sh\ncat {top}/"$1"\n')
        systemctl.chmod(0o700)
        force = f'PATH={top}:$PATH exec sh -c "$SSH_ORIGINAL_COMMAND"'
        self.server = self.useFixture(sshd.Sshd(force, prefix=_APART))
        self.address = self._plug(
            functools.partial(Supervisor, self.server, system)
        )
        self.file = top / 'os-faults.json'
        self.configure(PASSWORD)
        self.target = configuration.Target(
            name=self.name,
            hosts=(self.server.host,),
            part=bmcs.Power(
                file=str(self.file),
                fqdn=self.name,
                driver=self.driver,
                bmc=self.address,
                units=('nova-api',),
            ),
        )

    def _plug(
        self, supervisor: collections.abc.Callable[[pathlib.Path], Supervisor]
    ) -> str:
        """Give it a BMC; returns its address."""
        # The number of the port of a BMC is fixed, so its address is ours.
        pid = os.getpid()
        address = f'127.{pid >> 16 & 127 | 128}.{pid >> 8 & 255}.{pid & 255}'
        self.bmc = self.useFixture(
            emulator.Bmcs(
                {self.name: address}, PASSWORD, supervisor=supervisor
            )
        )
        self.supervisor = self.bmc.hosts[self.name]
        return address

    def configure(self, password: str, **more: object) -> None:
        """Write the os-faults configuration.

        :param more: that it says of the BMC.
        """
        account = {
            'address': self.address,
            'username': bmc.USER,
            'password': password,
            **more,
        }
        mac = '02:00:00:00:00:01'
        node = {'ip': '127.0.0.1', 'fqdn': self.name, 'mac': mac}
        power = {'driver': self.driver, 'args': {'mac_to_bmc': {mac: account}}}
        self.file.write_text(
            json.dumps(
                {
                    'cloud_management': {'driver': 'universal'},
                    'node_discover': {'driver': 'node_list', 'args': [node]},
                    'power_managements': [power],
                }
            )
        )


def usable() -> str:
    """Why such a host cannot be made here; empty if it can."""
    if os.getuid():
        return 'port 623 and process namespaces need root'
    return ''
