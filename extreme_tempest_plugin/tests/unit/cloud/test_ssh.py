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
import shlex

import testtools

from extreme_tempest_plugin.cloud import ssh


class TestCommand(testtools.TestCase):
    def test_never_asks_and_never_shares(self) -> None:
        words = ssh.command(ssh.Host(address='h'), ('true',))
        for option in (
            'BatchMode=yes',
            'ControlMaster=no',
            'ControlPath=none',
            'ConnectTimeout=5',
            'ForwardAgent=no',
        ):
            self.assertIn(option, words)
        self.assertEqual(['h', 'true'], words[-2:])
        self.assertNotIn('-i', words)
        self.assertNotIn('-l', words)

    def test_user_key_and_port(self) -> None:
        host = ssh.Host(address='h', user='u', key_file='/k', port=2222)
        text = ' '.join(ssh.command(host, ('true',)))
        self.assertIn('-l u -i /k -o IdentitiesOnly=yes', text)
        self.assertIn('-p 2222', text)

    def test_command_is_one_quoted_word(self) -> None:
        argv = ('printf', "a'b", '$(id)', '')
        words = ssh.command(ssh.Host(address='h'), argv)
        self.assertEqual(list(argv), shlex.split(words[-1]))

    def test_jump_host(self) -> None:
        jump = ssh.Host(address='j', user='v')
        words = ssh.command(ssh.Host(address='h', jump=jump), ('true',))
        (option,) = (
            word for word in words if word.startswith('ProxyCommand=')
        )
        inner = shlex.split(option.removeprefix('ProxyCommand='))
        self.assertEqual('ssh', inner[0])
        self.assertEqual(['-W', '%h:%p', 'j'], inner[-3:])
        self.assertIn('BatchMode=yes', inner)

    def test_safe(self) -> None:
        for good in ('h', '10.0.0.1', 'a.b-c', '/k/~x', 'u@h', '_a'):
            self.assertTrue(ssh.SAFE.match(good), good)
        for bad in ('', '-h', 'a b', 'a;b', '$a', 'a\n', "a'", 'é', '%h'):
            self.assertFalse(ssh.SAFE.match(bad), bad)
