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
import importlib.metadata
import importlib.util
import pathlib
import tempfile
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import runtimes
from extreme_tempest_plugin.faults.drivers import containers
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import freeze
from extreme_tempest_plugin.faults.drivers import kill
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import power
from extreme_tempest_plugin.tests.unit.faults import fakes
from extreme_tempest_plugin.tests.unit.faults import world

CONTAINER = configuration.Target(
    name='nova-api',
    hosts=fakes.TARGET.hosts,
    part=runtimes.Container(container='nova_api'),
)
_OF_OS_FAULTS = list(catalogue.Verb)[:8]


class TestEngines(testtools.TestCase):
    def test_each_kind_of_the_table_has_a_driver(self) -> None:
        self.assertEqual(
            catalogue.KINDS,
            engines.kinds(),
        )

    def test_each_kind_has_the_engine_that_it_names(self) -> None:
        for kind in catalogue.KINDS.values():
            is_node = kind.of == catalogue.Subject.NODE
            is_kill = kind.does is catalogue.Verb.KILL
            by_os_faults = kind.does in _OF_OS_FAULTS and not is_node
            engine = engines.engine(kind, fakes.TARGET, 60)
            observer = engines.observer(kind, fakes.TARGET)
            for one, parent, wanted in (
                (engine, power.Power, is_node),
                (observer, power.Power, is_node),
                (engine, os_faults.OsFaults, by_os_faults and not is_kill),
                (engine, kill.Killer, is_kill),
                (observer, evidence.OverSsh, by_os_faults),
            ):
                self.assertEqual(wanted, isinstance(one, parent), kind.name)

    def test_service_that_is_a_container(self) -> None:
        for kind in catalogue.KINDS.values():
            wanted = kind.of == catalogue.Subject.SERVICE
            engine = engines.engine(kind, CONTAINER, 60)
            observer = engines.observer(kind, CONTAINER)
            for one in (engine, observer):
                self.assertEqual(
                    wanted, isinstance(one, containers.Containers), kind.name
                )

    def test_every_kind_can_be_undone(self) -> None:
        for kind in catalogue.KINDS.values():
            self.assertNotEqual(kind.does, kind.undoes)

    def test_os_faults_is_needed_for_its_own_kinds_alone(self) -> None:
        kinds = catalogue.KINDS
        names = ('service.freeze', 'network.partition', 'switch.port_down')
        engines.preflight([(kinds[name], fakes.TARGET) for name in names])
        with mock.patch.object(importlib.util, 'find_spec', return_value=None):
            frozen = (kinds['service.freeze'], fakes.TARGET)
            engines.preflight([frozen, (kinds['service.kill'], CONTAINER)])
            for name in ('service.kill', 'node.off'):
                error = self.assertRaises(
                    errors.UsageError,
                    engines.preflight,
                    [frozen, (kinds[name], fakes.TARGET)],
                )
                self.assertIn('os-faults is not installed', str(error))


def offered(name: str = 'acme', *kinds: catalogue.Kind) -> driver.Driver:
    """A driver as others bring it."""
    return driver.Driver(
        name=name,
        by='a wish',
        kinds=kinds or (KIND,),
        engine=freeze.Freezer,
        observer=freeze.Freezer,
        part=lambda args: parts.Foreign(driver='acme', hits=False),
    )


KIND = catalogue.Kind(
    name='acme.lock',
    does=catalogue.Verb.INJECT,
    undoes=catalogue.Verb.HEAL,
    heals_itself=False,
    proof=catalogue.Proof.BROKEN,
    of='acme',
)
OF_SERVICE = dataclasses.replace(KIND, of='service')
#: What entry points name.
good = offered()
several = (
    good,
    offered('beta', dataclasses.replace(KIND, name='beta.x', of='beta')),
)
doubled = (good, offered('beta', OF_SERVICE))
takes_ours = offered('acme', dataclasses.replace(KIND, name='disk.full'))
named_as_ours = offered('disk', OF_SERVICE)
named_as_a_subject = offered('service', OF_SERVICE)
badly_named = offered('ac me')
of_nobody = offered('acme', dataclasses.replace(KIND, of='beta'))
no_driver = ('acme',)


class TestOthers(testtools.TestCase):
    def _install(self, *names: str) -> None:
        """Packages with these entry points, and no others."""
        entries = [
            importlib.metadata.EntryPoint(
                f'package-{name}', f'{__name__}:{name}', engines.NAMESPACE
            )
            for name in names
        ]
        self.useFixture(
            fixtures.MonkeyPatch(
                'stevedore.ExtensionManager.ENTRY_POINT_CACHE',
                {engines.NAMESPACE: entries},
            )
        )
        engines.drivers.cache_clear()
        self.addCleanup(engines.drivers.cache_clear)

    def test_a_driver_of_others_is_one(self) -> None:
        for name in ('good', 'several'):
            self._install(name)
            kind = engines.kind('acme.lock')
            self.assertEqual(KIND, kind)
            self.assertEqual('a wish', engines.driver(kind, fakes.TARGET).by)
            engine = engines.engine(kind, fakes.TARGET, 60)
            self.assertIsInstance(engine, freeze.Freezer)
            engines.preflight([(kind, fakes.TARGET)])
        self.assertEqual('beta.x', engines.kind('beta.x').name)

    def test_one_that_cannot_be_used(self) -> None:
        for name, reason in (
            ('doubled', 'acme.lock of package-doubled is there already'),
            ('takes_ours', 'disk.full of package-takes_ours is there'),
            ('named_as_ours', 'disk of package-named_as_ours is there'),
            ('named_as_a_subject', 'service of package-named_as_a_subject'),
            ('badly_named', "package-badly_named: 'ac me' is no name"),
            ('of_nobody', "acme.lock is of 'beta'"),
            ('no_driver', "package-no_driver: 'acme' is no driver"),
            ('is_not_there', 'cannot be loaded'),
        ):
            self._install(name)
            error = self.assertRaises(errors.UsageError, engines.kinds)
            self.assertIn(f'{engines.NAMESPACE}: ', str(error))
            self.assertIn(reason, str(error))

    def test_ours_can_be_healed_beside_one_that_is_broken(self) -> None:
        self._install('is_not_there')
        kind = engines.kind('service.freeze')
        self.assertIsInstance(
            engines.engine(kind, fakes.TARGET, 60), freeze.Freezer
        )
        self.assertRaises(errors.UsageError, engines.kind, 'acme.lock')

    def test_targets_of_others(self) -> None:
        self._install('several')
        with tempfile.TemporaryDirectory() as directory:
            there = world.World(pathlib.Path(directory))
            array = {'driver': 'acme', 'hosts': [world.ADDRESSES['ctl1']] * 2}
            there.configure(targets={'array': array})
            target = there.read().targets['array']
            self.assertEqual('acme', target.subject)
            self.assertEqual(f'acme on {world.ADDRESSES["ctl1"]}', str(target))
            self.assertEqual((), losses.hit(target))
            for name, given, reason in (
                ('array', {**array, 'driver': 'beta'}, 'gave a part of acme'),
                ('array', {**array, 'arsg': {}}, 'arsg'),
                ('array', {**array, 'hosts': ['10.9.9.9']}, 'no ip of'),
                ('array', {**array, 'hosts': []}, 'length'),
                ('mysql', array, 'name of another'),
            ):
                there.configure(targets={name: given})
                error = self.assertRaises(errors.UsageError, there.read)
                self.assertIn(reason, str(error))

    def test_what_nobody_knows_hits_its_hosts(self) -> None:
        for part, hit, away in (
            (parts.Foreign(driver='acme'), ('a',), ()),
            (parts.Foreign(driver='acme', hits=False), (), ()),
            (
                parts.Foreign(driver='acme', hits=False, takes_away=True),
                ('a',),
                ('a',),
            ),
        ):
            self.assertEqual(hit, part.hit(('a',)))
            self.assertEqual(hit, part.lost(('a',), frozenset('a')))
            self.assertEqual(away, part.away(('a',)))
            self.assertEqual((), part.commands())
