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
"""The commands: what they print, their exit codes, what they become."""

import io
import json
import pathlib
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.cmd import sandbox as commands
from extreme_tempest_plugin.cmd import sandbox_plant as plant_commands
from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import health
from extreme_tempest_plugin.sandbox import layout
from extreme_tempest_plugin.sandbox import plants
from extreme_tempest_plugin.sandbox import status
from extreme_tempest_plugin.sandbox.plants import carriers

WHERE = 'extreme_tempest_plugin.cmd.sandbox.'
SEEN = status.Status(
    'dev',
    'degraded',
    'single',
    '/w',
    (health.HostHealth('ctl1', 'on', ('mariadb',), ('nova-api',)),),
    (('nova', '500'),),
    (
        carriers.Planted('b05', 'ctl1', 'nova-api', 'b05-1.json', True, (7,)),
        carriers.Planted('b24', 'ctl1', 'keystone', 'b24-1.json', True, ()),
    ),
)


class CommandTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stdout = self.patch('sys.stdout', io.StringIO())
        self.stderr = self.patch('sys.stderr', io.StringIO())
        self.patch(WHERE + 'preflight.check_root', mock.Mock())

    def patch(self, name, new):
        return self.useFixture(fixtures.MockPatch(name, new)).mock

    def run_command(self, kind, *arguments):
        app = mock.Mock(stdout=self.stdout)
        command = kind(app, None, cmd_name='extreme sandbox')
        parser = command.get_parser('tempest extreme sandbox')
        return command.run(parser.parse_args(arguments))


class TestErrors(CommandTest):
    def test_a_mistake_is_one_line_and_code_2(self):
        code = self.run_command(commands.Up, '--name', 'Bad')
        self.assertEqual(2, code)
        lines = self.stderr.getvalue().splitlines()
        self.assertEqual(1, len(lines))
        self.assertIn("'Bad'", lines[0])

    def test_unknown_topology(self):
        code = self.run_command(commands.Up, '--topology', 'galactic')
        self.assertEqual(2, code)
        self.assertIn('galactic', self.stderr.getvalue())

    def test_a_failed_step_is_code_1_with_its_journal(self):
        failure = errors.StepFailed('nova-api does not start', 'Traceback x')
        self.patch(WHERE + 'Sandbox.up', mock.Mock(side_effect=failure))
        self.assertEqual(1, self.run_command(commands.Up))
        self.assertIn('Traceback x', self.stderr.getvalue())

    def test_interrupted(self):
        self.patch(
            WHERE + 'Sandbox.up', mock.Mock(side_effect=KeyboardInterrupt)
        )
        self.assertEqual(130, self.run_command(commands.Up))


class TestStatus(CommandTest):
    def setUp(self):
        super().setUp()
        self.patch(WHERE + 'Sandbox.status', mock.Mock(return_value=SEEN))

    def test_for_machines(self):
        self.assertEqual(0, self.run_command(commands.Status, '-f', 'json'))
        self.assertEqual(
            {
                'name': 'dev',
                'state': 'degraded',
                'topology': 'single',
                'workspace': '/w',
                'hosts': [
                    {
                        'name': 'ctl1',
                        'power': 'on',
                        'active': ['mariadb'],
                        'failed': ['nova-api'],
                    }
                ],
                'missing': {'nova': '500'},
                'plants': [
                    {
                        'plant': 'b05',
                        'host': 'ctl1',
                        'unit': 'nova-api',
                        'wanted': True,
                        'processes': [7],
                    },
                    {
                        'plant': 'b24',
                        'host': 'ctl1',
                        'unit': 'keystone',
                        'wanted': True,
                        'processes': [],
                    },
                ],
            },
            json.loads(self.stdout.getvalue()),
        )

    def test_for_people(self):
        self.run_command(commands.Status)
        text = self.stdout.getvalue()
        self.assertIn('1 units active, failed: nova-api', text)
        self.assertIn('nova: 500', text)
        self.assertIn('b05: ctl1 nova-api (1 process)', text)
        self.assertIn('b24: ctl1 keystone (wanted, but carried by no', text)


class TestPlant(CommandTest):
    def test_up_with_plants(self):
        up = self.patch(WHERE + 'Sandbox.up', mock.Mock(return_value=SEEN))
        options = ('--plant', 'b24', '--plant', 'b05', '--plant', 'b24')
        self.assertEqual(0, self.run_command(commands.Up, *options))
        planted = up.call_args.args[3]
        self.assertEqual(['b24', 'b05'], [plant.id for plant in planted])

    def test_unknown(self):
        up = self.patch(WHERE + 'Sandbox.up', mock.Mock())
        self.assertEqual(2, self.run_command(commands.Up, '--plant', 'b99'))
        self.assertIn("no plant 'b99'; known: b01", self.stderr.getvalue())
        up.assert_not_called()

    def test_a_directory_of_others(self):
        plant = (plants.OWN / 'b24.yaml').read_text()
        (self.top / 'x1.yaml').write_text(plant)
        options = ('--plants-dir', str(self.top))
        for arguments in ((), ('-f', 'json')):
            code = self.run_command(plant_commands.List, *options, *arguments)
            self.assertEqual(0, code)
            self.assertIn(str(self.top / 'x1.yaml'), self.stdout.getvalue())

    def test_on_and_off(self):
        planter = mock.MagicMock()
        planter.look.return_value = SEEN.plants
        where = 'extreme_tempest_plugin.cmd.sandbox_plant.Sandbox.planter'
        switch = self.patch(where, mock.MagicMock())
        switch.return_value.__enter__.return_value = planter
        arguments = ('b05', 'b24', '-f', 'json')
        for command in (plant_commands.On, plant_commands.Off):
            self.assertEqual(0, self.run_command(command, *arguments))
        (planted,) = planter.on.call_args.args
        self.assertEqual(['b05', 'b24'], [plant.id for plant in planted])
        self.assertEqual(['b05', 'b24'], planter.off.call_args.args[0])
        self.assertIn('"processes": [\n      7', self.stdout.getvalue())

    def test_interrupted(self):
        where = 'extreme_tempest_plugin.cmd.sandbox_plant.Sandbox.planter'
        self.patch(where, mock.Mock(side_effect=KeyboardInterrupt))
        self.assertEqual(130, self.run_command(plant_commands.On, 'b24'))
        self.assertIn('the same command finishes', self.stderr.getvalue())

    def test_not_up(self):
        where = 'extreme_tempest_plugin.cmd.sandbox_plant.'
        dev = layout.Layout('dev', self.top, self.top)
        self.patch(where + 'sandbox_base.layout_of', lambda arguments: dev)
        self.patch(
            'extreme_tempest_plugin.sandbox.preflight.check_root', mock.Mock()
        )
        self.assertEqual(2, self.run_command(plant_commands.On, 'b24'))
        self.assertIn('dev is not up: tempest', self.stderr.getvalue())


class TestDown(CommandTest):
    def test_says_when_there_was_nothing(self):
        self.patch(WHERE + 'Sandbox.down', mock.Mock(return_value=False))
        self.assertEqual(0, self.run_command(commands.Down))
        self.assertIn('was not up', self.stderr.getvalue())


class TestExec(CommandTest):
    def setUp(self):
        super().setUp()
        self.patch('os.chdir', mock.Mock())
        self.group = self.patch(WHERE + 'Group', mock.Mock())
        self.become = self.patch('os.execvpe', mock.Mock())
        self.layout = layout.Layout('dev', self.top, self.top)
        self.patch(
            WHERE + 'sandbox_base.layout_of', lambda arguments: self.layout
        )

    def up(self):
        self.layout.run_dir.mkdir(exist_ok=True)
        record = status.Record('single', (), 'p').to_json()
        self.layout.record.write_text(record)

    def test_no_command(self):
        self.up()
        for arguments in ((), ('--',)):
            self.assertEqual(2, self.run_command(commands.Exec, *arguments))
        self.assertEqual(2, self.stderr.getvalue().count('say which command'))

    def test_not_up(self):
        self.assertEqual(2, self.run_command(commands.Exec, '--', 'true'))
        self.assertIn('is not up', self.stderr.getvalue())
        self.become.assert_not_called()

    def test_becomes_the_command_in_the_network_of_the_tester(self):
        self.up()
        self.run_command(commands.Exec, '--', 'tempest', 'run', '--', '-x')
        program, argv, environment = self.become.call_args.args
        self.assertEqual('nsenter', program)
        self.assertEqual(
            [
                *('nsenter', '--net=/run/netns/dev-tester', '--'),
                *('tempest', 'run', '--', '-x'),
            ],
            argv,
        )
        self.assertEqual('dev', environment['OS_CLOUD'])
        self.assertIn('PATH', environment)
        self.group.return_value.enter.assert_called_once_with()

    def test_runs_in_the_workspace_unless_told_otherwise(self):
        self.up()
        for options, directory in (
            ((), self.layout.workspace),
            (('--chdir', '/tmp'), pathlib.Path('/tmp')),
        ):
            self.run_command(commands.Exec, *options, '--', 'true')
            commands.os.chdir.assert_called_with(directory)
