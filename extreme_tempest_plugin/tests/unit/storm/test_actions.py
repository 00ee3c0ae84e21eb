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
"""The catalogue, and what each action sees of its effect."""

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.tests.unit.cloud import fakes


class CheckTest(testtools.TestCase):
    def test_known(self):
        actions.weighted(plan_model.Storm(actions={'server.create': 1}))

    def test_unknown(self):
        storm = plan_model.Storm(actions={'server.crate': 1})
        error = self.assertRaises(errors.PlanError, actions.weighted, storm)
        self.assertIn('storm.actions.server.crate: unknown', str(error))
        self.assertEqual(('storm', 'actions', 'server.crate'), error.keys)
        self.assertIn('server.create', str(error))
        self.assertNotIn('\n', str(error))

    def test_who_needs_an_administrator(self):
        for name, needed in (('server.create', False), ('user.create', True)):
            storm = plan_model.Storm(actions={'token.issue': 1, name: 1})
            self.assertIs(needed, actions.need_admin(storm), name)

    def test_names_are_those_of_the_classes(self):
        for name, action in actions.catalogue().items():
            self.assertEqual(name, action.name)
            self.assertEqual(action.kind, name.partition('.')[0])
            if action.effect is model.Effect.CREATES:
                self.assertEqual(frozenset(), action.states)
            elif action.effect is not model.Effect.READS:
                self.assertNotEqual(frozenset(), action.states, name)


class LookTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = fakes.Cloud()
        self.cloud.compute.put('s', 'old')

    def _look(self, of: str, **args: str) -> model.Sight:
        action = actions.catalogue()[of]
        kind = action.kind
        creates = action.effect is model.Effect.CREATES
        call = model.Call(
            op='0-1',
            action=action,
            resource=None
            if creates
            else model.Resource(key='0-0', kind=kind, id='s', name='old'),
            args=args,
            choice={},
        )
        answer = ports.Answer(
            status=202, request_id='req-1', made='s' if creates else ''
        )
        return action.look(self.cloud, call, answer)

    def test_server_create(self):
        self.cloud.compute.set('s', status='BUILD', task_state='spawning')
        self.assertEqual(
            model.Sight(state='BUILD', resting=False),
            self._look('server.create'),
        )
        self.cloud.compute.set('s', status='ACTIVE', task_state='')
        self.assertTrue(self._look('server.create').reached)
        self.cloud.compute.set('s', status='ERROR')
        sight = self._look('server.create')
        self.assertTrue(sight.final)
        self.assertFalse(sight.reached)

    def test_a_missing_server_may_still_appear(self):
        self.cloud.compute.servers.clear()
        sight = self._look('server.create')
        self.assertEqual('missing', sight.state)
        self.assertFalse(sight.final)
        self.assertFalse(sight.reached)

    def test_no_look_is_no_state(self):
        for status in (0, 500, 503, 401):
            self.cloud.compute.always['show_server'] = fakes.refusal(status)
            for name in ('server.create', 'server.delete', 'server.rename'):
                self.assertRaises(ports.CallError, self._look, name)

    def test_server_delete(self):
        self.cloud.compute.set('s', task_state='deleting')
        self.assertFalse(self._look('server.delete').reached)
        self.cloud.compute.servers.clear()
        sight = self._look('server.delete')
        self.assertTrue(sight.reached)
        self.assertEqual('deleted', sight.state)

    def test_deleting_a_server_in_error_takes_its_time(self):
        self.cloud.compute.set('s', status='ERROR', task_state='deleting')
        self.assertFalse(self._look('server.delete').final)
        self.cloud.compute.set('s', status='ERROR', task_state='')
        self.assertTrue(self._look('server.delete').final)

    def test_reboot_is_proven_by_the_record(self):
        """ACTIVE without task_state is no proof that it was rebooted."""
        for name in ('server.reboot_soft', 'server.reboot_hard'):
            for progress in (fakes.Progress.ABSENT, fakes.Progress.RUNNING):
                self.cloud.compute.progress = progress
                sight = self._look(name)
                self.assertFalse(sight.reached)
                self.assertFalse(sight.final)
            self.cloud.compute.progress = fakes.Progress.DONE
            self.assertTrue(self._look(name).reached)
            self.cloud.compute.progress = fakes.Progress.FAILED
            self.assertTrue(self._look(name).final)

    def test_reboot_without_a_record(self):
        self.cloud.compute.progress = fakes.Progress.HIDDEN
        self.cloud.compute.set('s', task_state='rebooting')
        self.assertFalse(self._look('server.reboot_soft').reached)
        self.cloud.compute.set('s', task_state='')
        self.assertTrue(self._look('server.reboot_soft').reached)

    def test_rename(self):
        sight = self._look('server.rename', name='new')
        self.assertFalse(sight.reached)
        self.assertIn('old', sight.error)
        self.cloud.compute.set('s', name='new')
        self.assertTrue(self._look('server.rename', name='new').reached)

    def test_keypairs(self):
        self.assertFalse(self._look('keypair.create').reached)
        self.assertTrue(self._look('keypair.delete').reached)
        self.cloud.compute.keypairs.add('s')
        self.assertTrue(self._look('keypair.create').reached)
        self.assertFalse(self._look('keypair.delete').reached)
        self.cloud.compute.always['show_keypair'] = fakes.refusal(503)
        self.assertRaises(ports.CallError, self._look, 'keypair.delete')
