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
"""What is concluded from what a BMC and its host say."""

import dataclasses
import subprocess
from unittest import mock

import msgspec
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import bmcs
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import schema
from extreme_tempest_plugin.faults.drivers import child
from extreme_tempest_plugin.faults.drivers import os_faults
from extreme_tempest_plugin.faults.drivers import os_faults_child
from extreme_tempest_plugin.faults.drivers import os_faults_power
from extreme_tempest_plugin.faults.drivers import power
from extreme_tempest_plugin.faults.drivers import reach

OFF, REBOOTED = catalogue.Proof.OFF, catalogue.Proof.REBOOTED
UNITS = ('nova-api', 'mariadb')
TARGET = configuration.Target(
    name='ctl1',
    hosts=(ssh.Host(address='10.0.0.1', user='stack'),),
    part=bmcs.Power(
        file='/etc/os-faults.yaml', fqdn='ctl1', bmc='10.1.0.1', units=UNITS
    ),
)
BMC = schema.Bmc(address='10.1.0.1', username='root', password='geheim')
SILENT = power.NodeState(host='10.0.0.1', power='on', answers=False)
SAID = (
    'Boot=0a1b2c3d-0000\nFirst=4711\nSystem=running\n'
    'Unit=active\nUnit=active\n'
)


def state(said: str = SAID, **changes: object) -> power.NodeState:
    return dataclasses.replace(power.parse(said, SILENT, UNITS), **changes)


WHOLE = state()
DARK = dataclasses.replace(SILENT, power='off')


class TestNodeState(testtools.TestCase):
    def test_whole(self) -> None:
        self.assertTrue(evidence.whole([WHOLE]))
        self.assertFalse(WHOLE.moving)
        self.assertEqual(
            '10.0.0.1: its BMC says on, SSH answers, start 0a1b2c3d/4711, '
            '2 of 2 units active',
            str(WHOLE),
        )

    def test_off(self) -> None:
        self.assertTrue(DARK.shows(OFF, WHOLE))
        self.assertFalse(DARK.whole)
        self.assertFalse(DARK.moving)

    def test_half_of_the_evidence_is_none(self) -> None:
        for one in (SILENT, state(power='off'), WHOLE):
            self.assertFalse(one.shows(OFF, WHOLE), one)

    def test_silence_of_what_was_silent_is_no_evidence(self) -> None:
        self.assertFalse(DARK.shows(OFF, SILENT))

    def test_rebooted(self) -> None:
        for said in (
            SAID.replace('0a1b', 'ffff'),
            # A container on a machine that has not started again.
            SAID.replace('4711', '4999'),
        ):
            self.assertTrue(state(said).shows(REBOOTED, WHOLE))
            self.assertNotEqual(WHOLE.start, state(said).start)
        self.assertFalse(WHOLE.shows(REBOOTED, WHOLE))
        self.assertFalse(SILENT.shows(REBOOTED, WHOLE))

    def test_on_its_way_is_neither_whole_nor_over(self) -> None:
        for one in (
            SILENT,
            state(SAID.replace('running', 'stopping')),
            dataclasses.replace(SILENT, answers=True, trouble='no login'),
            state(power='powering off'),
            dataclasses.replace(SILENT, power='powering on'),
        ):
            self.assertFalse(one.whole, one)
            self.assertTrue(one.moving, one)

    def test_service_that_is_not_back(self) -> None:
        for word in ('inactive', 'failed', 'activating'):
            said = SAID.replace('active\nUnit', f'{word}\nUnit')
            self.assertFalse(state(said).whole)
            self.assertIn(
                f'1 of 2 units active, nova-api {word}', str(state(said))
            )

    def test_degraded_host_is_whole_with_its_services(self) -> None:
        self.assertTrue(state(SAID.replace('running', 'degraded')).whole)

    def test_no_answer(self) -> None:
        for said in ('', 'Boot=\nFirst=1\n', SAID + 'Unit=active\n'):
            one = state(said)
            self.assertFalse(one.whole)
            self.assertEqual('', one.boot)
            self.assertIn('does not say', str(one))


class TestPower(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        known = mock.patch.object(bmcs, 'credentials', return_value=BMC)
        known.start()
        self.addCleanup(known.stop)

    def _observe(self, answer: bytes) -> power.NodeState:
        done = subprocess.CompletedProcess([], 0, stdout=answer)
        with (
            mock.patch.object(child.subprocess, 'run', return_value=done),
            mock.patch.object(reach, 'answers', return_value=False),
        ):
            (seen,) = power.Power(5).observe(TARGET)
        return seen

    def test_what_the_bmc_says_and_the_host_does(self) -> None:
        seen = self._observe(b'{"said": "off"}')
        self.assertEqual(DARK, seen)

    def test_bmc_that_says_nothing_is_no_evidence(self) -> None:
        for answer in (b'', b'{"error": "geheim is wrong"}'):
            error = self.assertRaises(
                ssh.UnreachableError, self._observe, answer
            )
            self.assertIn('the BMC 10.1.0.1', str(error))
            self.assertNotIn('geheim', str(error))

    def test_cause_comes_without_the_password(self) -> None:
        answer = (b'{"error": "geheim is wrong"}', b'')
        with mock.patch.object(os_faults.OsFaults, '_run') as run:
            run.return_value = answer
            error = self.assertRaises(
                os_faults.EngineError,
                power.Power(5).call,
                catalogue.Verb.POWEROFF,
                TARGET,
            )
        self.assertIn('*** is wrong', str(error))
        self.assertNotIn('geheim', str(error))
        # The child could not do without.
        self.assertIn(b'geheim', run.call_args.args[0])


class TestChild(testtools.TestCase):
    def test_request_arrives_whole(self) -> None:
        data = msgspec.json.encode(
            {'verb': 'poweroff', 'target': TARGET, 'bmc': BMC}
        )
        request = msgspec.json.decode(data, type=os_faults_child.Request)
        self.assertEqual((TARGET, BMC), (request.target, request.bmc))

    def test_os_faults_is_given_one_host_and_its_bmc(self) -> None:
        given = os_faults_power.cloud_configuration(
            {'ip': '10.0.0.1', 'auth': {}}, 'ctl1', BMC
        )
        (node,) = given['node_discover']['args']
        self.assertEqual('ctl1', node['fqdn'])
        (driver,) = given['power_managements']
        self.assertEqual(
            {
                'ctl1': {
                    'address': '10.1.0.1',
                    'username': 'root',
                    'password': 'geheim',
                }
            },
            driver['args']['fqdn_to_bmc'],
        )
