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
import datetime
import pathlib
import tempfile

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import files
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.tests.unit.faults import world


class TestLoad(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name, 'os-faults.yaml')

    def load(self, text: str) -> object:
        self.path.write_text(text)
        return files.load(str(self.path))

    def refused(self, text: str) -> str:
        error = self.assertRaises(errors.UsageError, self.load, text)
        said = str(error)
        self.assertTrue(said.startswith(f'{self.path}:'), said)
        self.assertNotIn('\n', said)
        return said

    def test_yaml_and_json(self) -> None:
        for text in ('a: {b: [1, 2]}', '{\n\t"a": {\n\t\t"b": [1, 2]}\n}'):
            self.assertEqual({'a': {'b': [1, 2]}}, self.load(text))
        self.assertEqual(
            {'a': datetime.date(2026, 2, 28)}, self.load('a: 2026-02-28')
        )
        self.assertIsNone(self.load(''))

    def test_a_key_that_stands_twice(self) -> None:
        self.assertIn(':3: a: ', self.refused('a: 1\nb: 2\na: 3\n'))
        self.assertIn('a.c: ', self.refused('{"a": {"c": 1, "c": 1}}'))

    def test_what_overrides_is_no_second_time(self) -> None:
        text = 'a: &a {b: 1, c: 2}\nd: {<<: *a, b: 3}\n'
        self.assertEqual(
            {'a': {'b': 1, 'c': 2}, 'd': {'b': 3, 'c': 2}}, self.load(text)
        )

    def test_what_nobody_can_read(self) -> None:
        for text, why in (
            ('[' * 20000, 'nested too deeply'),
            ('a: 2026-02-30', 'day'),
            ('a: [', 'not YAML'),
            ('? [a, b]\n: c', 'unhashable'),
            ('a: 1\n--- b', 'document'),
        ):
            self.assertIn(why, self.refused(text))
        self.path.write_bytes(b'a: \xff')
        error = self.assertRaises(errors.UsageError, files.load, self.path)
        self.assertIn('not UTF-8', str(error))

    def test_no_mistake_shows_what_stands_beside_it(self) -> None:
        self.assertNotIn('geheim', self.refused('password: "geheim\nb: ['))

    def test_a_section_that_stands_twice_is_not_dropped(self) -> None:
        there = world.World(self.path.parent)
        text = there.path.read_text().removesuffix('}')
        self.path.write_text(f'{text}, "clusters": {{}}}}')
        error = self.assertRaises(
            errors.UsageError, reading.read, str(self.path)
        )
        self.assertIn('clusters: stands here a second time', str(error))
