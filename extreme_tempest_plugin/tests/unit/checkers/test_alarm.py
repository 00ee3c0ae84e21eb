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
"""The first operation that cannot be right, while the storm goes on."""

import testtools

from extreme_tempest_plugin.checkers import alarm
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.checkers import histories


def raised(built):
    faults = windows.Faults(built.plan.faults)
    found = alarm.Alarm(faults)
    for event in built.events():
        if isinstance(event, events.Fault | events.Note):
            faults.see(event)
        found.see(event)
    return found.raised


class TestAlarm(testtools.TestCase):
    def test_a_healthy_storm(self):
        self.assertEqual('', raised(histories.storm()))
        self.assertEqual('', raised(histories.whole()))

    def test_a_5xx(self):
        built = histories.storm()
        built.call(
            50.0, 'server.create', outcome='info', status=500, error='boom'
        )
        self.assertEqual('server.create 0-6: 500: boom', raised(built))

    def test_a_refusal(self):
        for allowed, wanted in (((), True), ((409,), False)):
            built = histories.storm()
            built.call(
                50.0,
                'server.create',
                outcome='fail',
                effect='creates',
                allowed=allowed,
                error='busy',
            )
            self.assertEqual(wanted, 'refused with 409' in raised(built))

    def test_one_that_does_not_come_to_rest(self):
        built = histories.storm()
        built.create(50.0, 'c', 'BUILD', False, 30.0)
        self.assertIn('did not come to rest: BUILD', raised(built))

    def test_the_first_one_counts(self):
        built = histories.storm()
        for t in (50.0, 51.0):
            built.call(t, 'server.create', outcome='info', status=500)
        self.assertIn('0-6', raised(built))

    def test_a_fault_excuses(self):
        built = histories.whole()
        built.call(22.0, 'server.create', outcome='info', status=503)
        self.assertEqual('', raised(built))

    def test_a_fault_that_is_not_healed_excuses_all_after_it(self):
        built = histories.storm(histories.PLAN)
        built.fault(healed=None, whole=None)
        built.call(70.0, 'server.create', outcome='info', status=503)
        self.assertEqual('', raised(built))
