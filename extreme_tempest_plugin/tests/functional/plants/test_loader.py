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
"""The loader of plants in real interpreters, with a toy of a service."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys

import fixtures
import testtools

from extreme_tempest_plugin.sandbox.guest import plants as loader
from extreme_tempest_plugin.sandbox.plants import carriers

SOURCE = """\
def answer():
    count = 1
    return count
"""
SHOW = """\
import toy.deep.answer
print(toy.deep.answer.answer())
"""
# The child has what its parent imported.
FORKS = """\
import os
import toy.deep.answer
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
else:
    print(toy.deep.answer.answer(), open('/proc/self/maps').read())
"""


class LoaderTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        # The path tells plants from all else that a process has mapped.
        self.directory = top / carriers.DIRECTORY.lstrip('/')
        self.directory.mkdir(parents=True)
        shutil.copyfile(loader.__file__, self.directory / 'sitecustomize.py')
        self.code = top / 'code'
        self.module = self.code / 'toy' / 'deep' / 'answer.py'
        self.module.parent.mkdir(parents=True)
        for path in (self.code / 'toy', self.module.parent):
            (path / '__init__.py').write_text('')
        self.module.write_text(SOURCE)

    def plant(self, name, old, new, module='toy.deep.answer'):
        path = self.directory / f'{name}-0123abcd.json'
        rewrite = {'module': module, 'old': old, 'new': new}
        path.write_text(json.dumps([rewrite]))
        return str(path)

    def start(self, *plants, code=SHOW, executable=sys.executable):
        environment = {
            'PATH': os.environ['PATH'],
            'PYTHONPATH': f'{self.directory}:{self.code}',
        }
        if plants:
            environment[loader.VARIABLE] = ':'.join(plants)
        return subprocess.run(
            [executable, '-c', code],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def assert_refused(self, done, name, *words):
        self.assertEqual(loader.REFUSED, done.returncode, done)
        self.assertEqual('', done.stdout)
        (line,) = done.stderr.splitlines()
        self.assertTrue(line.startswith(f'{loader.MARK}{name}: '), line)
        for word in words:
            self.assertIn(word, line)


class TestPlanted(LoaderTest):
    def test_rewritten(self):
        done = self.start(self.plant('x1', 'count = 1', 'count = 2'))
        self.assertEqual(('2\n', ''), (done.stdout, done.stderr))

    def test_two_plants_in_one_module(self):
        done = self.start(
            self.plant('x1', 'count = 1', 'count = 2'),
            self.plant('x2', 'return count', 'return count + 5'),
        )
        self.assertEqual('7\n', done.stdout)

    def test_bytecode_is_neither_used_nor_written(self):
        self.assertEqual('1\n', self.start().stdout)
        cached = pathlib.Path(
            importlib.util.cache_from_source(str(self.module))
        )
        before = cached.read_bytes()
        plant = self.plant('x1', 'count = 1', 'count = 2')
        self.assertEqual('2\n', self.start(plant).stdout)
        self.assertEqual(before, cached.read_bytes())
        cached.unlink()
        self.assertEqual('2\n', self.start(plant).stdout)
        self.assertFalse(cached.exists())
        self.assertEqual('1\n', self.start().stdout)

    def test_a_fork_carries_it_and_shows_it(self):
        done = self.start(
            self.plant('x1', 'count = 1', 'count = 2'), code=FORKS
        )
        self.assertTrue(done.stdout.startswith('2 '), done)
        self.assertEqual({'x1-0123abcd.json'}, carriers.mapped(done.stdout))

    def test_a_process_without_the_module_does_not_carry_it(self):
        done = self.start(
            self.plant('x1', 'count = 1', 'count = 2'),
            code="print(open('/proc/self/maps').read())",
        )
        self.assertEqual(frozenset(), carriers.mapped(done.stdout))


class TestUntouched(LoaderTest):
    def test_no_plant(self):
        done = self.start(
            code=f'{SHOW}import sys; print(sys.meta_path, '
            "open('/proc/self/maps').read())"
        )
        self.assertTrue(done.stdout.startswith('1\n'), done)
        self.assertNotIn('sitecustomize', done.stdout)
        self.assertEqual(frozenset(), carriers.mapped(done.stdout))

    def test_another_module_keeps_its_loader(self):
        done = self.start(
            self.plant('x1', 'count = 1', 'count = 2'),
            code='import toy.deep; print(toy.deep.__loader__)',
        )
        self.assertIn('_frozen_importlib_external.SourceFile', done.stdout)

    def test_the_python_of_the_system(self):
        done = self.start(
            self.plant('x1', 'not there', ''),
            executable='/usr/bin/python3',
        )
        self.assertEqual('1\n', done.stdout)


class TestRefused(LoaderTest):
    def test_a_text_that_is_not_there(self):
        done = self.start(self.plant('x1', 'count = 3', 'pass'))
        self.assert_refused(done, 'x1', 'toy.deep.answer', '0 times')

    def test_a_text_that_is_there_twice(self):
        done = self.start(self.plant('x1', 'count', 'n'))
        self.assert_refused(done, 'x1', '2 times')

    def test_it_ends_before_the_service_begins(self):
        # Which would never import the module.
        done = self.start(
            self.plant('x1', 'count = 3', 'pass'), code="print('begun')"
        )
        self.assert_refused(done, 'x1')

    def test_the_second_of_two(self):
        done = self.start(
            self.plant('x1', 'count = 1', 'count = 2'),
            self.plant('x2', 'count = 1', 'count = 3'),
        )
        self.assert_refused(done, 'x2', '0 times')

    def test_no_such_module(self):
        for module in ('toy.shallow', 'tey.deep', 'toy.deep.answer.x'):
            done = self.start(self.plant('x1', 'a', 'b', module))
            self.assert_refused(done, 'x1', module, 'no such module')

    def test_a_module_without_source(self):
        done = self.start(self.plant('x1', 'a', 'b', 'itertools'))
        self.assert_refused(done, 'x1', 'itertools')

    def test_a_module_that_is_imported_already(self):
        done = self.start(self.plant('x1', 'a', 'b', 'os'))
        self.assert_refused(done, 'x1', 'imported already')

    def test_no_python(self):
        done = self.start(self.plant('x1', 'count = 1', 'count = = 2'))
        self.assert_refused(done, 'x1', 'does not compile, line 2')

    def test_an_unknown_plant(self):
        path = self.directory / 'x9-0123abcd.json'
        self.assert_refused(self.start(str(path)), 'x9', 'FileNotFound')

    def test_a_damaged_plant(self):
        for text in ('{', '[{"module": "toy"}]', '7'):
            path = self.directory / 'x9-0123abcd.json'
            path.write_text(text)
            self.assert_refused(self.start(str(path)), 'x9', 'Error')

    def test_another_module_of_that_name_comes_first(self):
        other = self.code / 'other' / 'toy'
        shutil.copytree(self.code / 'toy', other)
        done = self.start(
            self.plant('x1', 'count = 1', 'count = 2'),
            code=f'import sys; sys.path.insert(0, {str(other.parent)!r})\n'
            + SHOW,
        )
        self.assert_refused(done, 'x1', 'is imported from', str(other))
