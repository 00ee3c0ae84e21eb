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
"""Faults by chance: the same for the same seed, one after the other."""

import itertools

import hypothesis
import hypothesis.strategies as st
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.unit import configuration

PLAN = """\
name: p
duration: 200
seed: {seed}
uptime: {{services: [nova]}}
chaos:
  pause: [5, 20]
  faults:
    - {{fault: service.restart, target: rabbitmq}}
    - {{fault: service.terminate, target: nova-api, hold: 7}}
"""

faults = st.lists(
    st.builds(
        model.Fault,
        fault=st.sampled_from(['service.kill', 'node.off']),
        target=st.sampled_from(['a', 'b']),
        hold=st.floats(0, 60),
    ),
    min_size=1,
    max_size=5,
).map(tuple)
pauses = st.tuples(st.floats(1, 30), st.floats(0, 30)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


class TestDrawn(testtools.TestCase):
    @hypothesis.settings(deadline=None)
    @hypothesis.given(faults, pauses, st.integers(0, 99), st.floats(1, 900))
    def test_one_after_the_other_within_the_plan(
        self, choice, pause, seed, duration
    ):
        chaos = model.Chaos(faults=choice, pause=pause)
        drawn = chaos.drawn(seed, duration)
        self.assertEqual(drawn, chaos.drawn(seed, duration))
        # Times are told to a tenth of a second.
        for one, after in itertools.pairwise(drawn):
            gap = after.at - one.at - one.hold
            self.assertLessEqual(pause[0] - 0.11, gap)
            self.assertLessEqual(gap, pause[1] + 0.11)
        for one in drawn:
            self.assertLess(one.at + one.hold, duration)
        longest = max(one.hold for one in choice)
        if pause[1] + longest < duration:
            self.assertNotEqual((), drawn)

    def test_another_seed_draws_others(self):
        plan = loader.parse(PLAN.format(seed=1))
        self.assertNotEqual(plan.chaos.drawn(1, 200), plan.chaos.drawn(2, 200))

    def test_all_are_drawn_some_time(self):
        chaos = loader.parse(PLAN.format(seed=1)).chaos
        drawn = {one.target for one in chaos.drawn(1, 2000)}
        self.assertEqual({'rabbitmq', 'nova-api'}, drawn)


class TestWrong(testtools.TestCase):
    def refused(self, old, new):
        text = PLAN.format(seed=1)
        self.assertIn(old, text)
        error = self.assertRaises(
            errors.PlanError, loader.parse, text.replace(old, new)
        )
        return str(error)

    def test_each(self):
        for old, new, says in (
            ('[5, 20]', '[20, 5]', 'the first is the least'),
            ('[5, 20]', '[0, 0]', '>= 1'),
            ('hold: 7', 'hold: null', 'give `hold` in seconds'),
            ('hold: 7', 'at: 7', 'leave `at` out'),
            ('uptime:', 'faults: [{fault: a, target: b}]\nuptime:', 'one of'),
        ):
            self.assertIn(says, self.refused(old, new))

    def test_none_at_all(self):
        text = PLAN.format(seed=1)
        text = text[: text.index('  faults:')] + '  faults: []\n'
        self.assertRaises(errors.PlanError, loader.parse, text)


class TestPrepared(testtools.TestCase):
    def test_what_may_be_drawn_is_refused_whatever_is_drawn(self):
        for seed in range(5):
            error = self.assertRaises(
                errors.RefusedError,
                preparation.prepare,
                loader.parse(PLAN.format(seed=seed)),
                configuration.settings(),
            )
            self.assertIn('service.restart of rabbitmq', str(error))
