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
"""``tempest extreme check``: exit codes, output, and bad input."""

import contextlib
import io
import json
import pathlib
import tempfile

import testtools
from cliff import app
from cliff import commandmanager

from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.cmd import check
from extreme_tempest_plugin.tests.unit.checkers import histories

STRICT = """\
name: strict
duration: 60
storm: {actions: {server.create: 1}, settle_timeout: 30}
uptime: {services: [nova]}
faults: [{fault: service.restart, target: rabbitmq, at: 20}]
slo: {longest_outage: {nova: 0.5}}
"""


class TestCheck(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.path = self.directory / 'history.jsonl'

    def check(self, *arguments):
        """Exit code, what was printed, and what was complained about."""
        manager = commandmanager.CommandManager('extreme.test')
        main = app.App('tempest', '1', manager)
        command = check.Check(main, None, cmd_name='extreme check')
        parser = command.get_parser('tempest extreme check')
        out, error = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(error),
        ):
            args = parser.parse_args([str(each) for each in arguments])
            code = command.run(args)
        return code, out.getvalue(), error.getvalue()

    def refused(self, words, *arguments):
        code, out, error = self.check(*arguments)
        self.assertEqual(2, code)
        self.assertEqual('', out)
        self.assertEqual(1, error.count('\n'), error)
        self.assertIn(words, error)

    def test_pass(self):
        histories.whole().write(self.path)
        code, out, error = self.check(self.path)
        self.assertEqual((0, ''), (code, error))
        self.assertTrue(out.startswith('PASS  test: '), out)

    def test_the_directory_of_a_run(self):
        histories.whole().write(self.path)
        self.assertEqual(0, self.check(self.directory)[0])

    def test_fail(self):
        built = histories.whole()
        built.call(60.0, 'server.create', outcome='info', status=500)
        built.write(self.path)
        code, out, _ = self.check(self.path)
        self.assertEqual(1, code)
        self.assertTrue(out.startswith('FAIL  test: unexpected 5xx'), out)

    def test_unknown(self):
        built = histories.whole()
        built.process('storm/1', end=None)
        built.write(self.path)
        code, out, _ = self.check(self.path)
        self.assertEqual(3, code)
        self.assertTrue(out.startswith('UNKNOWN  test: '), out)

    def test_a_torn_history_is_unknown(self):
        histories.whole().write(self.path)
        whole = self.path.read_bytes()
        self.path.write_bytes(whole[:-5])
        code, out, _ = self.check(self.path)
        self.assertEqual(3, code)
        self.assertIn('is torn', out)

    def test_json(self):
        histories.whole().write(self.path)
        code, out, _ = self.check(self.path, '-f', 'json')
        self.assertEqual(0, code)
        found = json.loads(out)
        self.assertEqual('pass', found['verdict'])
        self.assertEqual(verdict.VERSION, found['verdict_version'])

    def test_another_plan(self):
        histories.whole().write(self.path)
        plan = self.directory / 'strict.yaml'
        plan.write_text(STRICT)
        code, out, _ = self.check(self.path, '--plan', plan)
        self.assertEqual(1, code)
        self.assertIn('FAIL  strict: longest outage of nova', out)

    def test_a_plan_that_wants_more_than_was_done(self):
        histories.whole().write(self.path)
        plan = self.directory / 'more.yaml'
        plan.write_text(
            STRICT.replace('0.5', '50').replace('nova]', 'nova, x]')
        )
        code, out, _ = self.check(self.path, '--plan', plan)
        self.assertEqual(3, code)
        self.assertIn('x was to be watched', out)

    def test_bad_histories(self):
        self.refused('No such file', self.path)
        self.refused('No such file', self.directory)
        self.path.write_text('hello\n')
        self.refused('not a history', self.path)
        self.path.write_text('')
        self.refused('not a history', self.path)
        lines = histories.whole().lines()
        newer = lines[0].replace(b'"history":1', b'"history":2')
        self.path.write_bytes(b''.join([newer, *lines[1:]]))
        self.refused('newer than 1', self.path)
        self.path.write_bytes(b''.join([lines[0], b'{}\n', *lines[1:]]))
        self.refused(':2: not an event', self.path)
        damaged = lines[0].replace(b'"duration":60.0', b'"duration":"x"')
        self.path.write_bytes(b''.join([damaged, *lines[1:]]))
        self.refused('--plan', self.path)

    def test_a_campaign_that_died(self):
        (self.directory / 'parts').mkdir()
        self.refused('died before it wrote it', self.directory)

    def test_bad_plans(self):
        histories.whole().write(self.path)
        plan = self.directory / 'p.yaml'
        self.refused('No such file', self.path, '--plan', plan)
        plan.write_text('name: x\n')
        self.refused('p.yaml:1: plan:', self.path, '--plan', plan)
        plan.write_text(STRICT.replace('slo:', 'sol:'))
        self.refused('p.yaml:6: sol: unknown', self.path, '--plan', plan)

    def test_bad_usage(self):
        for arguments in ((), ('a', 'b'), ('a', '-f', 'xml')):
            found = self.assertRaises(SystemExit, self.check, *arguments)
            self.assertEqual(2, found.code)

    def test_help_has_an_example(self):
        text = check.Check(None, None).get_parser('x').format_help()
        self.assertIn('example: tempest extreme check', text)
