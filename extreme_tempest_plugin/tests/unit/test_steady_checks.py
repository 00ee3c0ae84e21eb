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

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin import steady_checks
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit import configuration
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.faults import world
from extreme_tempest_plugin.tests.unit.storm import canned

PATH = 'nova:os-services'


def services(**states):
    return {
        'services': [
            {'binary': 'nova-compute', 'host': host, 'state': state}
            for host, state in states.items()
        ]
    }


def fault(target='mysql'):
    return model.Fault(fault='service.restart', target=target)


class TestClusters(testtools.TestCase):
    """Which clusters are asked, and what is said of the others."""

    def setUp(self):
        super().setUp()
        self.there = world.World(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        )
        self.written = []

    def kinds(self, **kinds):
        clusters = world.file()['clusters']
        for name, kind in kinds.items():
            clusters[name]['kind'] = kind
        self.there.configure(clusters=clusters)

    def checks(self, *faults, **steady):
        plan = model.Plan(
            name='p',
            duration=9,
            uptime=model.Uptime(),
            faults=faults,
            beyond_quorum=True,
            steady=model.Steady(**steady),
        )
        made = steady_checks.Checks(
            plan,
            configuration.settings(destructive=self.there.destructive),
            None,
            dict,
            notes.Notes('campaign', self.written.append, lambda: 0),
        )
        return [check.name for check in made._clusters()]

    def said(self, what):
        return [
            (event.about, event.text)
            for event in self.written
            if event.what is what
        ]

    def test_without_the_canary_there_are_the_clusters(self):
        self.kinds(galera='galera', rabbitmq='rabbitmq', ovn='ovn')
        self.assertEqual(
            ['galera', 'rabbitmq', 'ovn'],
            self.checks(fault(), without=('canary',)),
        )
        self.assertEqual(
            ['galera', 'ovn'], self.checks(fault(), without=('rabbitmq',))
        )
        self.assertEqual(['galera'], self.checks(fault(), checks=('galera',)))

    def test_one_without_a_kind_is_a_remark(self):
        self.kinds(rabbitmq='rabbitmq')
        self.assertEqual(['rabbitmq'], self.checks(fault('rabbitmq')))
        self.assertEqual([], self.said(events.Topic.UNMEASURED))
        self.assertEqual(2, len(self.said(events.Topic.REMARK)))

    def test_one_without_a_kind_that_is_hit_is_not_measured(self):
        self.kinds(rabbitmq='rabbitmq')
        self.checks(fault())
        ((about, text),) = self.said(events.Topic.UNMEASURED)
        self.assertEqual('steady/galera', about)
        self.assertIn('give clusters.galera.kind in ', text)
        # By the host that it is on, too, and not if nobody wants to know.
        self.written.clear()
        self.checks(
            model.Fault(fault='node.off', target='ctl1'), without=('ovn',)
        )
        self.assertEqual(
            ['steady/galera'],
            [about for about, _ in self.said(events.Topic.UNMEASURED)],
        )


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
