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
"""The process of the BMCs with supervisors that have no machine."""

import json
import pathlib
import socket
import subprocess
import sys
import threading

import fixtures

from extreme_tempest_plugin.sandbox import bmc
from extreme_tempest_plugin.sandbox import layout

WAIT_S = 20


class Supervisor(threading.Thread):
    """Takes orders as supervisor.Server does; slow ones when it is told."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.power = 'on'
        self.orders = []
        self.go = threading.Event()
        self.go.set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                order = connection.recv(64).decode().strip()
                answer = json.dumps({'power': self.obey(order)})
                connection.sendall(answer.encode())

    def obey(self, order):
        """Carry it out; returns the power then."""
        if order != 'status':
            self.go.wait(WAIT_S)
            self.orders.append(order)
            self.carry_out(order)
        return self.power

    def carry_out(self, order):
        """What the machine does; nothing but its power."""
        if order in ('on', 'off', 'soft'):
            self.power = 'on' if order == 'on' else 'off'


class Bmcs(fixtures.Fixture):
    """BMCs that answer, and whose orders nobody carries out.

    :param addresses: of the BMCs, by host
    :param password: of the user bmc.USER
    :param supervisor: takes the orders of one; made with the path of its
        socket
    """

    def __init__(
        self, addresses, password, port=bmc.PORT, supervisor=Supervisor
    ):
        super().__init__()
        self.addresses = addresses
        self.password = password
        self.port = port
        self.supervisor = supervisor

    def _setUp(self):
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        made = layout.Layout('t', run_root=top)
        made.run_dir.mkdir()
        self.hosts = {
            name: self.supervisor(made.socket(name)) for name in self.addresses
        }
        spec = bmc.Specification(
            't', str(top), self.addresses, self.password, self.port
        )
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'extreme_tempest_plugin.sandbox.bmc.ipmi'],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding='utf-8',
        )
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        with self.process.stdin as stdin:
            stdin.write(spec.to_json())
        said = self.process.stderr.readline()
        if 'serving' not in said:
            raise RuntimeError(f'the BMCs do not serve: {said}')
