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
"""The cache: keys, manifests, damage."""

import dataclasses
import json
import os
import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import services
from extreme_tempest_plugin.sandbox import topology
from extreme_tempest_plugin.sandbox.image import build
from extreme_tempest_plugin.sandbox.image import digests
from extreme_tempest_plugin.sandbox.image import golden
from extreme_tempest_plugin.sandbox.image import pruning
from extreme_tempest_plugin.sandbox.image import store
from extreme_tempest_plugin.sandbox.services import model
from extreme_tempest_plugin.tests.unit.sandbox import fakes


class StoreTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.store = store.Store(self.top / 'cache')
        self.progress = fakes.Progress()

    def build(self, fill=None):
        with self.store.locked(self.progress):
            return self.store.build('root', 'k1', fill or self.fill)

    def fill(self, directory):
        (directory / 'tree/etc').mkdir(parents=True)
        (directory / 'tree/etc/passwd').write_text('root')
        (directory / 'tree/link').symlink_to('etc/passwd')
        return {'password': 'p'}


class TestStore(StoreTest):
    def test_what_was_built_is_found(self):
        self.assertIsNone(self.store.look_up('root', 'k1'))
        built = self.build()
        self.assertEqual(built, self.store.look_up('root', 'k1'))
        self.assertEqual('p', built.values['password'])
        self.assertIsNone(self.store.look_up('root', 'k2'))

    def test_the_manifest_is_private(self):
        self.build()
        path = self.store.path('root', 'k1') / store.MANIFEST
        self.assertEqual(0o600, path.stat().st_mode & 0o777)

    def test_damage_is_seen(self):
        def other_version(tree):
            path = tree.parent / store.MANIFEST
            fields = json.loads(path.read_text())
            path.write_text(json.dumps({**fields, 'version': 99}))

        for damage in (
            other_version,
            lambda tree: (tree / 'etc/passwd').unlink(),
            lambda tree: (tree / 'etc/passwd').write_text('roo'),
            lambda tree: (tree / 'etc/passwd').write_text('ROOT'),
            lambda tree: (tree / 'etc/new').touch(),
            lambda tree: (tree / 'new').mkdir(),
            lambda tree: (tree / 'link').unlink(),
            lambda tree: (tree.parent / store.MANIFEST).unlink(),
            lambda tree: (tree.parent / store.MANIFEST).write_text('{'),
            lambda tree: (tree.parent / store.MANIFEST).write_text('[]'),
            lambda tree: (tree.parent / store.MANIFEST).write_text(
                '{"version": 2}'
            ),
        ):
            self.build()
            damage(self.store.path('root', 'k1') / 'tree')
            self.assertIsNone(self.store.look_up('root', 'k1'))
        self.build()
        self.assertIsNotNone(self.store.look_up('root', 'k1'))

    def test_a_failed_build_leaves_nothing(self):
        def fail(directory):
            (directory / 'half').touch()
            raise ValueError('no network')

        self.assertRaises(ValueError, self.build, fail)
        self.assertEqual(['lock'], os.listdir(self.store.root))

    def test_a_killed_build_is_swept_by_the_next(self):
        half = self.store.root / 'building-dead'
        half.mkdir(parents=True)
        (half / 'file').touch()
        self.build()
        self.assertFalse(half.exists())

    def test_an_entry_whose_manifest_is_missing_is_replaced(self):
        half = self.store.path('root', 'k1')
        half.mkdir(parents=True)
        (half / 'old').touch()
        self.build()
        self.assertIsNotNone(self.store.look_up('root', 'k1'))
        self.assertFalse((half / 'old').exists())


class TestPruning(StoreTest):
    def entry(self, name, used):
        path = self.store.root / name / 'tree'
        path.mkdir(parents=True)
        os.utime(path.parent, (used, used))
        return path

    def left(self):
        return {path.name for path in self.store.root.iterdir()}

    def test_the_longest_unused_entries_of_a_kind_go(self):
        for number in range(pruning.KEPT + 2):
            self.entry(f'root-{number}', used=number)
        self.entry('golden-single-0', used=0)
        pruning.prune(self.store.root, 'root', [])
        self.assertEqual(
            {
                'golden-single-0',
                *(f'root-{number + 2}' for number in range(pruning.KEPT)),
            },
            self.left(),
        )

    def test_what_a_sandbox_stands_on_stays(self):
        for number in range(pruning.KEPT):
            self.entry(f'root-{number}', used=number + 1)
        used = self.entry('root-old', used=0)
        pruning.prune(self.store.root, 'root', [str(used)])
        self.assertIn('root-old', self.left())
        pruning.prune(self.store.root, 'root', ['/another'])
        self.assertNotIn('root-old', self.left())

    def test_a_replaced_entry_stays_while_a_sandbox_stands_on_it(self):
        self.build()
        tree = self.store.path('root', 'k1') / 'tree'
        in_use = fixtures.MockPatchObject(
            pruning, 'layers_in_use', return_value={str(tree)}
        )
        with in_use:
            self.build()
        self.assertEqual(3, len(self.left()))
        self.build()
        self.assertEqual({'lock', 'root-k1'}, self.left())

    def test_use_is_noticed(self):
        self.build()
        directory = self.store.path('root', 'k1')
        os.utime(directory, (1, 1))
        self.store.look_up('root', 'k1')
        self.assertGreater(directory.stat().st_mtime, 1)

    def test_the_layers_of_all_mount_namespaces_are_found(self):
        for pid, line in (
            ('7', '1 2 0:3 / /r rw - overlay overlay rw,lowerdir=/a:/b,x=1'),
            ('8', '1 2 0:3 / /proc rw - proc proc rw'),
        ):
            (self.top / pid).mkdir()
            (self.top / pid / 'mountinfo').write_text(f'{line}\n')
        found = pruning.layers_in_use(self.top)
        self.assertEqual({'/a', '/b'}, found)


class TestDigest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (self.top / 'd').mkdir()
        (self.top / 'd/a').write_text('1')

    def digest(self):
        return digests.digest('x', self.top)

    def test_same_content_same_key(self):
        self.assertEqual(self.digest(), self.digest())

    def test_bytecode_does_not_count(self):
        before = self.digest()
        (self.top / 'd/__pycache__').mkdir()
        (self.top / 'd/__pycache__/a.pyc').write_text('1')
        self.assertEqual(before, self.digest())

    def test_content_and_name_count(self):
        seen = {self.digest()}
        (self.top / 'd/a').write_text('2')
        seen.add(self.digest())
        (self.top / 'd/a').rename(self.top / 'd/b')
        seen.add(self.digest())
        (self.top / 'd/c').write_text('')
        seen.add(self.digest())
        seen.add(digests.digest('y', self.top))
        self.assertEqual(5, len(seen))


class TestKeys(testtools.TestCase):
    def test_the_key_of_the_layers_follows_root_and_topology(self):
        shape = topology.named('single')
        other = topology.Topology('single', shape.hosts[:2], '10.0.0.1', 1)
        keys = {
            build.key(),
            golden.key('r1', shape),
            golden.key('r2', shape),
            golden.key('r1', other),
            golden.key('r1', dataclasses.replace(shape, without=('x',))),
        }
        self.assertEqual(5, len(keys))
        self.assertEqual(golden.key('r1', shape), golden.key('r1', shape))

    def key_with(self, **changed):
        """The key when the first service is changed like this."""
        first, *others = services.SERVICES
        table = (dataclasses.replace(first, **changed), *others)
        with fixtures.MockPatchObject(services, 'SERVICES', table):
            return golden.key('r', topology.named('single'))

    def test_the_key_follows_what_is_done_with_a_service(self):
        keys = {
            self.key_with(),
            self.key_with(databases=('x',)),
            self.key_with(setup=('x',)),
            self.key_with(finish=('x',)),
            self.key_with(configs=()),
            self.key_with(packaged=()),
            self.key_with(endpoint=model.Endpoint('x', 1, '/')),
        }
        self.assertEqual(7, len(keys))

    def test_how_a_process_is_found_does_not_change_the_key(self):
        (unit,) = services.SERVICES[0].packaged
        other = dataclasses.replace(unit, pattern='/other')
        self.assertEqual(self.key_with(), self.key_with(packaged=(other,)))

    def test_golden_survives_its_manifest(self):
        seed = golden.Seed('1', '2', 'i', 'j', 'pub', 'priv', 'router')
        made = golden.Golden('pw', seed)
        self.assertEqual(made, golden.Golden.from_values(made.to_values()))
