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
"""Turns of a campaign whose time passes only where it waits."""

import concurrent.futures
import functools
import threading
import types

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import turns
from extreme_tempest_plugin.plan import model


class Stage:
    """The campaign; injections and what is lost are scripted by tests."""

    def __init__(self):
        self.now = 0.0
        self.said = []
        self.phases = set()
        #: seconds that an injection, or a heal, takes.
        self.takes = 1.0
        self.heals = {}
        #: name of what is lost to when it is.
        self.missing = {}
        self.downs = {}
        self.remembered = 0
        self.looks = 0
        #: what nobody knows yet, and when.
        self.unknown = {}
        #: when a cluster would not bear another fault, and who was asked of.
        self.danger = None
        self.asked = []

    def elapsed(self):
        return self.now

    def wait_until(self, moment, phase=''):
        self.phases.add(phase)
        self.now = max(self.now, moment)

    def show(self, phase):
        pass

    def look(self, fault):
        self.said.append((self.now, 'look', ''))

    def up(self):
        names = ('nova', 'neutron', 'glance')
        return {name: not self._is(self.downs.get(name)) for name in names}

    def _is(self, times):
        return times is not None and times[0] <= self.now < times[1]

    # As the breaking.
    def endangered(self, fault):
        self.asked.append((self.now, fault.target))
        return 'galera' if self._is(self.danger) else ''

    # As the bystanders.
    def remember(self):
        self.remembered += 1

    def lost(self):
        self.looks += 1
        if not self.remembered:
            return ()
        return tuple(n for n, t in self.missing.items() if self._is(t))

    def awaited(self):
        return tuple(n for n, t in self.unknown.items() if self._is(t))


class Injection:
    def __init__(self, stage, fault):
        self.stage, self.fault = stage, fault

    def inject(self):
        self.stage.said.append((self.stage.now, 'inject', self.fault.target))
        self.stage.now += self.stage.takes
        return True

    def heal(self):
        self.stage.said.append((self.stage.now, 'heal', self.fault.target))
        self.stage.now += self.stage.takes
        return self.stage.heals.get(self.fault.target, True)


class AtOnce(concurrent.futures.Executor):
    """What it is given is over when it returns: tests have one clock."""

    def submit(self, call, /, *args, **keys):
        future = concurrent.futures.Future()
        future.set_result(call(*args, **keys))
        return future


class Needy(Injection):
    """Is whole only when another one has begun to be."""

    begun = {}

    def heal(self):
        self.begun[self.fault.target].set()
        return self.begun['b'].wait(5)


class Slow(Injection):
    """The one of b goes on until a heal has begun; 60 s more."""

    healed = threading.Event()

    def inject(self):
        super().inject()
        if self.fault.target == 'b':
            self.stage.now = 31.0
            self.healed.wait(5)
            self.stage.now += 60

    def heal(self):
        whole = super().heal()
        self.healed.set()
        return whole


class Long(AtOnce):
    """What it is given first goes on until a second is given; 60 s more."""

    def __init__(self, stage):
        self.stage = stage
        self.second = threading.Event()
        self.first = concurrent.futures.Future()
        self.first.result = self.wait

    def submit(self, call, /, *args, **keys):
        if call.__self__.fault.target == 'a':
            return self.first
        future = super().submit(call, *args, **keys)
        self.second.set()
        return future

    def wait(self):
        self.stage.now = 41.0
        self.second.wait(5)
        self.stage.now += 60
        return True


def fault(target, at, hold=0.0, recovery=60.0):
    return model.Fault(
        fault='service.terminate',
        target=target,
        at=at,
        hold=hold,
        recovery=recovery,
    )


class TestTurns(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stage = Stage()

    def play(self, *faults, pool=None, kind=Injection, **keys):
        plan = model.Plan(
            name='p',
            duration=900,
            uptime=model.Uptime(),
            faults=faults,
            abort=model.Abort(down_services=1, seconds=30),
            **keys,
        )
        made = []

        def make(one):
            made.append(kind(self.stage, one))
            return made[-1]

        played = turns.Turns(
            plan,
            types.SimpleNamespace(
                in_turn=lambda: [
                    (one, functools.partial(make, one)) for one in faults
                ],
                endangered=self.stage.endangered,
            ),
            self.stage,
            self.stage.up,
            self.stage,
            pool or AtOnce(),
        )
        played.run()
        return played

    def told(self):
        return [
            (t, f'{what} {who}'.strip()) for t, what, who in self.stage.said
        ]

    def aborted(self, *faults, **keys):
        error = self.assertRaises(
            turns.Aborted, lambda: self.play(*faults, **keys)
        )
        return str(error)

    def test_one_after_the_other(self):
        self.play(fault('a', 10, hold=5), fault('b', 20))
        self.assertEqual(
            [
                (10, 'inject a'),
                (16, 'look'),
                (16, 'heal a'),
                (20, 'inject b'),
                (21, 'look'),
                (21, 'heal b'),
            ],
            self.told(),
        )

    def test_one_that_is_late_delays_the_next(self):
        self.stage.takes = 12
        self.play(fault('a', 10, hold=5), fault('b', 20))
        self.assertEqual(
            [(10, 'inject a'), (27, 'heal a'), (39, 'inject b')],
            [one for one in self.told() if one[1] != 'look'][:3],
        )

    def test_what_is_late_puts_off_all_that_follows(self):
        self.stage.unknown = {'canary': (11, 60)}
        played = self.play(fault('a', 10), fault('b', 40), fault('c', 55))
        self.assertEqual(
            [(10, 'inject a'), (60, 'inject b'), (75, 'inject c')],
            [one for one in self.told() if 'inject' in one[1]],
        )
        self.assertEqual(20, played.late)

    def test_what_is_in_time_puts_off_nothing(self):
        self.assertEqual(0, self.play(fault('a', 10), fault('b', 40)).late)

    def test_held_to_the_end_is_not_healed_here(self):
        self.play(fault('a', 10, hold=None))
        self.assertEqual([(10, 'inject a')], self.told())

    def test_whole_only_when_the_other_one_is_healed(self):
        """As a compute whose controllers have no power."""
        Needy.begun = {name: threading.Event() for name in 'abc'}
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            # What is not whole would abort the third.
            self.play(
                *(fault('a', 10, hold=5), fault('b', 11, hold=5)),
                fault('c', 400),
                pool=pool,
                kind=Needy,
                overlap=True,
            )
        self.assertTrue(Needy.begun['c'].is_set())
        # And one that is not whole stops what is to come.
        self.stage.heals = {'a': False}
        why = self.aborted(
            fault('a', 10, hold=5), fault('b', 100), overlap=True
        )
        self.assertIn('service.terminate of a is not proven healed', why)

    def test_two_that_overlap(self):
        self.play(
            fault('a', 10, hold=20), fault('b', 15, hold=30), overlap=True
        )
        self.assertEqual(
            [
                (10, 'inject a'),
                (15, 'inject b'),
                (31, 'heal a'),
                (46, 'heal b'),
            ],
            [one for one in self.told() if one[1] != 'look'],
        )

    def test_each_is_healed_in_its_time_while_another_is_injected(self):
        Slow.healed.clear()
        self.play(
            fault('a', 10, hold=20), fault('b', 15), kind=Slow, overlap=True
        )
        self.assertEqual(
            [
                (10, 'inject a'),
                (15, 'inject b'),
                (31, 'look'),
                (31, 'heal a'),
                (92, 'look'),
                (92, 'heal b'),
            ],
            self.told(),
        )

    def test_each_is_healed_in_its_time_while_another_is_not_whole(self):
        # The third is to meet the second and not the first.
        self.play(
            fault('a', 10, hold=5, recovery=30),
            fault('b', 20, hold=20, recovery=90),
            fault('c', 40.5),
            pool=Long(self.stage),
            overlap=True,
        )
        self.assertEqual(
            [
                (10, 'inject a'),
                (20, 'inject b'),
                (41, 'heal b'),
                (102, 'inject c'),
                (103, 'heal c'),
            ],
            [one for one in self.told() if one[1] != 'look'],
        )

    def test_what_goes_wrong_beside_an_injection_is_raised(self):
        def look(fault):
            Slow.healed.set()
            self.stage.look = lambda fault: None
            raise errors.HarnessError('no census')

        Slow.healed.clear()
        self.stage.look = look
        self.assertRaises(
            errors.HarnessError,
            self.play,
            *(fault('a', 10, hold=20), fault('b', 15)),
            kind=Slow,
            overlap=True,
        )
        self.assertEqual(
            [(10, 'inject a'), (15, 'inject b')],
            self.told(),
        )

    def test_between_faults_that_do_not_overlap_all_is_steady(self):
        self.stage.unknown = {'canary': (11, 60)}
        self.play(fault('a', 10), fault('b', 40), overlap=True)
        self.assertIn((60, 'inject b'), self.told())

    def test_what_does_not_meet_by_the_plan_does_not_in_fact(self):
        # The guard counted on it: a is to be whole before b begins.
        self.stage.takes = 20
        self.play(
            fault('a', 10, hold=25, recovery=30), fault('b', 41), overlap=True
        )
        self.assertEqual(
            [(10, 'inject a'), (55, 'heal a'), (75, 'inject b')],
            [one for one in self.told() if one[1] != 'look'][:3],
        )

    def test_nothing_beside_one_that_is_not_healed(self):
        self.stage.heals['a'] = False
        why = self.aborted(fault('a', 10), fault('b', 100))
        self.assertEqual('service.terminate of a is not proven healed', why)
        self.assertNotIn('inject b', [what for _, what in self.told()])

    def test_the_last_one_that_is_not_healed_aborts_nothing(self):
        self.stage.heals['a'] = False
        self.play(fault('a', 10))

    def test_more_services_down_than_the_limit(self):
        self.stage.downs = {'nova': (11, 999), 'glance': (11, 999)}
        why = self.aborted(fault('a', 10, hold=20), fault('b', 100))
        self.assertIn('2 services are down (glance, nova)', why)
        # The heal is over at 32.
        self.assertTrue(60 <= self.stage.now <= 64, self.stage.now)
        self.assertNotIn('inject b', [what for _, what in self.told()])

    def test_as_many_as_the_limit_abort_nothing(self):
        self.stage.downs = {'nova': (11, 999)}
        self.play(fault('a', 10), fault('b', 100))
        self.assertIn((100, 'inject b'), self.told())

    def test_down_while_a_fault_lasts_is_its_doing(self):
        self.stage.downs = {'nova': (11, 150), 'glance': (11, 150)}
        self.play(
            fault('a', 10, hold=200, recovery=300),
            fault('b', 100),
            overlap=True,
        )
        self.assertIn((100, 'inject b'), self.told())

    def test_held_to_the_end_explains_all(self):
        self.stage.downs = {'nova': (11, 999), 'glance': (11, 999)}
        self.stage.missing = {'x of c1': (11, 999)}
        self.play(fault('a', 10, hold=None), fault('b', 100), overlap=True)
        self.assertIn((100, 'inject b'), self.told())

    def test_waits_for_services_that_come_back(self):
        self.stage.downs = {'nova': (90, 115), 'glance': (95, 113)}
        self.play(fault('a', 10), fault('b', 100))
        self.assertIn((114, 'inject b'), self.told())
        self.assertIn('waiting for glance, nova', self.stage.phases)

    def test_a_service_that_nobody_named_is_lost(self):
        self.stage.missing = {'mariadb of c1': (12, 999)}
        why = self.aborted(fault('a', 10), fault('b', 100))
        self.assertIn('lost, though it was there', why)
        self.assertIn('mariadb of c1', why)
        self.assertEqual(130, self.stage.now)

    def test_a_service_that_comes_back(self):
        self.stage.missing = {'mariadb of c1': (12, 120)}
        self.play(fault('a', 10), fault('b', 100))
        self.assertIn((120, 'inject b'), self.told())

    def test_what_nobody_knows_yet_is_waited_for_and_aborts_nothing(self):
        self.stage.unknown = {'canary': (11, 300)}
        self.play(fault('a', 10), fault('b', 100))
        self.assertIn((300, 'inject b'), self.told())
        self.assertIn('waiting for canary', self.stage.phases)

    def test_what_nobody_ever_knows_aborts(self):
        self.stage.unknown = {'canary': (11, 9999)}
        why = self.aborted(fault('a', 10), fault('b', 100))
        self.assertIn('nobody knows after 600 s', why)
        self.assertIn('canary', why)
        self.assertEqual(700, self.stage.now)

    def test_beside_a_fault_nobody_waits_for_the_steady_state(self):
        self.stage.unknown = {'canary': (11, 300)}
        self.play(fault('a', 10, hold=None), fault('b', 100), overlap=True)
        self.assertIn((100, 'inject b'), self.told())

    def test_a_cluster_that_would_not_bear_another_one_is_waited_for(self):
        self.stage.danger = (0, 30)
        self.play(
            fault('a', 10, hold=60), fault('b', 15, hold=5), overlap=True
        )
        self.assertEqual((10, 'inject a'), self.told()[0])
        self.assertEqual((31, 'inject b'), self.told()[1])
        # Beside nothing there is the steady state to wait for.
        self.assertNotIn('a', [target for _, target in self.stage.asked])

    def test_meanwhile_what_is_due_is_healed(self):
        self.stage.danger = (0, 26)
        self.play(fault('a', 10, hold=10), fault('b', 15), overlap=True)
        self.assertEqual(
            [(10, 'inject a'), (21, 'heal a'), (22, 'inject b')],
            [one for one in self.told() if one[1] != 'look'][:3],
        )

    def test_a_cluster_that_never_bears_it(self):
        self.stage.danger = (0, 999)
        why = self.aborted(
            fault('a', 10, hold=500, recovery=600),
            fault('b', 15),
            overlap=True,
        )
        self.assertEqual(
            'service.terminate of b: not in its steady state: galera', why
        )
        self.assertNotIn('inject b', [what for _, what in self.told()])
        self.assertTrue(45 <= self.stage.now <= 50, self.stage.now)

    def test_who_goes_beyond_the_quorum_asks_no_cluster(self):
        self.stage.danger = (0, 999)
        self.play(
            fault('a', 10, hold=60),
            fault('b', 15, hold=5),
            overlap=True,
            beyond_quorum=True,
        )
        self.assertIn((15, 'inject b'), self.told())
        self.assertEqual([], self.stage.asked)

    def test_one_fault_asks_no_host(self):
        self.play(fault('a', 10))
        self.assertEqual(0, self.stage.remembered)

    def test_a_cloud_that_is_down_before_the_first(self):
        self.stage.downs = {'nova': (0, 999), 'glance': (0, 999)}
        self.aborted(fault('a', 100))
        self.assertEqual([], self.stage.said)
        self.assertLess(self.stage.now, 35)
