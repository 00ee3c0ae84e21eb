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
"""Runs that break a container, killed at each phase."""

from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import runtimes
from extreme_tempest_plugin.tests.functional.faults import test_containers
from extreme_tempest_plugin.tests.functional.faults import test_killed_run
from extreme_tempest_plugin.tests.functional.logs import sshd


class TestKilledContainer(test_killed_run.KilledRun):
    def setUp(self) -> None:
        super().setUp()
        if why := runtimes.usable('podman'):
            self.skipTest(why)
        self.runtime = self.useFixture(runtimes.Podman())
        self.target = test_containers.target(
            self.useFixture(sshd.Sshd(self.runtime.force)),
            self.runtime.serve(test_containers.NAME),
            runtime='podman',
        )

    def _status(self) -> str:
        return self.runtime.run(
            'inspect', '--format', '{{.State.Status}}', test_containers.NAME
        )

    def _plan(self, kind: str) -> model.Fault:
        return model.Fault(fault=kind, target='api', hold=60, recovery=90)

    def _break(self, kind: str, shown: str, last: bool = False) -> None:
        plan = self._plan(kind)
        for phase, after in test_killed_run.moments(
            ('injected', 0.0),
            ('injected', 0.7),
            ('evidenced', 0.0),
            last=last,
        ):
            self._kill(plan, self.target, phase, after)
            if phase == 'evidenced':
                self.assertEqual(shown, self._status())
            self._heal()
            self.assertEqual('running', self._status())

    def test_terminate(self) -> None:
        self._break('service.terminate', 'exited')
        self._live(self._plan('service.terminate'), self.target)
        self.assertEqual('running', self._status())

    def test_freeze(self) -> None:
        self._break('service.freeze', 'paused', last=True)
