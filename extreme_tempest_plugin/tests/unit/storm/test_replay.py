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
"""A history's operations again, and the same choices on any workers."""

import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import replay
from extreme_tempest_plugin.storm import replayer
from extreme_tempest_plugin.storm import shares
from extreme_tempest_plugin.storm import surroundings as around
from extreme_tempest_plugin.storm import user
from extreme_tempest_plugin.tests.unit.cloud import fakes

SECOND = fakes.SECOND

PLAN = plan_model.Plan(
    name='test',
    duration=60.0,
    seed=7,
    storm=plan_model.Storm(
        actions={
            'server.create': 3.0,
            'server.delete': 1.0,
            'server.rename': 2.0,
            'server.reboot_hard': 2.0,
            'keypair.create': 1.0,
            'keypair.delete': 1.0,
        },
        users=3,
    ),
)

HEADER = events.Header(
    history=1,
    run='6a3c1c0e-5f0f-4a53-8f0e-3b7f2ad6d0f1',
    plan=loader.to_raw(PLAN),
    seed=7,
    versions={},
    utc='2026-11-20T18:00:00+00:00',
    t=0,
)


class World:
    """A cloud, a clock and a history."""

    def __init__(self) -> None:
        self.cloud = fakes.Cloud()
        self.clock = fakes.Clock()
        self.events: list[events.Event] = []
        self.surroundings = around.Surroundings(
            cloud=self.cloud,
            looks=self.cloud,
            ledger=fakes.Ledger(),
            record=self.events.append,
            clock=self.clock,
        )
        self.began = self.clock.now
        self.events.append(
            events.Note(
                t=self.began, actor='storm/0', what=events.Topic.STARTED
            )
        )

    def common(self, index: int, prefix: str) -> dict:
        storm = PLAN.storm
        limits = {'server': 7, 'keypair': 5}
        return {
            'name': str(index),
            'actor': f'storm/0/user-{index}',
            'prefix': prefix,
            'actions': actions.weighted(storm),
            'limits': shares.share(limits, storm.users, index),
            'rng': choosing.source(PLAN.seed, index),
            'deadline': lambda kind, state: 60.0,
            'surroundings': self.surroundings,
        }

    def invoked(self) -> list[events.Invoke]:
        return [one for one in self.events if isinstance(one, events.Invoke)]

    def remarks(self) -> list[str]:
        return [
            one.text
            for one in self.events
            if isinstance(one, events.Note) and one.what is events.Topic.REMARK
        ]


def stormed(steps: int = 30) -> World:
    """What three users did."""
    world = World()
    users = [user.User(**world.common(index, 'xt-old')) for index in range(3)]
    for _ in range(steps):
        for one in users:
            one.step()
            world.clock.sleep(0.4)
    return world


def again(world: World, script: replay.Script, seconds: int = 60) -> None:
    """Play a script on another cloud."""
    users = [
        replayer.Replayer(
            steps=script.get(index, ()), **world.common(index, 'xt-new')
        )
        for index in range(3)
    ]
    for one in users:
        one.first(world.began)
    for _ in range(seconds * 10):
        for one in users:
            one.step()
        world.clock.sleep(0.1)


class TestRead(testtools.TestCase):
    def test_each_operation_of_a_user(self):
        world = stormed()
        found = replay.read(HEADER, world.events)
        self.assertEqual(HEADER.run, found.run)
        self.assertEqual({0, 1, 2}, set(found.script))
        steps = [step for each in found.script.values() for step in each]
        invoked = {one.op: one for one in world.invoked()}
        self.assertEqual(len(invoked), len(steps))
        for step in steps:
            self.assertEqual(invoked[step.op].action, step.action)
            self.assertEqual(invoked[step.op].args, step.args)
            self.assertEqual(invoked[step.op].t - world.began, step.at)

    def test_what_is_shared_is_created_by_the_plan(self):
        shared = events.Invoke(
            t=1,
            actor='storm/shared',
            op='shared-1',
            action='server.create',
            service='nova',
        )
        world = stormed(3)
        found = replay.read(HEADER, [shared, *world.events])
        self.assertEqual({0, 1, 2}, set(found.script))

    def test_numbers_that_no_user_has(self):
        world = stormed(3)
        odd = [
            msgspec.structs.replace(world.invoked()[0], op=op)
            for op in ('9' * 5000, '²-1', '-1', '', 'x')
        ]
        found = replay.read(HEADER, [*odd, *world.events])
        self.assertEqual({0, 1, 2}, set(found.script))

    def test_faults_and_monitors_are_not_repeated(self):
        plan = msgspec.structs.replace(PLAN, uptime=plan_model.Uptime())
        header = msgspec.structs.replace(HEADER, plan=loader.to_raw(plan))
        found = replay.read(header, stormed(3).events)
        self.assertIsNone(found.plan.uptime)
        self.assertEqual(PLAN.storm, found.plan.storm)

    def test_it_is_as_long_as_its_script(self):
        """Not as its plan: it may have been stopped early, or late."""
        storm = msgspec.structs.replace(PLAN.storm, ramp=50.0)
        plan = msgspec.structs.replace(PLAN, storm=storm)
        header = msgspec.structs.replace(HEADER, plan=loader.to_raw(plan))
        # Four rounds of three users, 0.4 s apart; all begin at once now.
        found = replay.read(header, stormed(4).events)
        self.assertEqual(5.0, found.plan.duration)
        self.assertEqual(PLAN.storm, found.plan.storm)
        loader.of_builtins(loader.to_raw(found.plan))

    def test_a_clock_that_jumped_makes_it_no_longer(self):
        world = stormed(4)
        late = world.invoked()[-1]
        odd = msgspec.structs.replace(late, t=late.t + 10**9 * SECOND)
        found = replay.read(HEADER, [*world.events, odd])
        self.assertEqual(
            PLAN.duration + PLAN.storm.deadline(''), found.plan.duration
        )

    def test_a_history_without_operations(self):
        error = self.assertRaises(
            errors.HistoryError, replay.read, HEADER, World().events
        )
        self.assertIn('nothing to replay', str(error))

    def test_names_are_those_of_the_new_run(self):
        script = replay.renamed(
            {0: (replay.Step(at=0, op='0-1', action='a', args=ARGS),)},
            'xt-old',
            'xt-new',
        )
        self.assertEqual(
            {'name': 'xt-new-0-1', 'size': 3, 'none': None},
            script[0][0].args,
        )


ARGS = {'name': 'xt-old-0-1', 'size': 3, 'none': None}


class TestReplayer(testtools.TestCase):
    def _script(self, world: World) -> replay.Script:
        found = replay.read(HEADER, world.events)
        return replay.renamed(found.script, 'xt-old', 'xt-new')

    def test_the_same_operations(self):
        old, new = stormed(), World()
        # Another cloud gives other ids.
        new.cloud.compute._made = 100
        again(new, self._script(old))
        self.assertEqual(
            [(one.op, one.action, one.choice) for one in old.invoked()],
            [(one.op, one.action, one.choice) for one in new.invoked()],
        )
        for one, other in zip(old.invoked(), new.invoked(), strict=True):
            self.assertEqual(
                str(one.args).replace('xt-old', 'xt-new'), str(other.args)
            )
            late = (other.t - new.began) - (one.t - old.began)
            self.assertTrue(0 <= late < SECOND, late)
        self.assertEqual([], new.remarks())
        self.assertEqual(
            len(old.cloud.compute.servers), len(new.cloud.compute.servers)
        )

    def test_what_is_not_there_is_left_out_and_noted(self):
        old, new = stormed(), World()
        refused = fakes.refusal(403, 'Quota exceeded')
        new.cloud.compute.always['create_server'] = refused
        again(new, self._script(old))
        kinds = {one.action for one in new.invoked()}
        self.assertEqual(
            {'server.create', 'keypair.create', 'keypair.delete'}, kinds
        )
        left_out = len(old.invoked()) - len(new.invoked())
        self.assertEqual(left_out, len(new.remarks()))
        self.assertIn('is left out: what 0-', ' '.join(new.remarks()))

    def test_a_slower_cloud_is_waited_for(self):
        old, new = stormed(6), World()
        new.cloud.compute.boots = 'BUILD'
        script = self._script(old)
        again(new, script, 10)
        before = len(new.invoked())
        self.assertLess(before, len(old.invoked()))
        for server in list(new.cloud.compute.servers):
            new.cloud.compute.set(server, status='ACTIVE')
        new.cloud.compute.boots = 'ACTIVE'
        self.assertEqual([], new.remarks())

    def test_nothing_is_early(self):
        world = World()
        step = replay.Step(
            at=5 * SECOND,
            op='0-1',
            action='keypair.create',
            args={'name': 'k'},
        )
        one = replayer.Replayer(steps=(step,), **world.common(0, 'xt-new'))
        self.assertEqual(world.began + 5 * SECOND, one.first(world.began))
        self.assertFalse(one.step())
        self.assertEqual(1, one.left)
        world.clock.sleep(5)
        self.assertTrue(one.step())
        self.assertEqual(0, one.left)
        self.assertGreater(one.after(0, 0), world.began + 3600 * SECOND)

    def test_an_action_that_the_cloud_does_not_offer(self):
        world = World()
        step = replay.Step(at=0, op='0-1', action='volume.create')
        one = replayer.Replayer(steps=(step,), **world.common(0, 'xt-new'))
        one.first(world.began)
        self.assertFalse(one.step())
        self.assertIn('volume.create 0-1 is left out', world.remarks()[0])


class TestWorkers(testtools.TestCase):
    """Same seed and same outcomes give the same choices on any workers."""

    def _choices(self, workers: int) -> dict[str, list[object]]:
        found: dict[str, list[object]] = {}
        for worker in range(workers):
            # Each load process has its users, as spec.indices has them.
            world = World()
            users = [
                user.User(**world.common(index, 'xt'))
                for index in range(worker, PLAN.storm.users, workers)
            ]
            for _ in range(40):
                for one in users:
                    one.step()
                world.clock.sleep(2)
            for event in world.invoked():
                found.setdefault(event.op.partition('-')[0], []).append(
                    (event.op, event.action, event.args, event.choice)
                )
        return found

    def test_one_two_three(self):
        alone = self._choices(1)
        self.assertEqual({'0', '1', '2'}, set(alone))
        for workers in (2, 3):
            self.assertEqual(alone, self._choices(workers))
