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
import os
import subprocess
import tempfile
from unittest import mock

import fixtures
import msgspec
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import os_faults_child
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.unit.faults import fakes


class TestChild(testtools.TestCase):
    def test_request_arrives_whole(self) -> None:
        jump = ssh.Host(address='j', user='v', key_file='/k/j')
        host = ssh.Host(address='h', user='u', key_file='/k/h', jump=jump)
        target = msgspec.structs.replace(fakes.TARGET, hosts=(host,))
        data = msgspec.json.encode({'verb': 'start', 'target': target})
        request = msgspec.json.decode(data, type=os_faults_child.Request)
        self.assertEqual(catalogue.Verb.START, request.verb)
        self.assertEqual(target, request.target)

    def test_os_faults_is_given_hosts_always(self) -> None:
        jump = ssh.Host(address='j', user='v', key_file='/k/j')
        host = ssh.Host(address='h', user='u', key_file='/k/h', jump=jump)
        target = msgspec.structs.replace(fakes.TARGET, hosts=(host,))
        given = os_faults_child.cloud_configuration(target)
        self.assertEqual(['h'], given['services']['rabbitmq']['hosts'])
        self.assertEqual(
            {
                'ip': 'h',
                'auth': {
                    'username': 'u',
                    'private_key_file': '/k/h',
                    'jump': {
                        'host': 'j',
                        'username': 'v',
                        'private_key_file': '/k/j',
                    },
                },
            },
            given['node_discover']['args'][0],
        )

    def test_no_half_of_a_password_is_told(self) -> None:
        bmc = schema.Bmc('10.0.1.1', 'admin', 'very-secret-indeed')
        request = os_faults_child.Request(
            verb=catalogue.Verb.POWEROFF, target=fakes.TARGET, bmc=bmc
        )
        said = 'x' * 290 + bmc.password
        with mock.patch.object(
            os_faults_child.os_faults_power, 'press', return_value=said
        ):
            answer = os_faults_child.call(request)
        self.assertNotIn('very', answer.error)

    def test_connections_are_never_shared(self) -> None:
        for option in ('ControlMaster=no', 'ControlPath=none'):
            self.assertIn(option, os_faults_child.SSH_ARGS)

    def test_cause_is_one_short_line(self) -> None:
        text = os_faults_child.cause(
            {'msg': 'Unable to\nstart', 'stderr': 'Job failed. ' + 'x' * 900}
        )
        self.assertTrue(text.startswith('Unable to start Job failed. x'))
        self.assertEqual(300, len(text))
        self.assertEqual('no cause given', os_faults_child.cause({}))


class TestStart(testtools.TestCase):
    def _asked(
        self, verb: catalogue.Verb, unit: str, hosts: int
    ) -> tuple[int, float]:
        """How often Galera was begun, and the seconds that os-faults had."""
        addresses = (f'192.0.2.{number}' for number in range(hosts))
        target = msgspec.structs.replace(
            fakes.TARGET,
            unit=unit,
            hosts=tuple(ssh.Host(address=one) for one in addresses),
        )
        with (
            mock.patch.object(
                os_faults.galera, 'begin', return_value=7.0
            ) as begin,
            mock.patch.object(os_faults.OsFaults, '_ask') as ask,
        ):
            os_faults.OsFaults(60).call(verb, target)
        return begin.call_count, ask.call_args.args[-1]

    def test_a_cluster_of_databases_may_have_to_be_begun(self) -> None:
        start = catalogue.Verb.START
        self.assertEqual((1, 53.0), self._asked(start, 'mariadb', 3))
        self.assertEqual((0, 60.0), self._asked(start, 'mariadb', 1))
        self.assertEqual((0, 60.0), self._asked(start, 'rabbitmq', 3))
        self.assertEqual(
            (0, 60.0), self._asked(catalogue.Verb.KILL, 'mariadb', 3)
        )


class TestTester(testtools.TestCase):
    """What this machine lacks; no host is to blame for it."""

    FULL = FileNotFoundError(2, 'No usable temporary directory found')

    def _call(self, verb: catalogue.Verb) -> None:
        os_faults.OsFaults(60).call(verb, fakes.TARGET)

    def test_no_disk_and_no_processes(self) -> None:
        for name, error in (
            ('tempfile.TemporaryDirectory', self.FULL),
            ('subprocess.Popen', BlockingIOError(11, 'Try again')),
            ('os.pipe', OSError(24, 'Too many open files')),
        ):
            with mock.patch(name, side_effect=error):
                raised = self.assertRaises(
                    os_faults.EngineError, self._call, catalogue.Verb.TERMINATE
                )
            self.assertIn('on this machine', str(raised))
            self.assertIn(str(error), str(raised))
            self.assertNotIn('\n', str(raised))

    def test_what_heals_is_done_without_os_faults(self) -> None:
        with (
            mock.patch('tempfile.TemporaryDirectory', side_effect=self.FULL),
            mock.patch.object(remote, 'run', return_value='') as run,
        ):
            self._call(catalogue.Verb.START)
        (call,) = run.mock_calls
        host, script, unit = call.args
        self.assertEqual(fakes.TARGET.hosts, (host,))
        self.assertIn('systemctl start', script)
        self.assertEqual('rabbitmq-server', unit)

    def test_os_faults_that_answers_is_believed(self) -> None:
        said = b'{"error": "no such unit"}'
        with (
            mock.patch.object(
                os_faults.OsFaults, '_run', return_value=(said, b'')
            ),
            mock.patch.object(remote, 'run') as run,
        ):
            self.assertRaises(
                os_faults.EngineError, self._call, catalogue.Verb.START
            )
        run.assert_not_called()

    def test_preflight_needs_no_disk(self) -> None:
        with mock.patch.object(tempfile, 'gettempdir', side_effect=self.FULL):
            os_faults.preflight()

    def test_preflight_tells_no_processes_from_no_ansible(self) -> None:
        for error, says in (
            (BlockingIOError(11, 'Try again'), 'on this machine'),
            (FileNotFoundError(2, 'ansible-doc'), 'no collection'),
        ):
            with (
                mock.patch.object(os_faults, '_bundled', return_value=False),
                mock.patch.object(subprocess, 'run', side_effect=error),
            ):
                raised = self.assertRaises(
                    errors.ExtremeError, os_faults.preflight
                )
            self.assertIn(says, str(raised))


class TestEnvironment(testtools.TestCase):
    def test_no_password_reaches_the_child(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('OS_PASSWORD', 'geheim'))
        self.useFixture(fixtures.EnvironmentVariable('ANSIBLE_TIMEOUT', '9'))
        seen = os_faults.environment('/scratch')
        self.assertNotIn('geheim', ' '.join(seen.values()))
        self.assertEqual('9', seen['ANSIBLE_TIMEOUT'])
        self.assertEqual('/scratch', seen['TMPDIR'])
        first = seen['PATH'].split(os.pathsep)[0]
        self.assertTrue(os.path.isdir(first))
