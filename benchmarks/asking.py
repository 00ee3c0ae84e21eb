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
"""Asking a cloud all the while, as its users do.

Open loop: each service is asked every half second, with a token, without
retries, whether the request before was answered or not.
"""

import concurrent.futures
import dataclasses
import sys
import threading
import time

import servers

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import namespace
from extreme_tempest_plugin.sandbox import network
from extreme_tempest_plugin.sandbox import services

ASKED = ('keystone', 'nova', 'neutron', 'glance', 'cinder')
INTERVAL_S = 0.5
REQUEST_TIMEOUT_S = 10
#: A server is asked for so often, and so long after the power cut.
BOOT_INTERVAL_S = 10
BOOTS_UNTIL_S = 165
#: Until when services and servers are watched, counted from the power cut.
WATCHED_UNTIL_S = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """:param error: empty for a good answer"""

    service: str
    sent: float
    done: float
    error: str


@dataclasses.dataclass(frozen=True, slots=True)
class Boot:
    """:param whole: when server and port were ACTIVE; None: never"""

    asked: float
    whole: float | None
    error: str


class Prober:
    """Asks every service, from the tester's place in the network."""

    def __init__(self, layout, shape, password):
        self.layout = layout
        self.cloud = api.Cloud(shape.api_address, password, REQUEST_TIMEOUT_S)
        self.endpoints = {
            service.name: service.endpoint
            for service in services.of(shape)
            if service.name in ASKED
        }
        self.samples = []
        self.boots = []
        self.stopped = threading.Event()

    def run(self, power_off):
        """Ask from before the power cut until stopped.

        :param power_off: called when all services are being asked
        :returns: the time of the cut, on the clock of the samples
        """

        def visit():
            self.cloud.authenticate()
            # Threads belong to the namespace of the one that starts them.
            with concurrent.futures.ThreadPoolExecutor(200) as executor:
                asking = [
                    executor.submit(self._ask_often, executor, name)
                    for name in self.endpoints
                ]
                time.sleep(2)
                cut = time.monotonic()
                power_off()
                asking.append(executor.submit(self._boot_often, executor, cut))
                time.sleep(WATCHED_UNTIL_S)
                self.stopped.set()
                for future in asking:
                    future.result()
            return cut

        return namespace.call(network.NAMESPACES / self.layout.tester, visit)

    def _ask_often(self, executor, name):
        due = time.monotonic()
        while not self.stopped.wait(max(0, due - time.monotonic())):
            executor.submit(self._ask, name, due)
            due += INTERVAL_S

    def _ask(self, name, due):
        error = ''
        try:
            if name == 'keystone':
                fresh = api.Cloud(
                    self.cloud.address, self.cloud.password, REQUEST_TIMEOUT_S
                )
                fresh.authenticate()
            else:
                endpoint = self.endpoints[name]
                self.cloud.get(endpoint.port, endpoint.probe)
        except api.ApiError as failure:
            error = str(failure)
        self.samples.append(Sample(name, due, time.monotonic(), error))

    def _boot_often(self, executor, cut):
        due = cut + 1
        while due < cut + BOOTS_UNTIL_S:
            if self.stopped.wait(max(0, due - time.monotonic())):
                return
            executor.submit(self._boot, due, cut + WATCHED_UNTIL_S)
            due += BOOT_INTERVAL_S

    def _boot(self, due, end):
        whole, error, made = None, '', ''
        try:
            made = servers.start(self.cloud)
            while time.monotonic() < end:
                error = servers.why_not_active(self.cloud, made)
                if not error:
                    whole = time.monotonic()
                    break
                time.sleep(0.5)
        except api.ApiError as failure:
            error = str(failure)
        self.boots.append(Boot(due, whole, error))
        if made:
            try:
                self.cloud.request('DELETE', 8774, f'/v2.1/servers/{made}')
            except api.ApiError as failure:
                print(f'server {made} stays: {failure}', file=sys.stderr)
