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
"""What it means that nobody answers."""

import errno
import socket
from unittest import mock

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults.drivers import reach

HOST = ssh.Host(address='10.0.0.1')


class TestAnswers(testtools.TestCase):
    def _from_here(self, *, greeting: bytes = b'', error: int = 0) -> bool:
        with mock.patch.object(socket, 'create_connection') as connect:
            if error:
                connect.side_effect = OSError(error, 'said so')
            connection = connect.return_value.__enter__.return_value
            connection.recv.return_value = greeting
            return reach.answers(HOST)

    def test_greeting(self) -> None:
        self.assertTrue(self._from_here(greeting=b'SSH-'))
        for other in (b'', b'HTTP', b'SSH'):
            self.assertFalse(self._from_here(greeting=other))

    def test_silence(self) -> None:
        for error in (
            errno.ECONNREFUSED,
            errno.EHOSTUNREACH,
            errno.ETIMEDOUT,
            errno.ECONNRESET,
        ):
            self.assertFalse(self._from_here(error=error))

    def test_network_of_ours_that_is_down_is_no_silence(self) -> None:
        for error in (errno.ENETUNREACH, errno.ENETDOWN):
            self.assertRaises(
                ssh.UnreachableError, self._from_here, error=error
            )

    def test_jump_host(self) -> None:
        host = ssh.Host(address='10.0.0.1', jump=ssh.Host(address='10.0.0.8'))
        for said, answers in (('yes\n', True), ('no\n', False), ('', False)):
            result = ssh.Result(0, said, '')
            with mock.patch.object(ssh, 'run', return_value=result) as run:
                self.assertEqual(answers, reach.answers(host))
            self.assertEqual('10.0.0.8', run.call_args.args[0].address)

    def test_jump_host_that_is_away_is_no_silence_of_the_host(self) -> None:
        host = ssh.Host(address='10.0.0.1', jump=ssh.Host(address='10.0.0.8'))
        with mock.patch.object(ssh, 'run') as run:
            run.side_effect = ssh.UnreachableError('10.0.0.8: away')
            self.assertRaises(ssh.UnreachableError, reach.answers, host)
