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
"""A floating IP that leads to a server, tried by TCP, and what is found."""

import dataclasses

import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.storm import user
from extreme_tempest_plugin.tests.unit.checkers import histories
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.storm import canned

ADDRESS = '203.0.113.5'
TRIED = f'tcp:{ADDRESS}'
FLOATING_IP = 'neutron:v2.0/floatingips/f'


def leads(to):
    return {
        'floatingip': {
            'port_id': to,
            'status': 'ACTIVE' if to else 'DOWN',
            'floating_ip_address': ADDRESS,
        }
    }


class FloatingTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.clock = fakes.Clock()
        self.events: list[events.Event] = []
        self.bodies = {
            'nova:servers/a': {
                'server': {'id': 'a', 'name': 'a', 'status': 'ACTIVE'}
            },
            'neutron:v2.0/ports?device_id=a': {'ports': [{'id': 'p'}]},
        }
        self.server = model.Resource(
            key='0-1', kind='server', id='a', name='a', state='ACTIVE'
        )
        self.address = model.Resource(
            key='0-2', kind='floating_ip', id='f', name='f', state='present'
        )

    def _do(self, action, **bodies):
        """Call it once and look until it has settled."""
        self.bodies.update(bodies)
        cloud = canned.Cloud(self.bodies)
        one = user.User(
            name='0',
            actor='storm/0/user-0',
            prefix='xt-run',
            actions=actions.weighted(plan_model.Storm(actions={action: 1})),
            limits={},
            shared=(self.server, self.address),
            rng=choosing.source(1, 0),
            deadline=lambda kind, state: 30.0,
            surroundings=around.Surroundings(
                cloud=cloud,
                looks=cloud,
                ledger=fakes.Ledger(),
                record=self.events.append,
                clock=self.clock,
            ),
        )
        self.assertTrue(one.step())
        while one.settle():
            self.clock.sleep(1)
        return self.events[-1]

    def _add(self, said):
        return self._do(
            'server.add_floating_ip',
            **{FLOATING_IP: leads('p'), TRIED: said},
        )

    def _remove(self, said):
        self.server = dataclasses.replace(
            self.server, links=frozenset({self.address.key})
        )
        return self._do(
            'server.remove_floating_ip',
            **{FLOATING_IP: leads(None), TRIED: said},
        )

    def test_it_answers(self):
        self.assertTrue(self._add('').reached)

    def test_silence_is_a_finding(self):
        settled = self._add('no answer')
        self.assertFalse(settled.reached)
        self.assertEqual('ACTIVE', settled.state)
        self.assertGreaterEqual(settled.after_ns, 30 * fakes.SECOND)
        self.assertIn(
            f'(nothing answers at {ADDRESS}:22: no answer)', self._found()
        )

    def test_it_is_silent_once_it_leads_nowhere(self):
        self.assertTrue(self._remove('no answer').reached)

    def test_an_answer_afterwards_is_a_finding(self):
        self.assertFalse(self._remove('').reached)
        self.assertIn(
            f'(something still answers at {ADDRESS}:22)', self._found()
        )

    def test_what_others_act_on_is_not_tried(self):
        for name in ('server', 'address'):
            whole = getattr(self, name)
            shared = dataclasses.replace(
                whole, possible=frozenset({whole.state})
            )
            setattr(self, name, shared)
            self.assertTrue(self._add('no answer').reached)
            setattr(self, name, whole)

    def test_what_cannot_be_tried_from_here_is_unknown(self):
        settled = self._add(
            fakes.refusal(error=f'{ADDRESS}:22 cannot be tried from here')
        )
        self.assertEqual('unseen', settled.state)
        self.assertIn('cannot be tried from here', settled.error)
        self.assertEqual([], [one.about for one in self._verdict().findings])
        self.assertEqual('unknown', self._verdict().verdict)

    def _found(self):
        """The words of the only finding."""
        (finding,) = self._verdict().findings
        self.assertEqual(
            ('stuck', 'server/a'), (finding.checker, finding.about)
        )
        return finding.what

    def _verdict(self):
        built = histories.Builder(histories.STORM)
        built.process('campaign')
        built.process('storm/0', 1.0, 80.0)
        built.census('server/a')
        built.complete('server')
        for event in self.events:
            built.add(event)
        return built.verdict()
