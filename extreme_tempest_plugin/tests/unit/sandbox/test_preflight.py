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
"""Machines that cannot hold a sandbox: one clear line each."""

import dataclasses
import os
from unittest import mock

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import errors
from extreme_tempest_plugin.sandbox import preflight
from extreme_tempest_plugin.sandbox import topology

GOOD = preflight.MachineFacts(
    root=True,
    architecture='x86_64',
    os_id='debian',
    os_version='12',
    memory_mib=8192,
    disk_mib=20000,
    tools=frozenset(preflight.TOOLS),
    bootable=True,
    inotify=28,
)


class TestCheck(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.shape = topology.named('single')

    def refused(self, **changed):
        facts = dataclasses.replace(GOOD, **changed)
        error = self.assertRaises(
            errors.UsageError, preflight.check, facts, self.shape
        )
        self.assertEqual(2, error.exit_code)
        self.assertNotIn('\n', str(error))
        return str(error)

    def test_a_good_machine(self):
        preflight.check(GOOD, self.shape)
        preflight.check(dataclasses.replace(GOOD, os_version='13'), self.shape)
        # Testing has no version.
        preflight.check(dataclasses.replace(GOOD, os_version=''), self.shape)

    def test_not_root(self):
        self.assertIn('root', self.refused(root=False))

    def test_other_systems(self):
        self.assertIn(
            'ubuntu 24.04', self.refused(os_id='ubuntu', os_version='24.04')
        )
        self.assertIn('debian 11', self.refused(os_version='11'))
        self.assertIn('unknown', self.refused(os_id='', os_version=''))

    def test_missing_tools_are_named_by_package(self):
        tools = frozenset(preflight.TOOLS) - {'mmdebstrap', 'systemd-nspawn'}
        self.assertEqual(
            'install what is missing: apt-get install mmdebstrap '
            'systemd-container',
            self.refused(tools=tools),
        )

    def test_packages_are_named_once(self):
        reason = self.refused(tools=frozenset())
        self.assertEqual(1, reason.count('util-linux'))

    def test_inotify(self):
        reason = self.refused(inotify=27)
        self.assertIn('28 inotify instances and only 27 are left', reason)

    def test_more_hosts_take_more_of_inotify(self):
        error = self.assertRaises(
            errors.UsageError,
            *(preflight.check, GOOD, topology.named('ha'), 1000),
        )
        self.assertIn('42 inotify instances', str(error))

    def test_memory(self):
        reason = self.refused(memory_mib=4000)
        self.assertIn('4608 MiB', reason)
        self.assertIn('4000 MiB', reason)
        self.assertIn('608 MiB are missing', reason)

    def test_memory_that_the_user_allows(self):
        facts = dataclasses.replace(GOOD, memory_mib=3500)
        preflight.check(facts, self.shape, 3400)
        error = self.assertRaises(
            errors.UsageError, preflight.check, GOOD, self.shape, 9000
        )
        self.assertIn('9000 MiB', str(error))

    def test_disk(self):
        reason = self.refused(disk_mib=100)
        self.assertIn(str(preflight.DISK_MIB), reason)
        self.assertIn('100 MiB', reason)

    def test_cgroups(self):
        self.assertIn('cgroup', self.refused(bootable=False))


class TestFacts(testtools.TestCase):
    def test_available_memory(self):
        text = 'MemTotal:       24684276 kB\nMemAvailable:   2048000 kB\n'
        self.assertEqual(2000, preflight.available_memory_mib(text))
        self.assertEqual(0, preflight.available_memory_mib('nothing'))

    def test_available_inotify(self):
        made = [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
        libc = mock.Mock()
        libc.inotify_init1.side_effect = [*made, -1]
        self.useFixture(
            fixtures.MockPatchObject(preflight.ctypes, 'CDLL', lambda _: libc)
        )
        self.assertEqual(2, preflight.available_inotify(5))
        for descriptor in made:
            self.assertRaises(OSError, os.fstat, descriptor)
