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
"""The state of one user under any sequence of outcomes."""

import hypothesis
import testtools
from hypothesis import strategies

from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import state as storm_state

WEIGHTED = choosing.ordered(
    actions.weighted(
        plan_model.Storm(actions=dict.fromkeys(actions.catalogue(), 1.0))
    )
)

#: How each call of a walk ends: outcome, status, how it comes to rest.
ENDS = strategies.tuples(
    strategies.sampled_from(list(model.Outcome)),
    strategies.sampled_from([400, 403, 404, 409]),
    strategies.sampled_from(['reached', 'error', 'stuck', 'later']),
)


def _wanted(action: model.Action) -> str:
    return 'present' if action.kind == 'keypair' else 'ACTIVE'


def _sight(action: model.Action, how: str) -> model.Sight:
    if how == 'reached':
        return model.Sight(state=_wanted(action), reached=True)
    return model.Sight(state='ERROR', final=how == 'error')


class Walk:
    """A user's life without a cloud; checks what must hold at each step."""

    def __init__(self, seed: int, share: int) -> None:
        self.state = storm_state.State(limits={'server': share, 'keypair': 2})
        self.rng = choosing.source(seed, 0)
        self.count = 0
        self.pending: list[tuple[model.Call, str]] = []
        self.chosen: list[model.Arguments] = []
        #: Keys of resources that may not be used again.
        self.lost: set[str] = set()

    def step(self, outcome: model.Outcome, status: int, rest: str) -> None:
        choice = choosing.Chooser(WEIGHTED).choose(self.state, self.rng)
        if choice is None:
            self.settle_all()
            return
        self.count += 1
        self.check(choice)
        fresh = f'xt-{self.count}'
        call = model.Call(
            op=f'0-{self.count}',
            action=choice.action,
            resource=choice.chosen.resource,
            partners=choice.chosen.partners,
            args=choice.action.arguments(self.rng, fresh, choice.chosen),
            choice=choice.record,
        )
        self.chosen.append({'action': choice.action.name, **choice.record})
        self.state = self.state.invoked(call)
        created = call.action.effect is model.Effect.CREATES
        value = f'id-{self.count}' if created else ''
        self.state = self.state.ended(call, outcome, status, value)
        key = call.resource.key if call.resource else call.op
        if call.action.effect is model.Effect.READS:
            # Whatever became of it, what was read is as it was.
            pass
        elif outcome is model.Outcome.INFO:
            self.lost.add(key)
        elif outcome is model.Outcome.OK:
            self.pending.append((call, rest))
        elif not created and status == 404:
            self.lost.add(key)
        if rest != 'later':
            self.settle_all()
        self.check_limits()

    def settle_all(self) -> None:
        for call, rest in self.pending:
            self.state = self.state.settled(call, _sight(call.action, rest))
            if rest in ('stuck', 'later'):
                key = call.resource.key if call.resource else call.op
                self.lost.add(key)
        self.pending.clear()
        self.check_limits()

    def check(self, choice: choosing.Choice) -> None:
        resource = choice.chosen.resource
        if choice.action.effect is model.Effect.CREATES:
            assert resource is None
            assert self.state.room(choice.action.kind) > 0
            return
        if resource is None:
            assert choice.action.effect is model.Effect.READS
            assert not choice.action.states
            return
        assert not resource.busy
        assert resource.key not in self.lost
        assert resource.state in choice.action.states
        assert resource.id

    def check_limits(self) -> None:
        for kind, limit in self.state.limits.items():
            held = [
                one
                for one in self.state.resources.values()
                if one.kind == kind
            ]
            assert len(held) <= limit, held


class StateTest(testtools.TestCase):
    @hypothesis.settings(max_examples=60)
    @hypothesis.given(
        seed=strategies.integers(0, 2**32),
        share=strategies.integers(1, 4),
        ends=strategies.lists(ENDS, max_size=40),
    )
    def test_only_what_may_be_done_is_chosen(self, seed, share, ends):
        walk = Walk(seed, share)
        for end in ends:
            walk.step(*end)

    @hypothesis.settings(max_examples=30)
    @hypothesis.given(
        seed=strategies.integers(0, 2**32),
        ends=strategies.lists(ENDS, max_size=40),
    )
    def test_same_seed_and_outcomes_give_same_choices(self, seed, ends):
        walks = [Walk(seed, 3), Walk(seed, 3)]
        for walk in walks:
            for end in ends:
                walk.step(*end)
        self.assertEqual(walks[0].chosen, walks[1].chosen)

    def test_the_checks_can_fail(self):
        """A state that forgets its limit is noticed."""
        walk = Walk(1, 1)
        walk.state = storm_state.State(limits={'server': -1, 'keypair': 0})
        walk.state = walk.state._put(
            model.Resource(key='a', kind='server', name='a')
        )
        self.assertRaises(AssertionError, walk.check_limits)

    def _created(self) -> tuple[storm_state.State, model.Call]:
        call = model.Call(
            op='0-1',
            action=actions.catalogue()['server.create'],
            resource=None,
            args={'name': 'xt-0-1'},
            choice={},
        )
        state = storm_state.State(limits={'server': 1}).invoked(call)
        return state.ended(call, model.Outcome.OK, made='id-1'), call

    def test_an_unsettled_server_is_not_used(self):
        state, _ = self._created()
        self.assertEqual(
            (), state.usable('server', frozenset({'ACTIVE', 'unknown'}))
        )
        self.assertEqual(0, state.room('server'))

    def test_a_settled_server_is_used(self):
        state, call = self._created()
        state = state.settled(call, model.Sight(state='ACTIVE', reached=True))
        self.assertEqual(
            ['server/id-1'],
            [one.ref for one in state.usable('server', {'ACTIVE'})],
        )

    def test_a_stuck_server_counts_and_is_not_used(self):
        state, call = self._created()
        state = state.settled(call, model.Sight(state='BUILD'))
        self.assertEqual((), state.usable('server', {'BUILD', 'ACTIVE'}))
        self.assertEqual(0, state.room('server'))

    def test_a_server_in_error_may_be_deleted(self):
        state, call = self._created()
        state = state.settled(call, model.Sight(state='ERROR', final=True))
        delete = actions.catalogue()['server.delete']
        self.assertEqual(1, len(state.candidates(delete)))
        rename = actions.catalogue()['server.rename']
        self.assertEqual((), state.candidates(rename))

    def test_a_refused_create_counts_no_more(self):
        call = self._created()[1]
        state = storm_state.State(limits={'server': 1}).invoked(call)
        state = state.ended(call, model.Outcome.FAIL, 403)
        self.assertEqual(1, state.room('server'))

    def test_a_create_that_nobody_knows_of_counts(self):
        call = self._created()[1]
        state = storm_state.State(limits={'server': 1}).invoked(call)
        state = state.ended(call, model.Outcome.INFO)
        self.assertEqual(0, state.room('server'))
