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
"""Which cgroup hierarchies are used, and groups as directories."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.sandbox import cgroups
from extreme_tempest_plugin.sandbox import errors

HYBRID = """\
tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,relatime,cpuset 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
"""
PURE = 'cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n'
NO_SYSTEMD = 'cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n'


class TestHierarchies(testtools.TestCase):
    def test_hybrid_without_cpuset(self):
        self.assertEqual(
            ['memory', 'systemd', 'unified'],
            [root.name for root in cgroups.hierarchies(HYBRID)],
        )

    def test_pure_version_2(self):
        self.assertEqual(
            (pathlib.Path('/sys/fs/cgroup'),), cgroups.hierarchies(PURE)
        )

    def test_bootable(self):
        self.assertTrue(cgroups.bootable(HYBRID))
        self.assertTrue(cgroups.bootable(PURE))
        self.assertFalse(cgroups.bootable(NO_SYSTEMD))
        self.assertFalse(cgroups.bootable(NO_SYSTEMD + PURE))
        self.assertFalse(cgroups.bootable(''))


class TestGroup(testtools.TestCase):
    def setUp(self):
        super().setUp()
        top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.roots = [top / 'memory', top / 'systemd']
        self.group = cgroups.Group('dev', self.roots)

    def test_created_in_every_hierarchy_and_removed_with_children(self):
        self.group.create()
        cgroups.Group('dev/ctl1/payload', self.roots).create()
        for root in self.roots:
            self.assertTrue((root / 'dev/ctl1/payload').is_dir())
        self.assertTrue(self.group.exists())
        self.group.remove()
        self.assertFalse(self.group.exists())
        self.assertTrue(self.roots[0].is_dir())

    def test_processes_of_children_count(self):
        child = cgroups.Group('dev/ctl1', self.roots)
        child.create()
        (self.roots[0] / 'dev/ctl1/cgroup.procs').write_text('7\n8\n0\n')
        (self.roots[1] / 'dev/cgroup.procs').write_text('9\n')
        self.assertEqual({7, 8, 9}, self.group.processes())
        self.assertEqual({7, 8}, child.processes())

    def test_memory_limit(self):
        self.group.create()
        limit = self.roots[0] / 'dev/memory.limit_in_bytes'
        limit.write_text('')
        self.group.limit_memory(2)
        self.assertEqual('2097152', limit.read_text())

    def test_a_limit_that_cannot_be_kept_is_refused(self):
        self.group.create()
        self.assertRaises(errors.SandboxError, self.group.limit_memory, 2)

    def test_command_starts_in_every_hierarchy(self):
        prefix = self.group.enter_prefix()
        self.assertEqual(
            [str(root / 'dev/cgroup.procs') for root in self.roots],
            prefix[-2:],
        )
        self.assertEqual('2', prefix[-3])

    def test_real_time_is_allowed_where_there_is_none(self):
        group = cgroups.Group('dev/exec', self.roots)
        group.create()
        limits = [
            self.roots[0] / 'dev' / 'cpu.rt_runtime_us',
            self.roots[0] / 'dev' / 'exec' / 'cpu.rt_runtime_us',
        ]
        for limit, text in zip(limits, ('950000\n', '0\n'), strict=True):
            limit.write_text(text)
        group.allow_real_time(300_000)
        self.assertEqual(
            ['950000\n', '300000'], [limit.read_text() for limit in limits]
        )
        self.assertEqual([], list(self.roots[1].rglob('cpu.*')))
