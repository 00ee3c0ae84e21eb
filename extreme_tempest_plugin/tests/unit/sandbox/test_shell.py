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
"""Commands and their errors."""

import io
import sys

import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import progress
from extreme_tempest_plugin.sandbox import shell


class TestRun(testtools.TestCase):
    def python(self, code, **kwargs):
        return shell.run([sys.executable, '-c', code], **kwargs)

    def test_output_and_input(self):
        text = self.python('print(input() * 2)', stdin='ab\n')
        self.assertEqual('abab\n', text)

    def test_a_failure_shows_the_end_of_the_output(self):
        error = self.assertRaises(
            errors.CommandFailed,
            self.python,
            'import sys\nfor n in range(99): print(n, file=sys.stderr)\n'
            'sys.exit(3)',
        )
        self.assertIn('exit code 3', str(error))
        self.assertIn('\n98', str(error))
        self.assertNotIn('\n50\n', str(error))

    def test_no_end(self):
        error = self.assertRaises(
            errors.CommandFailed,
            self.python,
            'input()\nimport signal\nsignal.pause()',
            stdin='\n',
            timeout=0.3,
        )
        self.assertIn('no end', str(error))

    def test_not_installed(self):
        error = self.assertRaises(
            errors.CommandFailed, shell.run, ['no-such-program', '-x']
        )
        self.assertIn('no-such-program is not installed', str(error))


class TestErrors(testtools.TestCase):
    def test_exit_codes(self):
        self.assertEqual(2, errors.UsageError('x').exit_code)
        self.assertEqual(1, errors.StepFailed('x').exit_code)

    def test_a_journal_follows_the_message(self):
        self.assertEqual('x', str(errors.StepFailed('x')))
        self.assertEqual(
            'x\nLast lines of its journal:\nline',
            str(errors.StepFailed('x', 'line')),
        )


class TestPlain(testtools.TestCase):
    def test_a_line_for_each_step(self):
        stream = io.StringIO()
        told = progress.Plain(stream)
        told.step('one')
        told.detail('ignored')
        told.step('two')
        lines = stream.getvalue().splitlines()
        self.assertEqual(2, len(lines))
        self.assertTrue(lines[1].endswith('two'))
