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
"""A controller dies, the others take over, and it comes back.

Needs a sandbox of the topology ``ha``::

    tempest extreme sandbox exec -- stestr --test-path \
        ./extreme_tempest_plugin/tests/sandbox run --serial test_ha
"""

import os
import pathlib
import time
from concurrent import futures

import testtools

from extreme_tempest_plugin.sandbox import api
from extreme_tempest_plugin.sandbox import layout as layout_module
from extreme_tempest_plugin.sandbox import lifecycle
from extreme_tempest_plugin.sandbox import progress
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import status
from extreme_tempest_plugin.sandbox.health import cluster as cluster_health
from extreme_tempest_plugin.sandbox.hosts import machine as machine_module

#: Seconds; the busy machine of a gate is slow. benchmarks/failover.py
#: measures.
ANSWER_TIMEOUT = 60
WHOLE_TIMEOUT = 300


class TestLossOfAController(testtools.TestCase):
    def setUp(self):
        super().setUp()
        given = os.environ.get('TEMPEST_CONFIG_DIR')
        if not given or not os.environ.get('OS_CLOUD'):
            self.fail('not in a sandbox: use `tempest extreme sandbox exec`')
        home = pathlib.Path(given).parent.parent
        self.layout = layout_module.Layout(os.environ['OS_CLOUD'], home.parent)
        self.record = status.Record.read(self.layout.record)
        self.shape = self.record.shape
        if not self.shape.clustered:
            self.skipTest(
                'has one controller; for several: sandbox up --topology ha'
            )
        self.machines = machine_module.machines(self.layout, self.shape)
        self.wait_until_whole()

    def test_the_one_that_has_the_address(self):
        (machine,) = [
            m
            for m in self.machines
            if m.host in self.shape.controllers and self.has_address(m)
        ]
        self.addCleanup(machine.power, 'on')
        machine.power('off')
        self.wait_for_answers()
        seen = lifecycle.Sandbox(self.layout, progress.Plain()).status()
        self.assertEqual('degraded', seen.state)
        self.assertEqual('power off', dict(seen.missing)[machine.host.name])
        machine.power('on')
        self.wait_until_whole()

    def test_all_lose_their_power_at_once(self):
        nodes = [m for m in self.machines if m.host in self.shape.nodes]
        for machine in nodes:
            self.addCleanup(machine.power, 'on')
        with futures.ThreadPoolExecutor(len(nodes)) as executor:
            list(executor.map(lambda machine: machine.power('off'), nodes))
        for machine in nodes:
            machine.power('on')
        self.wait_until_whole()
        self.wait_for_answers()

    def has_address(self, machine):
        shown = machine.run(['ip', '-br', 'address', 'show', 'eth0'])
        return f'{self.shape.api_address}/' in shown

    def wait_for_answers(self):
        end = time.monotonic() + ANSWER_TIMEOUT
        while wrong := self.wrong():
            self.assertLess(time.monotonic(), end, wrong)
            time.sleep(0.5)

    def wrong(self):
        """The first API that does not answer through the address."""
        cloud = api.Cloud(self.shape.api_address, self.record.password, 5)
        try:
            cloud.authenticate()
            for service in services.of(self.shape):
                if service.endpoint:
                    probe = service.endpoint.probe
                    cloud.get(
                        service.endpoint.port,
                        probe.format(project=cloud.project_id),
                    )
        except api.ApiError as error:
            return str(error)
        return ''

    def wait_until_whole(self):
        end = time.monotonic() + WHOLE_TIMEOUT
        while missing := cluster_health.missing_members(
            self.layout, self.shape, self.machines, self.record.password
        ):
            self.assertLess(time.monotonic(), end, missing)
            time.sleep(1)
