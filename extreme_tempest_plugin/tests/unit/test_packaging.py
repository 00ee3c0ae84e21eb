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
"""What silently breaks in packaging, see also setup.cfg."""

import importlib.metadata
import pathlib
import tempfile
import tomllib

import testtools
from oslo_config import cfg
from oslo_config import generator

from extreme_tempest_plugin import config
from extreme_tempest_plugin import plugin

TOP = pathlib.Path(__file__).parents[3]

OLD_NAMES = {
    'controller': 'log_hosts',
    'target_controller': 'log_hosts',
    'nova_logdir': 'log_files',
    'target_logfiles': 'log_files',
    'host_admin_user': 'ssh_user',
    'target_ssh_user': 'ssh_user',
    'host_private_key_path': 'ssh_private_key_file',
    'target_private_key_path': 'ssh_private_key_file',
    # The same name then and now.
    'max_instances': 'max_instances',
    'log_check_interval': 'log_check_interval',
}


class TestEntryPoints(testtools.TestCase):
    def test_plugin(self):
        (entry,) = [
            found
            for found in importlib.metadata.entry_points(
                group='tempest.test_plugins'
            )
            if found.name == 'extreme'
        ]
        self.assertIs(plugin.ExtremeTempestPlugin, entry.load())

    def test_commands(self):
        names = set()
        for entry in importlib.metadata.entry_points(group='tempest.cm'):
            if entry.value.startswith('extreme_tempest_plugin.'):
                entry.load()
                names.add(entry.name)
        self.assertLessEqual(
            {
                'extreme_run',
                'extreme_check',
                'extreme_heal',
                'extreme_sandbox_up',
                'extreme_sandbox_status',
                'extreme_sandbox_down',
                'extreme_sandbox_exec',
                'extreme_sandbox_plant_list',
                'extreme_sandbox_plant_on',
                'extreme_sandbox_plant_off',
            },
            names,
        )

    def test_no_project_table(self):
        # With one, pbr drops the entry points of setup.cfg.
        table = tomllib.loads((TOP / 'pyproject.toml').read_text())
        self.assertNotIn('project', table)


class TestOptions(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        plugin.ExtremeTempestPlugin().register_opts(self.conf)

    def test_every_option_can_be_read(self):
        # Tempest swallows an exception of register_opts.
        self.conf([])
        for group, opts in config.GROUPS:
            for opt in opts:
                getattr(self.conf[group.name], opt.name)

    def test_lists_match_what_is_registered(self):
        self.assertEqual(
            [(group.name, opts) for group, opts in config.GROUPS],
            plugin.ExtremeTempestPlugin().get_opt_lists(),
        )

    def test_nothing_may_be_broken_by_default(self):
        self.conf([])
        self.assertIs(False, self.conf.destructive.allowed)
        self.assertEqual([], self.conf.destructive.targets)

    def test_old_names(self):
        for old, new in OLD_NAMES.items():
            path = self.file_with(f'[stress]\n{old} = 7\n')
            self.conf(['--config-file', path])
            value = getattr(self.conf.stress, new)
            self.assertIn(value, (7, '7', ['7']), old)

    def test_sample_is_up_to_date(self):
        sample = (TOP / 'etc' / 'extreme.tempest.conf.sample').read_text()
        path = self.file_with('')
        conf = cfg.ConfigOpts()
        generator.register_cli_opts(conf)
        conf(
            [
                '--namespace',
                'extreme-tempest-plugin',
                '--output-file',
                path,
            ],
        )
        generator.generate(conf)
        self.assertEqual(
            pathlib.Path(path).read_text(),
            sample,
            'run: tox -e genconfig',
        )

    def file_with(self, text):
        handle, name = tempfile.mkstemp(suffix='.conf')
        self.addCleanup(pathlib.Path(name).unlink)
        with open(handle, 'w') as file:
            file.write(text)
        return name
