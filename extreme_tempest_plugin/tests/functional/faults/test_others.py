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
"""The driver of the contributor guide, installed as others install theirs."""

import os
import pathlib
import sys

import fixtures
import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.tests.functional.faults import acme
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import test_killed_run
from extreme_tempest_plugin.tests.functional.logs import sshd


class Installed(fixtures.Fixture):
    """A package with the driver, for us and for processes that we start."""

    def _setUp(self) -> None:
        where = self.useFixture(fixtures.TempDir()).path
        about = pathlib.Path(where, 'acme-1.0.dist-info')
        about.mkdir()
        (about / 'METADATA').write_text('Name: acme\nVersion: 1.0\n')
        (about / 'entry_points.txt').write_text(
            f'[{engines.NAMESPACE}]\nacme = {acme.__name__}:DRIVER\n'
        )
        path = [where, *os.environ.get('PYTHONPATH', '').split(os.pathsep)]
        for fixture in (
            fixtures.EnvironmentVariable('PYTHONPATH', os.pathsep.join(path)),
            fixtures.MonkeyPatch('sys.path', [where, *sys.path]),
            fixtures.MonkeyPatch(
                'stevedore.ExtensionManager.ENTRY_POINT_CACHE', {}
            ),
        ):
            self.useFixture(fixture)
        engines.drivers.cache_clear()
        self.addCleanup(engines.drivers.cache_clear)


class TestDriverOfOthers(test_killed_run.KilledRun):
    def setUp(self) -> None:
        super().setUp()
        self.useFixture(Installed())
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.file = self.directory / 'lock'
        self.name = f'array-{os.getpid()}'

    def _read(self, args: object) -> configuration.Target:
        """The target, as the configuration has it."""
        node = {'driver': 'node_list', 'args': [{'ip': '127.0.0.1'}]}
        array = {'driver': 'acme', 'hosts': ['127.0.0.1'], 'args': args}
        path = self.directory / 'os-faults.yaml'
        path.write_bytes(
            msgspec.json.encode(
                {
                    'cloud_management': {'driver': 'universal'},
                    'node_discover': node,
                    'targets': {self.name: array},
                }
            )
        )
        return reading.read(str(path)).targets[self.name]

    def test_its_arguments_are_checked_by_itself(self) -> None:
        for args, reason in (
            ({'file': '/x;id'}, "'/x;id' is refused as a path"),
            ({'fiel': '/x'}, 'fiel'),
            (None, 'Expected `object`'),
        ):
            error = self.assertRaises(errors.UsageError, self._read, args)
            self.assertIn(f'targets.{self.name}.args: ', str(error))
            self.assertIn(reason, str(error))

    def test_killed_and_healed(self) -> None:
        target = msgspec.structs.replace(
            self._read({'file': str(self.file)}),
            hosts=(self.useFixture(sshd.Sshd()).host,),
        )
        self.addCleanup(namespaces.disarm, dead_man.tag(target))
        self.assertEqual(f'lock {self.file} on 127.0.0.1', str(target))
        plan = model.Fault(
            fault='acme.lock', target=target.name, hold=60, recovery=90
        )
        for phase in ('injected', 'evidenced'):
            self._kill(plan, target, phase)
            if phase == 'evidenced':
                self.assertTrue(self.file.exists())
            self._heal()
            self.assertFalse(self.file.exists())
            self._assert_no_timer(target)
        self._live(plan, target)
        self.assertFalse(self.file.exists())
