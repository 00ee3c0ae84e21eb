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
import dataclasses
import os
import pathlib
import tempfile
from unittest import mock

import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import liveness
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.tests.unit.faults import fakes


class TestJournal(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.state_dir = pathlib.Path(directory.name, 'state')
        self.log = journal.Journal(self.state_dir)
        self.us = liveness.this_process()

    def test_what_is_added_is_held_until_removed(self) -> None:
        entry = fakes.entry(owner=self.us)
        path = self.log.add(entry)
        (held,) = journal.Journal(self.state_dir).held()
        self.assertEqual(entry, held.entry)
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        self.log.remove(path)
        self.log.remove(path)
        self.assertEqual((), self.log.held())

    def test_no_directory_holds_nothing_and_is_not_made(self) -> None:
        self.assertEqual((), self.log.held())
        self.assertFalse(self.state_dir.exists())

    def test_oldest_first(self) -> None:
        for number in (3, 1, 2):
            target = _named(f't{number}')
            self.log.add(
                fakes.entry(
                    f'fault-{number}',
                    owner=self.us,
                    utc_ns=number,
                    target=target,
                )
            )
        faults = [held.entry.fault for held in self.log.held()]
        self.assertEqual(['fault-1', 'fault-2', 'fault-3'], faults)

    def test_torn_file_is_said(self) -> None:
        path = self.log.add(fakes.entry(owner=self.us))
        path.write_bytes(path.read_bytes()[:50])
        (held,) = self.log.held()
        self.assertIsNone(held.entry)
        self.assertIn('torn', held.trouble)
        error = self.assertRaises(
            errors.RefusedError,
            self.log.add,
            fakes.entry(owner=self.us, utc_ns=2),
        )
        self.assertIn(str(path), str(error))

    def test_unfinished_is_no_entry(self) -> None:
        self.log.prepare()
        (self.log.directory / '1-fault-1.json.new').write_bytes(b'{')
        self.assertEqual((), self.log.held())
        self.assertEqual(1, len(self.log.unfinished()))

    def test_seen_to_be_writable_and_nothing_made(self) -> None:
        self.log.check()
        self.assertFalse(self.state_dir.exists())
        self.log.prepare()
        before = sorted(self.state_dir.rglob('*'))
        self.log.check()
        self.assertEqual(before, sorted(self.state_dir.rglob('*')))
        with mock.patch.object(os, 'access', return_value=False):
            error = self.assertRaises(errors.UsageError, self.log.check)
        self.assertIn('[destructive] state_dir', str(error))

    def test_unwritable_names_the_option(self) -> None:
        self.state_dir.parent.joinpath('state').write_text('a file')
        for act in (
            self.log.prepare,
            self.log.check,
            lambda: self.log.add(fakes.entry(owner=self.us)),
        ):
            error = self.assertRaises(errors.UsageError, act)
            self.assertIn('[destructive] state_dir', str(error))
            self.assertNotIn('\n', str(error))

    def test_prepare_leaves_nothing(self) -> None:
        self.log.prepare()
        self.assertEqual([], list(self.log.directory.iterdir()))


class TestActive(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.us = liveness.this_process()

    def _refuse(self, entry: journal.Entry, target: str = '') -> str:
        held = journal.Held(pathlib.Path('x'), entry)
        error = self.assertRaises(
            errors.RefusedError,
            journal.refuse_active,
            [held],
            self.us,
            target,
        )
        return str(error)

    def test_of_a_dead_run(self) -> None:
        self.assertIn('tempest extreme heal', self._refuse(fakes.entry()))

    def test_of_a_living_run(self) -> None:
        parent = liveness.Owner(
            pid=os.getppid(),
            boot=self.us.boot,
            started=liveness.started(os.getppid()),
        )
        self.assertIn('is alive', self._refuse(fakes.entry(owner=parent)))

    def test_of_our_own_run(self) -> None:
        ours = fakes.entry(owner=self.us)
        held = journal.Held(pathlib.Path('x'), ours)
        journal.refuse_active([held], self.us, 'mariadb')
        self.assertIn('active', self._refuse(ours, 'rabbitmq'))

    def test_alive(self) -> None:
        self.assertTrue(liveness.alive(self.us))
        pid, boot, started = self.us.pid, self.us.boot, self.us.started
        for dead in (
            liveness.Owner(pid=pid, boot='another', started=started),
            liveness.Owner(pid=pid, boot=boot, started=started - 1),
            liveness.Owner(pid=2**22 + 1, boot=boot, started=started),
        ):
            self.assertFalse(liveness.alive(dead))


def _named(name: str) -> configuration.Target:
    return dataclasses.replace(fakes.TARGET, name=name)
