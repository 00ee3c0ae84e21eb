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

from extreme_tempest_plugin import steady
from extreme_tempest_plugin.faults import bystanders
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes

SECOND = 1_000_000_000

NOVA = steady.Check(name='nova services', look=lambda: '')
CANARY = steady.Check(
    name='canary', look=lambda: '', tries=True, blind='no quota'
)


class Others(bystanders.Bystanders):
    """None; some hosts may be silent."""

    silent = ()

    def remember(self):
        return self.silent


class TestState(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.now = 1000 * SECOND
        self.written = []
        note = notes.Notes('campaign', self.written.append, self.clock)
        self.others = Others(())
        self.state = steady.State(
            self.written.append,
            note,
            self.others,
            30.0,
            self.clock,
        )
        for check in (NOVA, CANARY):
            self.state.add(check)

    def clock(self):
        return self.now

    def look(self, said='', check=NOVA, took=1):
        began = self.now
        self.now += took * SECOND
        self.state.take(check, began, said)

    def fault(self, phase, fault='fault-1', late=0):
        """A phase; the history has it by so many seconds before now."""
        self.now += SECOND
        self.state.record(
            events.Fault(
                t=self.now - late * SECOND,
                actor='campaign',
                fault=fault,
                kind='service.restart',
                phase=events.FaultPhase(phase),
                target='rabbitmq',
            )
        )

    def told(self):
        return [
            (event.about, event.text)
            for event in self.written
            if isinstance(event, events.Note)
        ]

    def test_told_when_it_changes_and_after_injection_and_heal(self):
        for said in ('', '', 'down: a', 'down: a, b', '', ''):
            self.look(said)
        self.fault('injected')
        self.look()
        self.look()
        self.fault('heal-evidenced')
        self.look()
        self.look()
        self.assertEqual(
            [
                ('nova services', ''),
                ('nova services', 'down: a'),
                ('nova services', ''),
                ('nova services', ''),
                ('nova services', ''),
            ],
            self.told(),
        )
        self.assertIn(
            'injected', [getattr(e, 'phase', '') for e in self.written]
        )

    def test_a_look_from_before_says_nothing(self):
        for phase in ('injected', 'heal-evidenced'):
            began = self.now
            self.fault(phase)
            self.state.take(NOVA, began, '')
        self.assertEqual([], self.told())
        self.assertEqual(('nova services', 'canary'), self.state.awaited())

    def test_what_takes_long_rests_longer(self):
        self.fault('injected')
        self.look('down: a', took=4)
        self.now += 7 * SECOND
        self.assertFalse(self.state.due(NOVA))
        self.now += SECOND
        self.assertTrue(self.state.due(NOVA))
        # Not for long, though, and not if what is broken has changed.
        self.look('down: a', took=40)
        self.now += 15 * SECOND
        self.assertTrue(self.state.due(NOVA))
        self.look('down: a', took=40)
        self.fault('heal-evidenced')
        self.assertTrue(self.state.due(NOVA))

    def test_nobody_knows_is_not_told(self):
        self.look(None)
        self.assertEqual([], self.told())
        self.assertEqual({}, self.state.unsteady())
        self.assertEqual(('canary',), self.state.awaited())
        self.look(None, check=CANARY)
        self.assertEqual(
            {'nova services': 'nobody knows', 'canary': 'no quota'},
            self.state.unknown(),
        )
        self.fault('injected')
        self.assertEqual({}, self.state.unknown())
        self.look()
        self.assertEqual({}, self.state.unknown())

    def test_what_was_seen_before_a_heal_was_known_is_looked_at_again(self):
        """Else the history has nothing of it after the heal."""
        self.fault('injected')
        self.look(took=2)
        self.now += 4 * SECOND
        self.look(took=2)
        self.assertEqual([('nova services', '')], self.told())
        self.fault('heal-evidenced', late=6)
        self.assertIn('nova services', self.state.awaited())
        self.assertTrue(self.state.due(NOVA))
        self.look()
        self.assertEqual([('nova services', '')] * 2, self.told())
        self.assertEqual(('canary',), self.state.awaited())

    def test_a_heal_that_is_told_late_takes_nothing_back(self):
        self.fault('injected', 'fault-1')
        began = self.now
        self.now += SECOND
        self.fault('injected', 'fault-2')
        self.fault('heal-evidenced', 'fault-1', late=6)
        # It began before the second one was injected.
        self.state.take(NOVA, began, '')
        self.assertEqual([], self.told())

    def test_hosts_that_say_nothing_before_the_first_fault(self):
        self.others.silent = ('10.0.0.11',)
        self.state.remember()
        ((about, text),) = self.told()
        self.assertEqual('steady/services', about)
        self.assertIn('10.0.0.11 did not say', text)
        self.assertEqual(events.Topic.UNMEASURED, self.written[0].what)

    def test_who_does_not_know_yet_is_waited_for(self):
        self.look(None)
        self.look(None, check=CANARY)
        # A canary that cannot fly will not later.
        self.assertEqual(('nova services',), self.state.lost())
        self.look()
        self.assertEqual((), self.state.lost())

    def test_what_is_lost_and_what_is_awaited(self):
        self.assertEqual(('nova services', 'canary'), self.state.awaited())
        self.look('down: a')
        self.look(check=CANARY)
        self.assertEqual(('nova services',), self.state.lost())
        self.assertEqual((), self.state.awaited())
        self.fault('injected')
        self.look()
        self.fault('heal-evidenced')
        # Both were asked before the heal alone.
        self.assertEqual((), self.state.lost())
        self.assertEqual(('nova services', 'canary'), self.state.awaited())
        self.look()
        self.assertEqual(('canary',), self.state.awaited())

    def test_often_until_all_is_calm(self):
        self.look()
        self.now += 20 * SECOND
        self.look()
        self.assertFalse(self.state.due(NOVA))
        self.now += 15 * SECOND
        self.assertTrue(self.state.due(NOVA))
        self.fault('injected')
        self.look()
        self.now += 2 * SECOND
        self.assertTrue(self.state.due(NOVA))
        self.fault('heal-evidenced')
        self.now += 20 * SECOND
        self.look()
        self.now += 2 * SECOND
        self.assertFalse(self.state.due(NOVA))
        self.look('down: a')
        self.now += 2 * SECOND
        self.assertTrue(self.state.due(NOVA))

    def test_what_changes_the_cloud_is_tried_once_after_a_heal(self):
        self.assertTrue(self.state.due(CANARY))
        self.look('boot: 500', CANARY)
        self.assertTrue(self.state.due(CANARY))
        self.look('', CANARY)
        self.now += 99 * SECOND
        self.assertFalse(self.state.due(CANARY))
        self.fault('injected')
        self.assertFalse(self.state.due(CANARY))
        self.fault('heal-evidenced')
        self.assertTrue(self.state.due(CANARY))
        self.look(None, CANARY)
        self.assertFalse(self.state.due(CANARY))

    def test_nothing_is_tried_while_another_fault_lasts(self):
        self.fault('injected', 'fault-1')
        self.fault('injected', 'fault-2')
        self.fault('heal-evidenced', 'fault-1')
        self.assertFalse(self.state.due(CANARY))

    def test_how_long_the_end_is_waited_for(self):
        self.look('down: a')
        # Nothing was broken.
        self.assertEqual((), self.state.unsettled())
        self.fault('injected')
        self.assertEqual((), self.state.unsettled())
        self.fault('heal-evidenced')
        self.look('down: a')
        self.assertEqual(('nova services', 'canary'), self.state.unsettled())
        self.look()
        self.assertEqual(('canary',), self.state.unsettled())
        self.now += 31 * SECOND
        self.assertEqual((), self.state.unsettled())

    def test_ours_is_unmeasured_and_holds_up_nobody(self):
        self.state.give_up(NOVA, 'KeyError: x')
        self.assertEqual(
            [('steady/nova services', 'KeyError: x')], self.told()
        )
        self.assertEqual(
            [events.Topic.UNMEASURED], [event.what for event in self.written]
        )
        self.assertEqual(('canary',), self.state.awaited())
