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
"""Who may import whom: the table of doc/source/contributor, enforced."""

import ast
import collections.abc
import pathlib

import testtools

import extreme_tempest_plugin

ROOT = pathlib.Path(extreme_tempest_plugin.__file__).parent

#: Folder (or top module) to the folders that it may import. Everything may
#: import ``errors``, ``others`` and what is its own.
MAY_IMPORT = {
    'plan': set(),
    'history': {'plan'},
    'checkers': {
        'history',
        'plan',
        'uptime.availability',
        'uptime.outages',
    },
    'reports': {'checkers', 'history', 'plan'},
    'cloud': {'history', 'plan', 'settings'},
    'storm': {'cloud', 'history', 'plan', 'settings'},
    'uptime': {'cloud', 'history', 'plan', 'settings'},
    'faults': {'cloud', 'history', 'liveness', 'plan', 'settings'},
    'sandbox': {'interruption'},
    'preparation': {
        'cloud',
        'faults',
        'plan',
        'settings',
        'storm',
        'uptime',
    },
    'progress': {'storm', 'uptime'},
    'observing': {
        'cloud',
        'history',
        'plan',
        'run_directory',
        'settings',
        'uptime',
    },
    'breaking': {'checkers', 'faults', 'history', 'plan', 'settings'},
    'turns': {'breaking', 'checkers', 'faults', 'plan', 'steady'},
    'steady': {'faults', 'history'},
    'steadying': {
        'breaking',
        'cloud',
        'history',
        'plan',
        'run_directory',
        'settings',
        'steady',
        'steady_checks',
    },
    'steady_checks': {
        'cloud',
        'faults',
        'history',
        'plan',
        'run_directory',
        'settings',
        'steady',
        'uptime',
    },
    'beside': set(),
    'storming': {
        'beside',
        'cloud',
        'history',
        'plan',
        'run_directory',
        'settings',
        'steady_checks',
        'storm',
    },
    'run_directory': {
        'checkers',
        'cloud',
        'history',
        'liveness',
        'plan',
        'reports',
    },
    'rescue': {'cloud', 'liveness', 'run_directory', 'settings'},
    'watching': {
        'campaign',
        'cloud',
        'plan',
        'preparation',
        'progress',
        'settings',
    },
    'campaign': {
        'breaking',
        'storm',
        'checkers',
        'cloud',
        'faults',
        'history',
        'observing',
        'plan',
        'progress',
        'run_directory',
        'settings',
        'steadying',
        'storming',
        'turns',
    },
    'cmd': {
        'breaking',
        'campaign',
        'preparation',
        'progress',
        'rescue',
        'run_directory',
        'checkers',
        'cloud',
        'faults',
        'history',
        'interruption',
        'plan',
        'reports',
        'sandbox',
        'settings',
        'storm',
    },
    'config': set(),
    'errors': set(),
    'interruption': set(),
    'liveness': set(),
    'others': set(),
    'plugin': {'config'},
    'settings': set(),
}

#: Modules that may only compute.
PURE = (
    'plan',
    'history',
    'checkers',
    'uptime/availability.py',
    'uptime/outages.py',
    'storm/model.py',
    'storm/state.py',
    'storm/shares.py',
    'storm/settling.py',
    'storm/offer.py',
    'storm/replay.py',
    'storm/replayer.py',
    'storm/choosing.py',
    'storm/pacing.py',
)

#: What a pure module may not import: network, threads, clock, randomness,
#: processes, configuration.
IMPURE = {
    'asyncio',
    'concurrent',
    'http',
    'keystoneauth1',
    'locust',
    'multiprocessing',
    'openstack',
    'oslo_config',
    'requests',
    'secrets',
    'signal',
    'socket',
    'subprocess',
    'tempest',
    'threading',
    'time',
    'urllib',
    'urllib3',
}

#: The file I/O of the history, and the lock between threads of its writer.
EXCUSED = {'history/writer.py': {'threading'}}

PACKAGE = 'extreme_tempest_plugin.'


def modules() -> collections.abc.Iterator[tuple[pathlib.Path, ast.Module]]:
    for path in sorted(ROOT.rglob('*.py')):
        relative = path.relative_to(ROOT)
        if relative.parts[0] != 'tests' and 'data' not in relative.parts:
            yield relative, ast.parse(path.read_text(), str(path))


def imports(tree: ast.Module) -> collections.abc.Iterator[str]:
    """Full names of all that is imported, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f'{node.module}.{alias.name}' for alias in node.names)


def forbidden(folder: str, names: collections.abc.Iterable[str]) -> set[str]:
    """Of the imported names, those that ``folder`` may not have."""
    allowed = MAY_IMPORT[folder] | {folder, 'errors', 'others'}
    own = [
        name.removeprefix(PACKAGE)
        for name in names
        if name.startswith(PACKAGE)
    ]
    return {
        name
        for name in own
        if name.split('.')[0] not in allowed
        and '.'.join(name.split('.')[:2]) not in allowed
    }


class TestArchitecture(testtools.TestCase):
    def test_imports_point_one_way(self):
        wrong = []
        for path, tree in modules():
            if path.name == '__init__.py' and len(path.parts) == 1:
                continue
            folder = path.parts[0].removesuffix('.py')
            wrong += [
                f'{path}: {name}' for name in forbidden(folder, imports(tree))
            ]
        self.assertEqual([], wrong)

    def test_a_wrong_import_is_seen(self):
        tree = ast.parse(
            'from extreme_tempest_plugin.cloud import ssh\n'
            'from extreme_tempest_plugin.plan import model\n'
        )
        self.assertEqual({'cloud.ssh'}, forbidden('checkers', imports(tree)))

    def test_pure_modules_only_compute(self):
        wrong = []
        for path, tree in modules():
            if not str(path).startswith(PURE):
                continue
            tops = {name.split('.')[0] for name in imports(tree)}
            tops -= EXCUSED.get(str(path), set())
            wrong += [f'{path}: {top}' for top in sorted(tops & IMPURE)]
        self.assertEqual([], wrong)

    def test_pure_modules_take_their_random_source(self):
        wrong = []
        for path, tree in modules():
            if not str(path).startswith(PURE):
                continue
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == 'random'
                    and node.attr not in ('Random',)
                ):
                    wrong.append(f'{path}:{node.lineno}: random.{node.attr}')
        self.assertEqual([], wrong)

    def test_only_the_locustfile_imports_locust(self):
        # Importing locust patches the process: never in a stestr worker.
        importers = [
            str(path)
            for path, tree in modules()
            if any(name.split('.')[0] == 'locust' for name in imports(tree))
        ]
        self.assertEqual(['storm/locustfile.py'], importers)

    def test_only_settings_reads_conf(self):
        readers = [
            str(path)
            for path, tree in modules()
            if 'tempest.config.CONF' in set(imports(tree))
            or any(
                isinstance(node, ast.Attribute) and node.attr == 'CONF'
                for node in ast.walk(tree)
            )
        ]
        self.assertEqual([], [r for r in readers if not r.startswith('cmd/')])
