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
"""One virtual user against a cloud and a clock in memory."""

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import settling
from extreme_tempest_plugin.storm import surroundings
from extreme_tempest_plugin.storm import user
from extreme_tempest_plugin.tests.unit.cloud import fakes

SECOND = fakes.SECOND


class UserTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.cloud = fakes.Cloud()
        self.compute = self.cloud.compute
        self.clock = fakes.Clock()
        self.ledger = fakes.Ledger()
        self.events: list[events.Event] = []
        self.ended: list[surroundings.Ended] = []

    @staticmethod
    def deadline(kind: str, state: str) -> float:
        return 60.0

    def _user(self, share: int = 2, seed: int = 1, **weights: float):
        names = {
            name.replace('_', '.', 1): weight
            for name, weight in weights.items()
        }
        return user.User(
            name='3',
            actor='storm/0/user-3',
            prefix='xt-run',
            actions=actions.weighted(plan_model.Storm(actions=names)),
            limits={'server': share, 'keypair': 2},
            rng=choosing.source(seed, 3),
            deadline=self.deadline,
            surroundings=surroundings.Surroundings(
                cloud=self.cloud,
                looks=self.cloud,
                ledger=self.ledger,
                record=self.events.append,
                clock=self.clock,
                ended=self.ended.append,
            ),
        )

    def _creator(self, **more: float):
        return self._user(server_create=1, **more)

    def _of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def _cool_down(self, one: user.User, most: int = 500) -> int:
        for seconds in range(most):
            if not one.settle():
                return seconds
            self.clock.sleep(1)
        self.fail('never settles')

    def test_ok(self):
        one = self._creator()
        self.assertTrue(one.step())
        invoke, ok = self.events
        self.assertEqual('3-1', invoke.op)
        self.assertEqual('server.create', invoke.action)
        self.assertEqual('nova', invoke.service)
        self.assertEqual({'name': 'xt-run-3-1'}, invoke.args)
        self.assertEqual(events.Ok, type(ok))
        self.assertEqual(202, ok.status)
        self.assertEqual('req-1', ok.request_id)
        self.assertEqual('server/id-1', ok.value)
        self.assertEqual(1, one.pending)
        self.clock.sleep(2)
        self.assertEqual(0, one.settle())
        settled = self.events[-1]
        self.assertEqual('ACTIVE', settled.state)
        self.assertTrue(settled.reached)
        self.assertEqual(2 * SECOND, settled.after_ns)
        self.assertEqual(0, settled.least_ns)

    def test_it_came_to_rest_between_two_looks(self):
        self.compute.boots = 'BUILD'
        one = self._creator()
        one.step()
        for _ in range(3):
            one.settle()
            self.clock.sleep(1)
        self.compute.set('id-1', status='ACTIVE')
        self.clock.sleep(40)
        one.settle()
        settled = self.events[-1]
        self.assertEqual(2 * SECOND, settled.least_ns)
        self.assertEqual(43 * SECOND, settled.after_ns)

    def test_the_ledger_comes_before_the_call(self):
        seen = []
        create = self.compute.create_server
        self.compute.create_server = lambda name: (
            seen.append(list(self.ledger.lines)) or create(name)
        )
        self._creator().step()
        self.assertEqual([[('owed', 'server', 'xt-run-3-1')]], seen)
        self.assertEqual(
            ('made', 'server', 'xt-run-3-1', 'id-1'), self.ledger.lines[-1]
        )

    def test_fail(self):
        self.compute.failing['create_server'].append(fakes.refusal(403))
        one = self._creator(share=1)
        one.step()
        failed = self.events[-1]
        self.assertEqual(events.Fail, type(failed))
        self.assertEqual(403, failed.status)
        self.assertEqual('req-refused', failed.request_id)
        self.assertEqual(0, one.pending)
        # It did not happen, so there is room for the next.
        self.assertTrue(one.step())
        self.assertEqual(events.Ok, type(self.events[-1]))

    def test_info(self):
        self.compute.failing['create_server'].append(fakes.refusal(500))
        one = self._creator(share=1)
        one.step()
        self.assertEqual(events.Info, type(self.events[-1]))
        # It may have happened: no room for another, and it stays owed.
        self.assertFalse(one.step())
        self.assertEqual([('owed', 'server', 'xt-run-3-1')], self.ledger.lines)

    def _lost_answer(self) -> user.User:
        """A create that nova carries out, though the answer is lost."""
        create = self.compute.create_server
        self.compute.boots = 'BUILD'

        def lose(name: str):
            create(name)
            raise fakes.refusal(0)

        self.compute.create_server = lose
        one = self._creator(share=1)
        one.step()
        return one

    def test_the_end_waits_for_what_may_have_been_created(self):
        one = self._lost_answer()
        for _ in range(20):
            self.assertEqual(1, one.settle())
            self.clock.sleep(1)
        self.compute.set('id-1', status='ACTIVE')
        self.assertLessEqual(self._cool_down(one), 5)
        # Nothing is said about it: nobody knows.
        self.assertEqual([], self._of(events.Settled))

    def test_the_end_does_not_wait_for_ever(self):
        self.assertLessEqual(self._cool_down(self._lost_answer()), 65)

    def test_the_end_waits_for_nothing_that_is_not_there(self):
        self.compute.failing['create_server'].append(fakes.refusal(500))
        one = self._creator(share=1)
        one.step()
        self.assertLessEqual(self._cool_down(one), 5)

    def test_a_server_of_unknown_state_is_left_alone(self):
        one = self._creator(share=1, server_reboot_soft=1)
        one.step()
        self._cool_down(one)
        self.compute.failing['reboot_server'].append(fakes.refusal(0))
        one.step()
        self.assertEqual(events.Info, type(self.events[-1]))
        self.assertFalse(one.step())

    def test_stuck(self):
        self.compute.boots = 'BUILD'
        one = self._creator()
        one.step()
        seconds = self._cool_down(one)
        settled = self.events[-1]
        self.assertFalse(settled.reached)
        self.assertEqual('BUILD', settled.state)
        self.assertEqual('', settled.error)
        self.assertEqual(60, seconds)

    def test_each_state_has_its_deadline(self):
        self.deadline = lambda kind, state: {
            ('server', 'BUILD'): 10.0,
            ('server', 'MIGRATING'): 90.0,
        }.get((kind, state), 60.0)
        for boots, seconds in (
            ('BUILD', 10),
            ('RESIZE', 60),
            ('MIGRATING', 90),
        ):
            self.compute.boots = boots
            one = self._creator()
            one.step()
            self.assertEqual(seconds, self._cool_down(one), boots)
            self.assertFalse(self.events[-1].reached)

    def test_a_stray_has_the_longest_deadline_of_its_kind(self):
        self.deadline = lambda kind, state: 60.0 if state else 90.0
        self.assertEqual(90, self._cool_down(self._lost_answer()))

    def test_error_is_final_at_once(self):
        self.compute.boots = 'ERROR'
        one = self._creator()
        one.step()
        self.assertEqual(0, self._cool_down(one))
        settled = self.events[-1]
        self.assertFalse(settled.reached)
        self.assertEqual('ERROR', settled.state)

    def test_looks_are_a_second_apart(self):
        self.compute.boots = 'BUILD'
        one = self._creator()
        one.step()
        for _ in range(50):
            one.settle()
            self.clock.sleep(0.1)
        looks = [
            call for call in self.compute.calls if call[0] == 'show_server'
        ]
        self.assertEqual(5, len(looks))

    def test_a_failing_look_is_not_a_state(self):
        one = self._creator()
        one.step()
        shows = self.compute.failing['show_server']
        shows.extend([fakes.refusal(503), fakes.refusal(0)])
        self.assertEqual(2, self._cool_down(one))
        self.assertTrue(self.events[-1].reached)

    def test_unseen(self):
        one = self._creator()
        one.step()
        self.compute.always['show_server'] = fakes.refusal(503, 'gone away')
        seconds = self._cool_down(one)
        settled = self.events[-1]
        self.assertFalse(settled.reached)
        self.assertEqual('unseen', settled.state)
        self.assertEqual('last look: gone away', settled.error)
        self.assertEqual(60 + settling.GRACE // SECOND, seconds)

    def test_nothing_is_stuck_before_it_was_looked_at(self):
        """The look at the deadline fails; the next one sees it well."""
        self.compute.boots = 'BUILD'
        one = self._creator()
        one.step()
        one.settle()
        self.compute.set('id-1', status='ACTIVE')
        self.clock.sleep(61)
        self.compute.failing['show_server'].append(fakes.refusal(0))
        self.assertEqual(1, one.settle())
        self.clock.sleep(1)
        self.assertEqual(0, one.settle())
        self.assertTrue(self.events[-1].reached)

    def test_a_user_that_was_held_up_looks_before_it_judges(self):
        one = self._creator()
        one.step()
        self.clock.sleep(300)
        self.assertEqual(0, one.settle())
        self.assertTrue(self.events[-1].reached)

    def test_delete(self):
        one = self._creator(share=1, server_delete=1)
        one.step()
        self._cool_down(one)
        one.step()
        self.assertEqual('server.delete', self._of(events.Invoke)[-1].action)
        self.assertEqual('server/id-1', self._of(events.Invoke)[-1].resource)
        self._cool_down(one)
        self.assertEqual('deleted', self.events[-1].state)
        self.assertEqual(
            ('gone', 'server', 'xt-run-3-1'), self.ledger.lines[-1]
        )

    def test_a_delete_that_does_nothing_is_found(self):
        one = self._creator(share=1, server_delete=1)
        one.step()
        self._cool_down(one)
        self.compute.undeletable = True
        one.step()
        self._cool_down(one)
        self.assertFalse(self.events[-1].reached)
        self.assertEqual('ACTIVE', self.events[-1].state)
        self.assertEqual('made', self.ledger.lines[-1][0])

    def test_a_rename_that_does_nothing_is_found(self):
        one = self._creator(share=1, server_rename=1)
        one.step()
        self._cool_down(one)
        self.compute.forgets_names = True
        one.step()
        self._cool_down(one)
        settled = self.events[-1]
        self.assertFalse(settled.reached)
        self.assertIn('xt-run-3-1', settled.error)

    def test_our_own_fault(self):
        self.compute.failing['create_server'].append(
            errors.HarnessError('we broke')
        )
        one = self._creator()
        self.assertRaises(errors.HarnessError, one.step)
        # The call has an outcome all the same: nobody knows.
        self.assertEqual(events.Info, type(self.events[-1]))
        self.assertEqual('interrupted: HarnessError', self.events[-1].error)

    def test_statistics(self):
        self.compute.failing['create_server'].append(
            fakes.refusal(403, 'quota')
        )
        one = self._creator()
        one.step()
        one.step()
        self.assertEqual(['quota', ''], [end.error for end in self.ended])

    def test_same_seed_same_history(self):
        """With the same outcomes at the same times all events are equal."""
        weights = dict.fromkeys(
            (
                'server_create',
                'server_delete',
                'server_rename',
                'server_reboot_soft',
                'server_reboot_hard',
                'keypair_create',
                'keypair_delete',
            ),
            1.0,
        )
        histories = []
        for _ in range(2):
            self.setUp_again()
            one = self._user(seed=5, **weights)
            for _ in range(60):
                one.step()
                self.clock.sleep(0.7)
            self._cool_down(one)
            histories.append(self.events)
        self.assertEqual(histories[0], histories[1])
        self.assertGreater(len(histories[0]), 120)

    def setUp_again(self) -> None:
        self.cloud = fakes.Cloud()
        self.compute = self.cloud.compute
        self.clock = fakes.Clock()
        self.ledger = fakes.Ledger()
        self.events = []
