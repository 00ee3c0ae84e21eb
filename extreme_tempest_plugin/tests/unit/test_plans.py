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
"""The ready plans fit the catalogue."""

import collections
import pathlib
import tempfile

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox import workspace
from extreme_tempest_plugin.storm import actions
from extreme_tempest_plugin.storm import choosing
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm import offer
from extreme_tempest_plugin.storm import state as storm_state
from extreme_tempest_plugin.tests.scenario import destructive
from extreme_tempest_plugin.tests.unit import configuration

#: With a fault, which the configuration of the tests does not allow.
FAULTY = {'chaos', 'compute_outages', 'database', 'demo', 'ha', 'rabbit'}

SCENARIOS = pathlib.Path(destructive.__file__).parent

#: Seconds that a ready plan takes at most; ``ha`` has eight faults.
MOST = {'ha': 560}
USUALLY = 120


class TestReadyPlans(testtools.TestCase):
    def test_those_that_are_promised(self):
        promised = {
            'attach_detach',
            'chaos',
            'compute_outages',
            'create_kill',
            'database',
            'demo',
            'dns',
            'floating_ips',
            'ha',
            'hard_reboots',
            'identity',
            'images',
            'mixed',
            'objects',
            'quota_edge',
            'quota_edge_network',
            'quota_edge_volume',
            'rabbit',
            'security_groups',
            'server_groups',
            'shared_identity',
            'shared_images',
            'shared_metadata',
            'shared_networks',
            'shared_objects',
            'shared_servers',
            'shared_volumes',
            'shared_zones',
            'volumes',
        }
        self.assertEqual(promised, set(ready.every()) & promised)

    def test_each_is_right(self):
        for name, path in ready.every().items():
            plan = loader.load(path)
            self.assertEqual(name, plan.name)
            self.assertLessEqual(plan.duration, MOST.get(name, USUALLY), name)
            self.assertTrue(path.read_text().startswith('# '), name)
            if name not in FAULTY:
                preparation.prepare(plan, configuration.settings())

    def test_each_action_can_be_taken(self):
        """What an action takes is created, and so is what it needs."""
        for name, path in ready.every().items():
            storm = loader.load(path).storm
            if storm is None:
                continue
            wanted = actions.wanted(storm)
            made = {
                action.kind
                for action in wanted
                if action.effect is model.Effect.CREATES
            }
            for action in wanted:
                needed = {need.kind for need in action.partners.values()}
                if action.states:
                    needed.add(action.kind)
                self.assertEqual(set(), needed - made, (name, action.name))
            self.assertEqual(set(), {*storm.limits} - made, name)

    def test_many_ask_for_the_same_attachment_at_once(self):
        """Of volumes and servers that all share."""
        plan = loader.load(ready.find('shared_volumes'))
        weighted = actions.weighted(plan.storm)
        acting = [entry.action for entry in weighted]
        shared = {
            f'{kind}-{number}': model.Resource(
                key=f'{kind}-{number}',
                kind=kind,
                id=f'{number}',
                name='',
                state=state,
                possible=storm_state.closure(acting, kind, state),
            )
            for kind, state in (('server', 'ACTIVE'), ('volume', 'available'))
            for number in range(plan.storm.shared[kind])
        }
        seen = storm_state.State(limits={}, resources=shared)
        users = [
            (choosing.Chooser(weighted), choosing.source(1, number))
            for number in range(plan.storm.users)
        ]
        most = 0
        for _ in range(50):
            chosen = [one.choose(seen, rng) for one, rng in users]
            equal = collections.Counter(
                (
                    one.chosen.resource.key,
                    one.chosen.partners['server'].key,
                )
                for one in chosen
                if one.action.name == 'volume.attach'
            )
            most = max(most, *equal.values())
        self.assertGreaterEqual(most, 4)

    def test_an_ordinary_cloud_is_enough(self):
        """Without an administrator and extras something is left of each."""
        ordinary = {
            'cinder',
            'designate',
            'glance',
            'keystone',
            'neutron',
            'nova',
            'swift',
            'extension:router',
            'extension:security-group',
        }
        for path in ready.every().values():
            storm = loader.load(path).storm
            if storm is not None:
                offer.fit(storm, ordinary, str)


class TestSteadyStates(testtools.TestCase):
    """No plan for several clouds leaves out the clusters of some."""

    def test_checks_are_left_out_and_not_named(self):
        found = {*ready.every().values(), *SCENARIOS.glob('*.yaml')}
        self.assertLess(len(ready.every()) + 20, len(found))
        for path in found:
            steady = loader.load(path).steady
            self.assertIsNone(steady.checks, path)
            self.assertLessEqual({*steady.without}, {'canary'}, path)


class TestRollingRestart(testtools.TestCase):
    def test_all_that_both_topologies_have(self):
        plan = loader.load(SCENARIOS / 'rolling_restart.yaml')
        single, clustered = (
            {
                name
                for name, _ in workspace._fault_services(
                    topology.TOPOLOGIES[shape]
                )
            }
            for shape in ('single', 'ha')
        )
        restarted = {fault.target for fault in plan.faults}
        left_out = {
            name
            for name in single
            # What runs inside of servers; for the others see the plan.
            if name == 'guest-answers' or name.startswith(('ovn-', 'ovs-'))
        }
        self.assertEqual(left_out, single ^ restarted)
        # Those that only several controllers have cannot be in it.
        self.assertLessEqual({'haproxy', 'keepalived'}, clustered - single)


class TestFind(testtools.TestCase):
    def test_by_name_and_by_path(self):
        path = ready.find('mixed')
        self.assertEqual('mixed.yaml', path.name)
        self.assertEqual(path, ready.find(str(path)))

    def test_a_file_comes_first(self):
        with tempfile.NamedTemporaryFile() as file:
            self.assertEqual(pathlib.Path(file.name), ready.find(file.name))

    def test_neither(self):
        error = self.assertRaises(errors.UsageError, ready.find, 'nosuch')
        self.assertIn('mixed', str(error))
        self.assertNotIn('\n', str(error))


class TestChanged(testtools.TestCase):
    def test_values_are_checked(self):
        plan = loader.load(ready.find('mixed'))
        changed = ready.changed(plan, duration=600.0, seed=3)
        self.assertEqual(600.0, changed.duration)
        self.assertEqual(plan.storm, changed.storm)
        for wrong in ({'duration': -1.0}, {'seed': -3}):
            self.assertRaises(errors.UsageError, ready.changed, plan, **wrong)
