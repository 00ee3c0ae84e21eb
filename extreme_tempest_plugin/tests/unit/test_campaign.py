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
"""The order in which a campaign that ends early puts things back."""

import types

import fixtures
import testtools

from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import turns
from extreme_tempest_plugin.plan import model

PLAN = model.Plan(
    name='p', duration=9, storm=model.Storm(actions={'server.create': 1.0})
)


class TestLook(testtools.TestCase):
    def test_before_a_heal_nova_is_asked_without_a_storm_too(self):
        asked = []
        made = campaign._Campaign.__new__(campaign._Campaign)
        made._steadying = types.SimpleNamespace(look=asked.append)
        made._storm = None
        made.look('a fault')
        self.assertEqual(['a fault'], asked)


class TestOrder(testtools.TestCase):
    def broken_off(self, error):
        """What is done, in order, where the turns raise this."""
        done = []

        def part(name):
            return types.SimpleNamespace(
                **{
                    verb: lambda *given, verb=verb: done.append(
                        f'{name} {verb}'
                    )
                    for verb in ('hold', 'start', 'heal', 'settle')
                },
                goes_on=lambda: False,
                see=None,
            )

        def run():
            if error:
                raise error

        made = campaign._Campaign.__new__(campaign._Campaign)
        made.plan, made.settings, made.access = PLAN, None, None
        made.directory = made.again = None
        made.remarks = ()
        made._steadying, made._breaking = part('steady'), part('faults')
        made._alarm, made._storm = part('alarm'), None
        made._writer = types.SimpleNamespace(append=None)
        made._note = types.SimpleNamespace(unmeasured=lambda *said: None)
        made._turns = types.SimpleNamespace(run=run, late=-9)
        made.show = lambda phase: None
        self.useFixture(
            fixtures.MonkeyPatch(
                'extreme_tempest_plugin.storming.Storming',
                lambda *given: part('storm'),
            )
        )
        made._break_and_storm()
        return [one for one in done if one not in ('steady hold',)]

    def test_what_is_held_to_the_end_is_healed_after_the_storm(self):
        self.assertEqual(
            ['storm start', 'storm settle', 'faults heal', 'steady settle'],
            self.broken_off(None),
        )

    def test_one_that_ends_early_heals_first(self):
        for error in (turns.Aborted('too much is down'), campaign._Early()):
            done = self.broken_off(error)
            self.assertEqual(
                ['storm start', 'faults heal', 'storm settle'], done[:3]
            )
