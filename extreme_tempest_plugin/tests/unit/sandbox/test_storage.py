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
"""The storage outside the hosts, without mounting anything."""

import pathlib
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.hosts import storage
from extreme_tempest_plugin.sandbox.topology import Role

SHAPE = topology.named('single')
IMAGES = '/var/lib/glance'


class TestStorage(testtools.TestCase):
    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.layout = layout.Layout('dev', top / 's', top / 'r')
        self.commands = []
        self.useFixture(
            fixtures.MockPatchObject(storage.shell, 'run', self.run_command)
        )

    def run_command(self, argv, **kwargs):
        self.commands.append(argv)

    def test_every_bound_directory_is_there(self):
        storage.up(self.layout, SHAPE)
        (mount,) = self.commands
        self.assertEqual(['mount', '-t', 'tmpfs'], mount[:3])
        self.assertIn(f'size={storage.SIZE_MIB}m', mount[4])
        bound = storage.binds(self.layout, SHAPE, Role.CONTROLLER)
        self.assertIn(IMAGES, [theirs for _, theirs in bound])
        for ours, _ in bound:
            self.assertTrue(pathlib.Path(ours).is_dir(), ours)
        self.assertEqual((), storage.binds(self.layout, SHAPE, Role.COMPUTE))

    def test_two_paths_have_two_directories(self):
        bound = storage.binds(self.layout, SHAPE, Role.CONTROLLER)
        self.assertEqual(len(bound), len({ours for ours, _ in bound}))

    def test_what_was_left_out_has_none(self):
        shape = services.select(SHAPE, ['cinder'])
        bound = storage.binds(self.layout, shape, Role.CONTROLLER)
        self.assertNotIn('cinder', str(bound))

    def test_it_begins_with_what_was_kept(self):
        kept = pathlib.Path('/cache/storage')
        storage.up(self.layout, SHAPE, kept)
        self.assertEqual(
            ['cp', '--archive', '/cache/storage/.', str(self.layout.storage)],
            self.commands[-1],
        )

    def down(self, *targets):
        text = ''.join(f'storage {t} tmpfs rw 0 0\n' for t in targets)
        read = mock.Mock(return_value=text)
        with mock.patch.object(pathlib.Path, 'read_text', read):
            storage.down(self.layout)

    def test_down_unmounts_its_own_alone(self):
        self.down('/run/other/storage', str(self.layout.storage))
        self.assertEqual([['umount', str(self.layout.storage)]], self.commands)

    def test_down_again(self):
        self.down('/proc', '/run/other/storage')
        self.assertEqual([], self.commands)
