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
"""Before the first fault, and what is asked; time passes where it waits."""

import errno
import threading
import types

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import steady
from extreme_tempest_plugin import steadying
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit import configuration
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

FULL = OSError(errno.ENOSPC, 'No space left on device')
PLAN = model.Plan(name='p', duration=9, uptime=model.Uptime())


def services(**states):
    return {
        'services': [
            {'binary': 'nova-compute', 'host': host, 'state': state}
            for host, state in states.items()
        ]
    }


REAL = threading.Thread


class Thread:
    """Is never run: tests ask themselves."""

    def __init__(self, target, args, daemon):
        pass

    def start(self):
        pass


class TestSteadying(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0
        self.written = []
        #: what goes wrong with the next notes.
        self.wrong = []
        #: what the checks say; the last one goes on.
        self.says = {}
        for name, new in (
            (
                'time',
                types.SimpleNamespace(
                    monotonic=lambda: self.now,
                    monotonic_ns=self.clock,
                    sleep=self.sleep,
                ),
            ),
            ('threading.Thread', Thread),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'{steadying.__name__}.{name}', new)
            )
        self.steadying = steadying.Steadying(
            PLAN,
            configuration.settings(),
            None,
            None,
            dict,
            self.write,
            notes.Notes('campaign', self.write, self.clock),
        )
        self.state = self.steadying.state
        self.state._now = self.clock

    def clock(self):
        return round(self.now * 1e9)

    def write(self, event):
        if self.wrong:
            raise self.wrong.pop()
        self.written.append(event)

    def sleep(self, seconds):
        """Others ask meanwhile."""
        self.now += seconds
        for check in self.steadying._checks:
            said = self.says[check.name]
            if said and self.state.due(check):
                began = self.clock()
                self.now += 0.1
                text = said.pop(0) if len(said) > 1 else said[0]
                self.state.take(check, began, text)

    def hold(self, tries=False, **says):
        self.says = {name: list(said) for name, said in says.items()}
        checks = [
            steady.Check(
                name=name, look=lambda: '', tries=tries, blind=f'no {name}'
            )
            for name in says
        ]
        self.useFixture(
            fixtures.MonkeyPatch(
                'extreme_tempest_plugin.steady_checks.Checks.of',
                lambda *given: checks,
            )
        )
        self.steadying.hold(lambda text: None)

    def refused(self, **says):
        began = self.now
        error = self.assertRaises(
            errors.RefusedError, lambda: self.hold(**says)
        )
        self.assertNotIn('\n', str(error))
        return str(error), self.now - began

    def test_steady(self):
        self.hold(galera=['a: no answer', None, ''], apis=[''])
        self.assertEqual((), self.state.lost())

    def test_not_steady(self):
        why, took = self.refused(galera=['a: no answer'], apis=[''])
        self.assertIn('galera: a: no answer: repair that', why)
        self.assertTrue(20 <= took <= 22, took)

    def test_what_nobody_knows_is_not_steady(self):
        why, took = self.refused(apis=[None], galera=[''])
        self.assertIn('nothing was broken: apis: no apis: repair that', why)
        self.assertTrue(20 <= took <= 22, took)

    def test_what_cannot_be_tried_is_not_steady(self):
        why, took = self.refused(canary=[None], tries=True)
        self.assertIn('canary: no canary', why)
        self.assertTrue(20 <= took <= 22, took)

    def test_a_look_that_never_ends(self):
        why, took = self.refused(canary=[])
        self.assertIn('canary: no answer yet', why)
        self.assertTrue(600 <= took <= 602, took)

    def ask(self, look):
        """As the thread of a check does."""
        check = steady.Check(name='galera', look=look)
        self.state.add(check)
        self.waits = []
        self.steadying._over = types.SimpleNamespace(wait=self.wait)
        self.steadying._ask(check)

    def wait(self, seconds):
        self.now += seconds
        self.waits.append(seconds)
        return len(self.waits) > 5

    def looked(self, said, hold=90.0, **target):
        """What is written of a host that is off, before its heal."""
        self.useFixture(
            fixtures.MonkeyPatch(
                f'{steadying.__name__}.threading.Thread', REAL
            )
        )
        path = 'nova:os-services'
        self.cloud = canned.Cloud({path: said})
        self.useFixture(
            fixtures.MonkeyPatch(
                'extreme_tempest_plugin.cloud.clients.make',
                lambda *given: self.cloud,
            )
        )
        self.steadying._access = types.SimpleNamespace(admin='an admin')
        self.steadying.look(
            model.Fault(
                fault='node.off', hold=hold, **{'target': 'cmp2', **target}
            )
        )
        return [
            (event.resource, event.state, event.refs['target'])
            for event in self.written
            if isinstance(event, events.Census)
        ]

    def test_what_nova_says_of_a_host_that_is_off(self):
        said = services(cmp1='up', cmp2='down')
        down = [('service/nova-compute@cmp2', 'down', 'cmp2')]
        self.assertEqual(down, self.looked(said))
        self.assertEqual(
            events.CensusPhase.DURING,
            next(
                event.phase
                for event in self.written
                if isinstance(event, events.Census)
            ),
        )

    def test_names_with_a_domain_and_without(self):
        for host, target, same in (
            ('cmp2.a', 'cmp2', True),
            ('cmp2', 'cmp2.a', True),
            ('cmp2.b', 'cmp2.a', False),
            ('10.0.0.2', '10.0.0.1', False),
        ):
            self.written.clear()
            found = self.looked(services(**{host: 'up'}), target=target)
            self.assertEqual(same, bool(found), (host, target))

    def test_nobody_asks_of_one_that_is_off_for_a_short_while(self):
        self.assertEqual([], self.looked(services(cmp2='up'), hold=60.0))
        self.assertEqual([], self.cloud.sent)

    def test_nova_that_does_not_answer_is_a_remark(self):
        self.assertEqual([], self.looked(fakes.refusal(503, 'no conductor')))
        self.assertEqual([], self.unmeasured())

    def test_an_answer_that_comes_when_the_heal_has_begun_says_nothing(self):
        healing, answered = threading.Event(), threading.Event()

        def parts(admin, name):
            healing.wait(5)
            answered.set()
            return {'nova-compute on cmp2': True}

        for name, new in (
            ('reported.parts', parts),
            ('_LOOK', 0.01),
        ):
            self.useFixture(
                fixtures.MonkeyPatch(f'{steadying.__name__}.{name}', new)
            )
        before = threading.enumerate()
        self.assertEqual([], self.looked(None))
        healing.set()
        self.assertTrue(answered.wait(5))
        for one in {*threading.enumerate()} - {*before}:
            one.join(5)
        self.assertEqual([], self.written)

    def test_an_answer_that_nobody_can_read_is_not_measured(self):
        self.assertEqual([], self.looked(b'nonsense'))
        self.assertTrue(self.written)

    def unmeasured(self):
        return [
            (event.about, event.text)
            for event in self.written
            if event.what is events.Topic.UNMEASURED
        ]

    def test_a_look_that_breaks_is_unmeasured(self):
        self.ask(lambda: 1 / 0)
        ((about, text),) = self.unmeasured()
        self.assertEqual('steady/galera', about)
        self.assertIn('division by zero', text)
        self.assertEqual((), self.state.awaited())

    def test_a_note_that_cannot_be_written_is_unmeasured(self):
        self.wrong = [FULL]
        self.ask(lambda: '')
        ((about, text),) = self.unmeasured()
        self.assertEqual('steady/galera', about)
        self.assertIn('No space left', text)
        # Nobody waits for it for ever.
        self.assertEqual((), self.state.awaited())

    def test_that_is_noted_when_there_is_room_again(self):
        self.wrong = [FULL, FULL, FULL]
        self.ask(lambda: '')
        self.assertEqual(1, len(self.unmeasured()))
        self.assertEqual(3, len(self.waits))
        self.assertEqual((), self.state.awaited())

    def test_but_not_for_ever(self):
        self.wrong = [FULL] * 99
        self.ask(lambda: '')
        self.assertEqual([], self.written)
