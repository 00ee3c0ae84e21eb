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
"""Log reading over a real sshd, of real files that rotate."""

import dataclasses
import os
import pathlib

import testtools

from extreme_tempest_plugin import settings
from extreme_tempest_plugin.cloud import logs
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.functional.logs import sshd

REQUEST = 'req-01234567-89ab-cdef-0123-456789abcdef'
ERROR = (
    f'2026-11-20 18:00:00.123 77 ERROR nova.api [None {REQUEST} - - - -] %s\n'
)
INFO = '2026-11-20 18:00:00.123 77 INFO nova.api [-] all is well\n'


class TestLogs(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        if sshd.binary() is None:
            self.fail('install openssh-server: this test needs sshd')
        self.sshd = self.useFixture(sshd.Sshd())
        self.logs_dir = self.sshd.directory / 'nova'
        self.logs_dir.mkdir()
        self.api = self.logs_dir / 'nova-api.log'
        self.api.write_text(ERROR % 'of yesterday')
        self.events: list[events.Event] = []

    def _watcher(self, *files: str, **changes: object) -> logs.Watcher:
        given = settings.Logs(
            hosts=('127.0.0.1',),
            files=files or (str(self.logs_dir),),
            interval=3600,
            user=self.sshd.host.user,
            key_file=self.sshd.host.key_file,
        )
        return logs.Watcher(
            dataclasses.replace(given, **changes),
            self.events.append,
            port=self.sshd.host.port,
        )

    def _append(self, path: pathlib.Path, *lines: str) -> None:
        with path.open('a') as file:
            file.writelines(lines)

    def _lines(self) -> list[str]:
        return [
            event.line.partition('] ')[2]
            for event in self.events
            if isinstance(event, events.Log)
        ]

    def _notes(self) -> list[str]:
        return [
            event.text
            for event in self.events
            if isinstance(event, events.Note)
            and event.what is events.Topic.REMARK
        ]

    def test_only_what_is_new_and_bad(self) -> None:
        watcher = self._watcher()
        watcher.start()
        self._append(self.api, INFO, ERROR % 'one', INFO, ERROR % 'two')
        watcher.read()
        self._append(self.api, ERROR % 'three')
        watcher.stop()
        watcher.stop()
        self.assertEqual(['one', 'two', 'three'], self._lines())
        event = self.events[0]
        self.assertEqual('ERROR', event.level)
        self.assertEqual(REQUEST, event.request_id)
        self.assertEqual('127.0.0.1', event.host)
        self.assertEqual(str(self.api), event.file)

    def test_line_being_written_waits_for_its_end(self) -> None:
        watcher = self._watcher()
        watcher.start()
        line = ERROR % 'one and whole'
        self._append(self.api, line[:60])
        watcher.read()
        self.assertEqual([], self._lines())
        self._append(self.api, line[60:])
        watcher.stop()
        self.assertEqual(['one and whole'], self._lines())

    def test_rotation_loses_nothing(self) -> None:
        watcher = self._watcher(str(self.logs_dir / '*.log'))
        watcher.start()
        self._append(self.api, ERROR % 'before')
        self.api.rename(self.logs_dir / 'nova-api.log-20261120')
        self.api.write_text(ERROR % 'after')
        watcher.stop()
        self.assertEqual(['before', 'after'], self._lines())

    def test_copied_and_truncated(self) -> None:
        watcher = self._watcher()
        watcher.start()
        os.truncate(self.api, 0)
        self._append(self.api, ERROR % 'b')
        watcher.stop()
        self.assertEqual(['b'], self._lines())

    def test_new_file(self) -> None:
        watcher = self._watcher()
        watcher.start()
        self._append(self.logs_dir / 'nova-compute.log', ERROR % 'new')
        watcher.stop()
        self.assertEqual(['new'], self._lines())

    def test_flood_is_bounded_and_said(self) -> None:
        watcher = self._watcher()
        watcher.start()
        self._append(self.api, *(ERROR % n for n in range(1000)))
        watcher.stop()
        self.assertEqual(logs.MAX_LINES, len(self._lines()))
        (note,) = self._notes()
        self.assertIn('800 lines', note)

    def test_secrets_do_not_arrive(self) -> None:
        watcher = self._watcher()
        watcher.start()
        self._append(self.api, ERROR % 'password=hunter2 gAAAAABtoken_x')
        watcher.stop()
        self.assertEqual(['password=*** ***'], self._lines())

    def test_nothing_is_written_on_the_host(self) -> None:
        before = self._tree()
        watcher = self._watcher()
        watcher.start()
        watcher.stop()
        self.assertEqual(before, self._tree())

    def _tree(self) -> list[tuple[str, int, int]]:
        return sorted(
            (entry.name, entry.stat().st_size, entry.stat().st_mtime_ns)
            for entry in os.scandir(self.logs_dir)
        )

    def test_no_such_file_is_said_once(self) -> None:
        watcher = self._watcher('/nonexistent/*.log')
        watcher.start()
        watcher.stop()
        (note,) = self._notes()
        self.assertIn('no such file', note)

    def test_unreachable_host_is_said_once(self) -> None:
        watcher = self._watcher(
            key_file=str(self.sshd.directory / 'other_key')
        )
        watcher.start()
        watcher.read()
        watcher.stop()
        (note,) = self._notes()
        self.assertIn('Permission denied', note)

    def test_host_that_comes_late_brings_no_old_lines(self) -> None:
        watcher = self._watcher()
        (self.sshd.directory / 'authorized_keys').rename(
            self.sshd.directory / 'away'
        )
        watcher.start()
        (self.sshd.directory / 'away').rename(
            self.sshd.directory / 'authorized_keys'
        )
        watcher.read()
        self._append(self.api, ERROR % 'new')
        watcher.stop()
        self.assertEqual(['new'], self._lines())

    def test_thread_reads_by_itself(self) -> None:
        watcher = self._watcher(interval=0)
        watcher.start()
        self._append(self.api, ERROR % 'seen')
        for _ in range(300):
            if self._lines():
                break
            watcher._stopping.wait(0.05)
        self.assertEqual(['seen'], self._lines())
        watcher.stop()
