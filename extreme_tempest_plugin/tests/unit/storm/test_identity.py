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
"""A storm on a keystone in memory: one that revokes, and ones that do not."""

import random

import msgspec
import testtools

from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import surroundings
from extreme_tempest_plugin.storm import user
from extreme_tempest_plugin.tests.unit.checkers import histories
from extreme_tempest_plugin.tests.unit.cloud import fakes
from extreme_tempest_plugin.tests.unit.cloud import keystone

STORM = plan_model.Storm(
    actions={
        'user.create': 4,
        'user.set_enabled': 8,
        'user.set_password': 5,
        'user.log_in': 20,
        'user.delete': 2,
        'project.create': 4,
        'project.delete': 1,
        'user.grant_role': 15,
        'user.revoke_role': 15,
        'group.create': 4,
        'group.grant_role': 10,
        'group.revoke_role': 4,
        'group.add_user': 15,
        'group.remove_user': 15,
        'group.delete': 1,
        'application_credential.create': 5,
        'application_credential.delete': 5,
    },
    settle_timeout=30.0,
)

#: A group that lets its members in.
GROUPS = msgspec.structs.replace(
    STORM,
    actions={
        name: weight
        for name, weight in STORM.actions.items()
        if name
        in (
            'user.create',
            'project.create',
            'group.create',
            'group.grant_role',
            'group.add_user',
            'group.remove_user',
        )
    },
)

#: Seeds of each storm: what is found does not depend on luck.
SEEDS = range(3)


class Storm:
    """Some users in one process, one after the other."""

    def __init__(self, seed, plan=STORM):
        self.plan = plan
        self.keystone = keystone.Keystone()
        self.cloud = keystone.Cloud(self.keystone)
        self.clock = fakes.Clock()
        self.rng = random.Random(seed)
        self.built = histories.Builder(
            msgspec.structs.replace(histories.STORM, storm=plan)
        )
        self.users = [self._user(str(name), seed, ()) for name in range(2)]

    def _user(self, name, seed, shared):
        return user.User(
            name=name,
            actor=f'storm/0/user-{name}',
            prefix='xt-run',
            actions=actions.weighted(self.plan),
            limits=dict.fromkeys(actions.kinds(self.plan), 3),
            shared=shared,
            rng=choosing.source(seed, int(name)),
            deadline=STORM.deadline,
            surroundings=surroundings.Surroundings(
                cloud=self.cloud,
                looks=self.cloud,
                admin=self.cloud,
                ledger=fakes.Ledger(),
                record=self.built.add,
                clock=self.tick,
            ),
        )

    def tick(self):
        self.clock.now += 1000
        return self.clock()

    def share(self):
        """A user and a project that all act on."""
        made = []
        for action in ('user.create', 'project.create'):
            creator = self._user('9', 9, ())
            creator.choose_among(
                actions.weighted(plan_model.Storm(actions={action: 1}))
            )
            creator._name = f'shared-{action}'
            creator.step()
            creator.settle()
            (one,) = creator.state.resources.values()
            made.append(
                model.Resource(
                    key=one.key,
                    kind=one.kind,
                    id=one.id,
                    name=one.name,
                    state=one.state,
                    possible=frozenset({one.state}),
                )
            )
        self.users = [
            self._user(str(name), self.rng.randrange(999), made)
            for name in range(2)
        ]

    def run(self, steps=200):
        for _ in range(steps):
            self.rng.choice(self.users).step()
            self.clock.sleep(0.5)
        for _ in range(60):
            self.clock.sleep(1)
            for one in self.users:
                one.settle()
        return self.built.verdict()

    def seen(self, action):
        return [
            event
            for event in self.built.events()
            if isinstance(event, events.Invoke) and event.action == action
        ]


class RevokingTest(testtools.TestCase):
    def test_nothing_is_found_where_nothing_is_wrong(self):
        for seed in SEEDS:
            storm = Storm(seed)
            found = storm.run()
            self.assertEqual((), found.findings)
            for action in STORM.actions:
                if seed == 0:
                    self.assertTrue(storm.seen(action), action)

    def test_nor_with_answers_that_are_lost(self):
        for seed in SEEDS:
            storm = Storm(seed)

            def lose(when, rng=storm.rng):
                if rng.random() < 0.05:
                    raise fakes.refusal(0)

            storm.keystone.answers = lose
            found = storm.run()
            self.assertEqual(
                [],
                [
                    one.what
                    for one in found.findings
                    if one.checker != 'unexpected'
                ],
            )

    def test_nor_with_what_all_share(self):
        for seed in SEEDS:
            storm = Storm(seed)
            storm.share()
            found = storm.run()
            self.assertEqual((), found.findings)

    def found(self, stale, seed, share=False, plan=STORM):
        storm = Storm(seed, plan)
        storm.keystone.stale.add(stale)
        if share:
            storm.share()
        return storm.run().findings

    def test_what_still_lets_in_is_found(self):
        for stale, said, plan in (
            ('role', 'role.project/', STORM),
            ('member', 'member.user/', GROUPS),
            ('enabled', 'enabled of user/', STORM),
            ('credential', 'credential of user/', STORM),
        ):
            for seed in SEEDS:
                found = self.found(stale, seed, plan=plan)
                lost = [one for one in found if one.checker == 'registers']
                self.assertIn(said, ''.join(one.what for one in lost))

    def test_what_is_gone_and_let_in_is_found(self):
        for stale in ('user', 'application_credential'):
            for seed in SEEDS:
                plan = msgspec.structs.replace(
                    STORM,
                    actions={f'{stale}.create': 1, f'{stale}.delete': 1},
                )
                first, *_ = self.found(stale, seed, plan=plan)
                self.assertEqual('stuck', first.checker)
                self.assertIn(f'{stale}.delete of', first.what)
                self.assertIn('keystone lets it in', first.what)

    def test_it_is_found_on_what_all_share(self):
        for stale in ('role', 'enabled', 'credential'):
            for seed in SEEDS:
                self.assertTrue(self.found(stale, seed, share=True))

    def test_no_secret_is_told(self):
        storm = Storm(1)
        storm.run()
        history = b''.join(storm.built.lines()).decode()
        secrets = [
            one for known in storm.keystone._secrets.values() for one in known
        ]
        self.assertGreater(len(secrets), 5)
        for one in secrets:
            self.assertNotIn(one, history)
