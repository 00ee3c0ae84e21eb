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
"""What is there after a run, was not before, and no ledger has."""

import testtools

from extreme_tempest_plugin.cloud import leftovers
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.cloud import fakes

BEFORE, AFTER = events.CensusPhase.BEFORE, events.CensusPhase.AFTER


class TestLeftovers(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = fakes.Cloud()
        self.compute = self.cloud.compute
        self.compute.put('old', 'precious')
        self.clock = fakes.Clock()
        self.recorded = []
        self.before = leftovers.look(
            BEFORE, self.cloud, None, ('server',), self.recorded.append
        )

    def _find(self, alone):
        return leftovers.find(
            self.before,
            lambda: leftovers.look(AFTER, self.cloud, None, ('server',)),
            'xt-run',
            alone,
            clock=self.clock.seconds,
            sleep=self.clock.sleep,
        )

    def test_all_is_as_it_was(self):
        self.assertEqual({}, self._find(alone=True))
        self.assertEqual(
            1,
            len(
                [
                    one
                    for one in self.recorded
                    if isinstance(one, events.Census)
                ]
            ),
        )

    def test_ours_by_its_name(self):
        self.compute.put('new', 'xt-run-1')
        self.compute.put('theirs', 'another')
        self.assertEqual({'server/new': 'xt-run-1'}, self._find(alone=False))

    def test_what_a_monitor_is_at_work_with(self):
        self.compute.put('new', 'xt-uptime-6a3c1c0e-7')
        self.assertEqual({}, self._find(alone=True))

    def test_all_in_a_project_of_our_own(self):
        self.compute.put('new', 'whatever')
        self.assertEqual({'server/new': 'whatever'}, self._find(alone=True))

    def test_what_goes_away_by_itself(self):
        self.compute.put('new', 'xt-run-1')
        sleep = self.clock.sleep

        def forget(seconds):
            sleep(seconds)
            self.compute.servers.pop('new', None)

        self.clock.sleep = forget
        self.assertEqual({}, self._find(alone=True))

    def test_what_could_not_be_listed_proves_nothing(self):
        nothing = leftovers.Listed(complete=frozenset(), names={})
        self.compute.put('new', 'xt-run-1')
        self.before = nothing
        self.assertEqual({}, self._find(alone=True))
