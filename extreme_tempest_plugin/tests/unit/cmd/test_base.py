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
import contextlib
import io
from unittest import mock

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cmd import base


class Failing(base.Command):
    error: BaseException

    def act(self, args):
        raise self.error


class TestExitCodes(testtools.TestCase):
    def run_with(self, error):
        command = Failing(mock.Mock(), None, cmd_name='extreme fail')
        command.error = error
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            return command.take_action(None), said.getvalue()

    def test_a_mistake_of_the_user_is_one_line(self):
        status, said = self.run_with(errors.PlanError('p.yaml:3: users: no'))
        self.assertEqual(2, status)
        self.assertEqual('extreme fail: p.yaml:3: users: no\n', said)

    def test_what_we_could_not_measure_is_unknown(self):
        status, said = self.run_with(errors.HarnessError('it died'))
        self.assertEqual(3, status)
        self.assertEqual('extreme fail: it died\n', said)

    def test_a_bug_of_ours_is_no_verdict_and_not_silent(self):
        status, said = self.run_with(ZeroDivisionError('oh'))
        self.assertEqual(3, status)
        self.assertIn('ZeroDivisionError: oh', said)

    def test_ctrl_c(self):
        status, said = self.run_with(KeyboardInterrupt())
        self.assertEqual((3, 'extreme fail: interrupted\n'), (status, said))
