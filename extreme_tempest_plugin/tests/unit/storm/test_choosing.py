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
"""Weighted choice."""

import collections
import subprocess
import sys

import hypothesis
import testtools
from hypothesis import strategies

from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import state

STATE = state.State(
    limits={'server': 9, 'keypair': 9},
    resources={
        '0-1': model.Resource(
            key='0-1', kind='server', id='a', name='a', state='ACTIVE'
        ),
        '0-2': model.Resource(
            key='0-2', kind='server', id='b', name='b', state='ERROR'
        ),
        '0-3': model.Resource(
            key='0-3', kind='keypair', id='k', name='k', state='present'
        ),
    },
)


#: Actions that may be taken in it.
POSSIBLE = (
    'server.create',
    'server.delete',
    'server.delete_active',
    'server.rename',
    'server.reboot_hard',
    'keypair.create',
    'keypair.delete',
)


def _weighted(**weights: float) -> tuple[choosing.Weighted, ...]:
    return actions.weighted(
        plan_model.Storm(
            actions={
                name.replace('_', '.', 1): weight
                for name, weight in weights.items()
            }
        )
    )


def _draw(weighted, times: int = 400) -> collections.Counter:
    rng = choosing.source(7, 0)
    weighted = choosing.ordered(weighted)
    found = collections.Counter()
    for _ in range(times):
        choice = choosing.Chooser(weighted).choose(STATE, rng)
        found[choice.action.name if choice else None] += 1
    return found


class ChooseTest(testtools.TestCase):
    @hypothesis.settings(max_examples=50)
    @hypothesis.given(
        weights=strategies.fixed_dictionaries(
            {
                name: strategies.sampled_from([0.0, 0.001, 1.0, 1e9])
                for name in POSSIBLE
            }
        ).filter(lambda weights: any(weights.values())),
        seed=strategies.integers(0, 2**32),
    )
    def test_weight_0_is_never_chosen(self, weights, seed):
        weighted = choosing.ordered(
            actions.weighted(plan_model.Storm(actions=weights))
        )
        rng = choosing.source(seed, 0)
        for _ in range(20):
            choice = choosing.Chooser(weighted).choose(STATE, rng)
            assert choice is not None
            assert weights[choice.action.name] > 0

    def test_weights_are_relative(self):
        found = _draw(_weighted(server_create=3, keypair_create=1), 4000)
        self.assertAlmostEqual(
            3, found['server.create'] / found['keypair.create'], delta=0.3
        )

    def test_order_in_the_plan_does_not_matter(self):
        one = _weighted(server_create=3, server_delete=2, keypair_create=1)
        self.assertEqual(_draw(one), _draw(tuple(reversed(one))))

    def test_nothing_to_do(self):
        empty = state.State(limits={})
        rng = choosing.source(1, 0)
        before = rng.getstate()
        self.assertIsNone(
            choosing.Chooser(_weighted(server_create=1)).choose(empty, rng)
        )
        self.assertEqual(before, rng.getstate())

    def test_the_resource_is_named_by_what_created_it(self):
        rng = choosing.source(1, 0)
        choice = choosing.Chooser(_weighted(server_rename=1)).choose(
            STATE, rng
        )
        self.assertEqual('a', choice.chosen.resource.id)
        self.assertEqual('0-1', choice.record['made_by'])

    def test_an_action_without_a_weight_is_not_open(self):
        self.assertEqual({None}, set(_draw(_nothing_open())))


def _nothing_open():
    """Only an action whose weight is 0 could be taken."""
    return (
        choosing.Weighted(
            action=actions.catalogue()['server.create'], weight=0.0
        ),
    )


class SourceTest(testtools.TestCase):
    def test_users_and_purposes_differ(self):
        drawn = {
            choosing.source(seed, user, purpose).random()
            for seed in (1, 2)
            for user in (0, 1, 12)
            for purpose in ('choices', 'think')
        }
        self.assertEqual(12, len(drawn))

    def test_the_same_in_another_process(self):
        """Strings are hashed with a salt; the seed must not depend on it."""
        code = (
            'from extreme_tempest_plugin.storm import choosing;'
            'print(choosing.source(1, 2).random())'
        )
        drawn = {
            subprocess.run(
                [sys.executable, '-c', code],
                env={'PYTHONHASHSEED': salt},
                capture_output=True,
                check=True,
                text=True,
            ).stdout
            for salt in ('1', '2')
        }
        self.assertEqual({f'{choosing.source(1, 2).random()}\n'}, drawn)
