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
"""What is made of the answer, or the silence, of a child process."""

import importlib.util
import signal
import subprocess
from unittest import mock

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults.drivers import child

SECRET = 'geheim'


class TestChild(testtools.TestCase):
    def _ask(
        self,
        stdout: bytes = b'',
        status: int = 0,
        error: Exception | None = None,
    ) -> str:
        done = subprocess.CompletedProcess([], status, stdout=stdout)
        with mock.patch.object(
            subprocess, 'run', return_value=done, side_effect=error
        ) as run:
            said = child.ask('x', {'password': SECRET}, 3, [SECRET, ''])
        (command,) = run.call_args.args
        self.assertNotIn(SECRET, ' '.join(command))
        self.assertIn(SECRET.encode(), run.call_args.kwargs['input'])
        return said

    def _fails(self, *args: object) -> str:
        error = self.assertRaises(child.ChildError, self._ask, *args)
        return str(error)

    def test_answer(self) -> None:
        self.assertEqual('on', self._ask(b'{"said": "on"}'))

    def test_error_without_the_secret_and_short(self) -> None:
        for text in (f'{SECRET} is wrong', 'x' * 295 + SECRET):
            said = self._fails(f'{{"error": "{text}"}}'.encode())
            self.assertIn('***', said)
            self.assertNotIn(SECRET[:3], said)
            self.assertLessEqual(len(said), 300)

    def test_silence(self) -> None:
        for args in (
            (b'', 0, subprocess.TimeoutExpired('x', 3)),
            (b'', -signal.SIGALRM),
        ):
            self.assertEqual('no answer within 3 s', self._fails(*args))
        self.assertIn('status 1 and no answer', self._fails(b'', 1))
        self.assertIn('no answer', self._fails(b'{"sa', 0))

    def test_tester_that_cannot_start_it(self) -> None:
        said = self._fails(b'', 0, OSError(28, 'No space left on device'))
        self.assertIn('x could not be started on this machine', said)

    def test_library_that_is_not_installed(self) -> None:
        for library, extra in (('sushy', 'redfish'), ('netmiko', 'netmiko')):
            with mock.patch.object(
                importlib.util, 'find_spec', return_value=None
            ):
                error = self.assertRaises(
                    errors.UsageError,
                    child.ask,
                    'x',
                    {},
                    3,
                    [],
                    needs=library,
                )
            self.assertIn(f'{library} is not installed', str(error))
            self.assertIn(f'extreme-tempest-plugin[{extra}]', str(error))
