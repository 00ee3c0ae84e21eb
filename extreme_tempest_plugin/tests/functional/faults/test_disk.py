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
"""A real file system is filled through a real sshd."""

import os
import pathlib
import shutil
import subprocess
import time

import fixtures
import testtools

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import disk
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.tests.functional.faults import namespaces
from extreme_tempest_plugin.tests.functional.faults import wait
from extreme_tempest_plugin.tests.functional.logs import sshd

Verb = catalogue.Verb
FULL = catalogue.Proof.FULL
_HANG = 'while kill -0 $PPID 2>/dev/null; do sleep 0.2; done'
_MIB = 1 << 20


class TestDisk(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        if os.getuid():
            self.skipTest('mounting needs root')
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=64m', 'extreme', self.path],
            check=True,
        )
        self.addCleanup(subprocess.run, ['umount', self.path], check=True)
        self.engine = disk.Filler(20.0)

    def _target(
        self, force: str = '', leave_mb: int = 0
    ) -> configuration.Target:
        server = self.useFixture(sshd.Sshd(force))
        target = configuration.Target(
            name=f'disk-{os.getpid()}',
            hosts=(server.host,),
            part=parts.Disk(path=str(self.path), leave_mb=leave_mb),
        )
        self.addCleanup(namespaces.disarm, dead_man.tag(target))
        return target

    def _look(self, target: configuration.Target) -> disk.DiskState:
        (state,) = self.engine.observe(target)
        return state

    def _assert_whole(self, target: configuration.Target) -> None:
        state = self._look(target)
        self.assertTrue(state.whole, state)
        self.assertEqual([], list(self.path.iterdir()))
        self.assertEqual([], namespaces.naming(dead_man.tag(target)))

    def test_fill_and_free(self) -> None:
        target = self._target()
        self._assert_whole(target)
        before = self._look(target)
        self.engine.call(Verb.FILL, target, 600)
        self.assertRaises(
            OSError, (self.path / 'more').write_bytes, bytes(_MIB)
        )
        (self.path / 'more').unlink()
        full = self._look(target)
        self.assertTrue(full.shows(FULL, before), full)
        self.assertFalse(full.whole)
        self.assertTrue(full.timer)
        # A second time is the same.
        self.engine.call(Verb.FILL, target, 600)
        self.assertTrue(self._look(target).shows(FULL, before))
        self.engine.call(Verb.FREE, target)
        self._assert_whole(target)
        self.engine.call(Verb.FREE, target)
        self._assert_whole(target)

    def test_what_is_to_be_left_is_left(self) -> None:
        target = self._target(leave_mb=20)
        before = self._look(target)
        self.engine.call(Verb.FILL, target, 600)
        left = shutil.disk_usage(self.path).free / _MIB
        self.assertTrue(19 <= left <= 20.5, left)
        self.assertTrue(self._look(target).shows(FULL, before))
        self.engine.call(Verb.FREE, target)
        self._assert_whole(target)

    def test_timer_undoes_it(self) -> None:
        target = self._target()
        self.engine.call(Verb.FILL, target, 8)
        self.assertEqual(1, len(list(self.path.iterdir())))
        wait.until(lambda: not list(self.path.iterdir()))
        wait.until(lambda: not namespaces.naming(dead_man.tag(target)))
        self._assert_whole(target)

    def test_file_that_is_not_ours_is_never_touched(self) -> None:
        target = self._target()
        file = self.path / dead_man.tag(target)
        elsewhere = self.path / 'elsewhere'
        elsewhere.write_text(f'{dead_man.tag(target)}\n')
        for make in (
            lambda: file.write_text('of somebody else'),
            lambda: file.symlink_to(elsewhere),
            lambda: file.symlink_to('/nonexistent'),
        ):
            make()
            self.assertFalse(self._look(target).whole)
            error = self.assertRaises(
                remote.RemoteError, self.engine.call, Verb.FILL, target, 600
            )
            self.assertIn('not ours', str(error))
            self.engine.call(Verb.FREE, target)
            self.assertTrue(file.is_symlink() or file.exists())
            file.unlink()
        self.assertTrue(elsewhere.exists())

    def test_no_mount_point(self) -> None:
        target = self._target()
        below = self.path / 'below'
        below.mkdir()
        other = configuration.Target(
            name=target.name,
            hosts=target.hosts,
            part=parts.Disk(path=str(below)),
        )
        self.assertFalse(self._look(other).whole)
        error = self.assertRaises(
            remote.RemoteError, self.engine.call, Verb.FILL, other, 600
        )
        self.assertIn('no mount point', str(error))
        self.assertEqual([], list(below.iterdir()))

    def test_silent_host_is_given_up(self) -> None:
        target = self._target(_HANG)
        engine = disk.Filler(1.0)
        for call in (
            lambda: engine.call(Verb.FILL, target, 600),
            lambda: engine.observe(target),
        ):
            began = time.monotonic()
            self.assertRaises(ssh.UnreachableError, call)
            self.assertLess(time.monotonic() - began, 1 + 15)
