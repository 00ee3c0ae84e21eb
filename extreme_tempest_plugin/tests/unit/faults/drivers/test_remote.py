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
from unittest import mock

import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults.drivers import remote

A, B = ssh.Host(address='a'), ssh.Host(address='b')


class TestRun(testtools.TestCase):
    def _run(self, *args: str, result: ssh.Result | None = None) -> str:
        answer = result or ssh.Result(0, 'x=1\n', '')
        with mock.patch.object(ssh, 'run', return_value=answer) as run:
            self.ran = run
            return remote.run(A, 'true', *args, timeout=1)

    def test_values_arrive_as_arguments(self) -> None:
        self._run('ctl@1.service', '2001:db8::1,::2', '')
        argv = self.ran.call_args.args[1]
        self.assertEqual(('ctl@1.service', '2001:db8::1,::2', ''), argv[-3:])
        self.assertTrue(self.ran.call_args.kwargs['with_us'])

    def test_host_is_told_when_we_give_up_and_ends_before(self) -> None:
        for timeout, limit in ((60, '48'), (5, '4'), (1, '1')):
            with mock.patch.object(
                ssh, 'run', return_value=ssh.Result(0, '', '')
            ) as run:
                remote.run(A, 'true', 'x', timeout=timeout)
            self.assertEqual((limit, 'x'), run.call_args.args[1][-2:])

    def test_values_that_could_carry_shell_are_refused(self) -> None:
        for value in ('a b', 'a;b', '$(id)', '`id`', "a'b", 'a\nb', 'a|b'):
            self.assertRaises(remote.RemoteError, self._run, value)
            self.assertFalse(self.ran.called)

    def test_failure_tells_the_last_line(self) -> None:
        error = self.assertRaises(
            remote.RemoteError,
            self._run,
            result=ssh.Result(3, '', 'noise\nsudo: no tty\n'),
        )
        self.assertEqual('a: sudo: no tty', str(error))
        self.assertRaises(
            remote.RemoteError, self._run, result=ssh.Result(1, '', '')
        )


class TestOnAll(testtools.TestCase):
    def test_what_fails_on_one_spares_no_other(self) -> None:
        acted = []

        def act(host: ssh.Host) -> None:
            acted.append(host.address)
            if host is A:
                raise ssh.UnreachableError('a: no answer')

        error = self.assertRaises(
            remote.RemoteError, remote.on_all, (A, B), act
        )
        self.assertEqual('a: no answer', str(error))
        self.assertEqual(['a', 'b'], sorted(acted))
        remote.on_all((B,), act)


class TestPairs(testtools.TestCase):
    def test_values_may_hold_anything(self) -> None:
        self.assertEqual(
            [('Rule', 'a = b'), ('Port', 'open'), ('Port', '')],
            remote.pairs('Rule=a = b\nnoise\nPort=open\nPort=\n'),
        )
