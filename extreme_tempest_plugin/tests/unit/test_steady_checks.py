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

import testtools

from extreme_tempest_plugin import steady_checks
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

PATH = 'nova:os-services'


def services(**states):
    return {
        'services': [
            {'binary': 'nova-compute', 'host': host, 'state': state}
            for host, state in states.items()
        ]
    }


class TestReport(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.bodies = {PATH: services(a='up', b='up')}
        self.report = steady_checks.Report(
            canned.Cloud(self.bodies), 'nova services'
        )

    def test_up(self):
        self.assertEqual('', self.report())

    def test_down(self):
        self.report()
        self.bodies[PATH] = services(a='up', b='down')
        self.assertEqual('down: nova-compute on b', self.report())

    def test_down_before_it_was_ever_up(self):
        self.bodies[PATH] = services(a='up', b='down')
        self.assertEqual('down: nova-compute on b', self.report())

    def test_gone(self):
        self.report()
        self.bodies[PATH] = services(a='up')
        self.assertEqual('down: nova-compute on b', self.report())

    def test_what_came_later_is_not_waited_for(self):
        self.report()
        self.bodies[PATH] = services(a='up', b='up', c='down')
        self.assertEqual('', self.report())

    def test_nothing(self):
        self.bodies[PATH] = services()
        self.assertEqual('down: nothing is listed', self.report())

    def test_no_answer(self):
        self.report()
        self.bodies[PATH] = fakes.refusal(503, 'no conductor')
        self.assertEqual('not to be had: no conductor', self.report())


class TestMonitors(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.up = {'nova': True, 'glance': True}
        self.monitors = steady_checks.Monitors(lambda: self.up)

    def test_green(self):
        self.assertEqual('', self.monitors())

    def test_red(self):
        self.up['glance'] = False
        self.assertEqual('down: glance', self.monitors())

    def test_silent(self):
        self.monitors()
        self.up['nova'] = None
        self.assertIsNone(self.monitors())
        self.up['glance'] = False
        self.assertEqual('down: glance', self.monitors())

    def test_one_that_has_said_nothing_yet(self):
        self.up['nova/boot'] = None
        self.assertEqual('', self.monitors())

    def test_none_has_said_anything_yet(self):
        self.up = {'nova': None}
        self.assertEqual('nobody has looked yet', self.monitors())

    def test_the_network_of_the_tester(self):
        self.up |= {'nova': False, 'control': False}
        self.assertIsNone(self.monitors())
