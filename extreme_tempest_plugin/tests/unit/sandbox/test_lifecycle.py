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
"""The order of things, and that nothing stays half-done."""

import fcntl
import os
import pathlib
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import lifecycle
from extreme_tempest_plugin.sandbox import status
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.tests.unit.sandbox import fakes

SHAPE = topology.named('single')
WHERE = 'extreme_tempest_plugin.sandbox.lifecycle.'


class SandboxTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.layout = layout.Layout('dev', self.top / 's', self.top / 'r')
        self.progress = fakes.Progress()
        self.sandbox = lifecycle.Sandbox(self.layout, self.progress)
        self.done = []
        self.group = mock.Mock()
        self.group.return_value.kill.side_effect = self.did('kill')
        self.group.return_value.remove.side_effect = self.did('rmdir')
        self.patch('Group', self.group)
        self.patch_teardown('Group', self.group)
        self.patch_teardown('network.down', self.did('network down'))
        self.patch_teardown('storage.down', self.did('unmount'))
        self.patch_teardown('_remove_nspawn_locks', mock.Mock())
        self.patch('preflight.check_root', mock.Mock())
        self.patch('preflight.gather', mock.Mock())
        self.patch('preflight.check', mock.Mock())
        self.patch('machine_module.present', lambda layout: False)

    def patch(self, name, new):
        return self.useFixture(fixtures.MockPatch(WHERE + name, new)).mock

    def patch_teardown(self, name, new):
        where = 'extreme_tempest_plugin.sandbox.teardown.'
        self.useFixture(fixtures.MockPatch(where + name, new))

    def did(self, what):
        return lambda *args, **kwargs: self.done.append(what)

    def up(self):
        return self.sandbox.up(SHAPE, self.top / 'cache')

    def record(self, topology_name='single'):
        self.layout.run_dir.mkdir(parents=True)
        record = status.Record(topology_name, (), 'p')
        self.layout.record.write_text(record.to_json())


class TestDown(SandboxTest):
    def test_processes_end_before_their_namespaces_and_groups(self):
        self.sandbox.down()
        self.assertEqual(
            ['kill', 'network down', 'unmount', 'rmdir'], self.done
        )

    def test_hosts_go_and_the_workspace_stays(self):
        for path in (self.layout.host_dir('ctl1'), self.layout.workspace):
            path.mkdir(parents=True)
        self.record()
        self.sandbox.down()
        self.assertFalse(self.layout.hosts_dir.exists())
        self.assertFalse(self.layout.run_dir.exists())
        self.assertTrue(self.layout.workspace.exists())

    def test_says_whether_there_was_anything(self):
        self.assertFalse(self.sandbox.down())
        self.patch('machine_module.present', lambda layout: True)
        self.assertTrue(self.sandbox.down())

    def test_not_while_another_process_is_at_it(self):
        self.layout.run_root.mkdir()
        descriptor = os.open(self.layout.lock, os.O_CREAT | os.O_RDWR)
        self.addCleanup(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        error = self.assertRaises(errors.SandboxError, self.sandbox.down)
        self.assertIn('another process', str(error))
        self.assertEqual([], self.done)


class TestUp(SandboxTest):
    def test_what_fails_is_torn_down(self):
        for failure in (errors.StepFailed('x'), KeyboardInterrupt()):
            self.done.clear()
            self.patch('Sandbox._images', mock.Mock(side_effect=failure))
            self.assertRaises(type(failure), self.up)
            self.assertEqual(
                ['kill', 'network down', 'unmount', 'rmdir'], self.done
            )

    def test_a_refused_machine_is_left_alone(self):
        self.patch(
            'preflight.check', mock.Mock(side_effect=errors.UsageError('x'))
        )
        self.assertRaises(errors.UsageError, self.up)
        self.assertEqual([], self.done)
        self.assertFalse(self.layout.home.exists())

    def test_leftovers_are_removed_first(self):
        self.patch('machine_module.present', lambda layout: True)
        self.patch('Sandbox._images', mock.Mock(side_effect=ValueError))
        self.assertRaises(ValueError, self.up)
        self.assertEqual(2, self.done.count('network down'))

    def test_up_twice_changes_nothing(self):
        self.record()
        seen = status.Status('dev', 'up', 'single')
        self.patch('Sandbox._look', mock.Mock(return_value=seen))
        images = self.patch('Sandbox._images', mock.Mock())
        self.assertEqual(seen, self.up())
        images.assert_not_called()
        self.assertEqual([], self.done)

    def test_up_on_an_unhealthy_one_says_what_is_wrong(self):
        self.record()
        seen = status.Status('dev', 'degraded', missing=(('nova', '500'),))
        self.patch('Sandbox._look', mock.Mock(return_value=seen))
        error = self.assertRaises(errors.SandboxError, self.up)
        self.assertIn('nova: 500', str(error))
        self.assertEqual([], self.done)

    def test_a_name_in_use_by_another_topology(self):
        self.record('other')
        error = self.assertRaises(errors.UsageError, self.up)
        self.assertIn('is up as other, not as single', str(error))


class TestStatus(SandboxTest):
    def test_down_and_broken(self):
        self.assertEqual('down', self.sandbox.status().state)
        self.patch('machine_module.present', lambda layout: True)
        self.assertEqual('broken', self.sandbox.status().state)

    def test_a_torn_record_is_none(self):
        self.layout.run_dir.mkdir(parents=True)
        self.layout.record.write_text('{"topology": "sin')
        self.assertIsNone(status.Record.read(self.layout.record))
