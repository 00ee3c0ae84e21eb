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
import dataclasses
import pathlib

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.tests.unit import configuration
from extreme_tempest_plugin.tests.unit.faults import world

STORM = 'name: p\nduration: 9\nstorm: {actions: {server.create: 1}}\n'


def prepare(text, **changes):
    return preparation.prepare(
        loader.parse(text), configuration.settings(**changes)
    )


class TestPrepare(testtools.TestCase):
    def refused(self, text, **changes):
        return str(
            self.assertRaises(errors.UsageError, prepare, text, **changes)
        )

    def test_configuration_fills_what_the_plan_leaves_open(self):
        plan = prepare(STORM + 'uptime: {}\n', users=3, max_instances=7)
        self.assertEqual((3, 7), (plan.storm.users, plan.storm.max_instances))
        self.assertEqual(('keystone', 'nova'), plan.uptime.services)

    def test_the_plan_wins(self):
        plan = prepare(
            'name: p\nduration: 9\nseed: 4\n'
            'storm: {actions: {server.create: 1}, users: 2,'
            ' max_instances: 5}\nuptime: {services: [glance]}\n',
            users=3,
            max_instances=7,
        )
        self.assertEqual((2, 5), (plan.storm.users, plan.storm.max_instances))
        self.assertEqual(('glance',), plan.uptime.services)
        self.assertEqual(4, plan.seed)

    def test_a_seed_is_drawn(self):
        self.assertNotEqual(prepare(STORM).seed, prepare(STORM).seed)

    def test_unknown_action(self):
        said = self.refused(STORM.replace('server.create', 'server.vanish'))
        self.assertIn('server.vanish', said)

    def test_a_mistake_is_told_with_its_line(self):
        plan = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'p.yaml')
        for storm, line, said in (
            ('{actions: {server.crate: 1}}', 3, 'unknown action'),
            ('{actions: {server.create: -1}}', 3, 'server.create'),
            ('{actions: {server.create: 0}}', 3, 'all weights'),
            (
                '{users: 4, max_instances: 2, actions: {server.create: 1}}',
                3,
                '4 users cannot share 2',
            ),
            (
                '\n  users: 4\n  limits:\n    keypair: 3\n'
                '  actions: {keypair.create: 1}',
                6,
                '4 users cannot share 3',
            ),
            (
                '{shared: {moon: 1}, actions: {server.create: 1}}',
                3,
                'no such kind',
            ),
            (
                '{shared: {volume_snapshot: 1}, actions: {server.create: 1}}',
                3,
                'takes a volume',
            ),
            (
                '{settle_timeout: -2, actions: {server.create: 1}}',
                3,
                'settle_timeout',
            ),
        ):
            plan.write_text(f'name: mine\nduration: 5\nstorm: {storm}\n')
            found = str(self.assertRaises(errors.PlanError, self.made, plan))
            self.assertIn(f'{plan}:{line}: ', found)
            self.assertIn(said, found)
            self.assertNotIn('\n', found)

    def made(self, path):
        with loader.located(path):
            return preparation.prepare(
                loader.load(path), configuration.settings()
            )

    def test_a_limit_of_what_the_storm_does_not_do(self):
        slo = 'slo: {settle: {default: {max: 9}, %s: {max: 9}}}\n'
        self.assertIn(
            'slo.settle.server.creat: the storm has no such action',
            self.refused(STORM + slo % 'server.creat'),
        )
        self.assertIn(
            'slo.settle.server.create: the storm has no such action',
            self.refused(
                'name: p\nduration: 9\nuptime: {}\n' + slo % 'server.create'
            ),
        )
        prepare(STORM + slo % 'server.create')

    def test_a_deadline_of_what_the_storm_does_not_deal_with(self):
        text = STORM.replace(
            'create: 1}', 'create: 1}, stuck_after: {%s: {BUILD: 9}}'
        )
        self.assertIn(
            'storm.stuck_after.volume: the storm has nothing to do with that',
            self.refused(text % 'volume'),
        )
        prepare(text % 'server')

    def test_boots_take_an_image_and_a_flavor_and_no_storm(self):
        uptime = 'uptime: {services: [nova/boot]}\n'
        alone = f'name: p\nduration: 9\n{uptime}'
        prepare(alone)
        self.assertIn('not beside a storm', self.refused(STORM + uptime))
        cloud = configuration.settings().cloud
        for lacking in ('image', 'flavor'):
            said = self.refused(
                alone, cloud=dataclasses.replace(cloud, **{lacking: ''})
            )
            self.assertIn('[compute] image_ref and flavor_ref', said)

    def test_unknown_service(self):
        said = self.refused(
            'name: p\nduration: 9\nuptime: {services: [no/wa]}\n'
        )
        self.assertIn('no/wa', said)

    def test_more_users_than_servers(self):
        self.assertIn(
            'max_instances', self.refused(STORM, users=5, max_instances=4)
        )

    def test_no_cloud(self):
        cloud = dataclasses.replace(
            configuration.settings().cloud, auth_url=''
        )
        self.assertIn('[identity] uri_v3', self.refused(STORM, cloud=cloud))

    def test_no_image(self):
        cloud = dataclasses.replace(configuration.settings().cloud, image='')
        self.assertIn('image_ref', self.refused(STORM, cloud=cloud))

    def test_a_fault_that_is_not_allowed(self):
        said = self.refused(
            STORM + 'faults: [{fault: service.restart, target: rabbitmq}]\n'
        )
        self.assertIn('[destructive] allowed', said)

    def test_a_check_of_the_steady_state_that_there_is_not(self):
        there = world.World(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        )
        text = STORM + (
            'faults: [{fault: service.restart, target: nova-api}]\n'
            'steady: {checks: [nova services, galera, canary%s]}\n'
        )
        plan = prepare(text % '', destructive=there.destructive)
        self.assertEqual(180.0, plan.steady.within)
        said = self.refused(text % ', galeera', destructive=there.destructive)
        self.assertIn('steady.checks: galeera: there is no such', said)
        self.assertIn('apis, canary, galera, rabbitmq, ovn', said)

    def test_a_check_that_is_left_out_and_that_there_is_not(self):
        there = world.World(
            pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        )
        text = STORM + (
            'faults: [{fault: service.restart, target: nova-api}]\n'
            'steady: {without: [canary%s]}\n'
        )
        prepare(text % '', destructive=there.destructive)
        said = self.refused(text % ', canray', destructive=there.destructive)
        self.assertIn('steady.without: canray: there is no such', said)


class TestPath(testtools.TestCase):
    def test_missing_plan(self):
        error = self.assertRaises(
            errors.PlanError, loader.load, pathlib.Path('/nowhere/p.yaml')
        )
        self.assertIn('/nowhere/p.yaml: cannot be read', str(error))
