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
"""The scripts of galera in a real shell, with commands that are made up."""

import pathlib
import subprocess

import fixtures
import testtools

from extreme_tempest_plugin.faults.drivers import galera


class TestScripts(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.bin = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log = self.bin / 'log'
        self._command('systemctl', f'echo "$*" >>{self.log}')

    def _command(self, name: str, text: str) -> None:
        path = self.bin / name
        path.write_text(f'#!/bin/sh\n{text}\n')
        path.chmod(0o700)

    def _run(self, *argv: str) -> tuple[int, list[str]]:
        """Its exit code, and what systemctl was asked for."""
        done = subprocess.run(
            argv,
            env={'PATH': f'{self.bin}:/usr/bin:/bin'},
            stdout=subprocess.PIPE,
            timeout=20,
            check=False,
            encoding='utf-8',
        )
        return done.returncode, self.log.read_text().splitlines()

    def test_begin_that_is_given_up_leaves_no_variable(self) -> None:
        # systemd would hand it to every later start of the node.
        self._command(
            'galera_new_cluster',
            'systemctl set-environment _WSREP_NEW_CLUSTER=x; sleep 30; '
            'systemctl unset-environment _WSREP_NEW_CLUSTER',
        )
        status, asked = self._run(
            'timeout', '0.5', 'sh', '-c', galera._BEGIN, 'mariadb'
        )
        self.assertEqual(124, status)
        self.assertEqual(
            [
                'stop mariadb',
                'set-environment _WSREP_NEW_CLUSTER=x',
                'unset-environment _WSREP_NEW_CLUSTER',
            ],
            asked,
        )

    def test_begin_that_fails_says_so(self) -> None:
        self._command('galera_new_cluster', 'exit 7')
        status, _ = self._run('sh', '-c', galera._BEGIN, 'mariadb')
        self.assertEqual(7, status)
