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
"""A storm in several load processes under Locust's master."""

import collections
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import fixtures
import msgspec
import testtools
from cryptography import fernet

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import process
from extreme_tempest_plugin.storm import runner
from extreme_tempest_plugin.storm import spec
from extreme_tempest_plugin.tests.functional.storm import stub

RUN = '0d2a6b8e-1f55-4f7f-9f0e-7d7e9f6a1b2c'

#: What settles at the first look, so that the times do not matter.
STEADY = {'keypair.create': 2.0, 'keypair.delete': 1.0}


class ProcessesTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stub = self.useFixture(_Stub()).stub

    def _storm(
        self, processes: int, web_ui: str = '', others=None, **more
    ) -> runner.Storm:
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        storm = runner.Storm(
            spec.StormSpec(
                run=RUN,
                seed=7,
                duration=more.pop('duration', 4.0),
                storm=plan_model.Storm(
                    users=5,
                    processes=processes,
                    settle_timeout=5.0,
                    **{
                        'actions': STEADY,
                        'think_time': (0.05, 0.1),
                        **more,
                    },
                ),
                cloud=self.stub.cloud,
                credentials=self.stub.credentials,
                web_ui=web_ui,
                others=others,
            ),
            directory,
        )
        self.addCleanup(storm.kill)
        return storm

    def _events(self, storm: runner.Storm, kind) -> list:
        return [
            event
            for part in storm.parts
            for event in reader.Reader(part, part=True)
            if isinstance(event, kind)
        ]

    def _ended(self, storm: runner.Storm) -> set[str]:
        return {
            note.actor
            for note in self._events(storm, events.Note)
            if note.what is events.Topic.ENDED
        }

    def _choices(self, storm: runner.Storm) -> dict[str, list]:
        """What each user chose, by its name without that of its process."""
        found = collections.defaultdict(list)
        for event in self._events(storm, events.Invoke):
            user = event.actor.rpartition('/')[2]
            found[user].append((event.op, event.action, event.choice))
        return found

    def test_all_users_are_there_once(self):
        storm = self._storm(3)
        storm.start()
        ended = storm.wait()
        self.assertTrue(ended.ok, ended)
        self.assertEqual({'storm/0', 'storm/1', 'storm/2'}, self._ended(storm))
        self.assertEqual(
            {f'storm/{index % 3}/user-{index}' for index in range(5)},
            {event.actor for event in self._events(storm, events.Invoke)},
        )
        invoked = [event.op for event in self._events(storm, events.Invoke)]
        settled = self._events(storm, events.Settled)
        self.assertEqual(len(set(invoked)), len(invoked))
        self.assertEqual(sorted(invoked), sorted(one.op for one in settled))
        self.assertEqual(len(invoked), storm.progress().ok)

    def test_same_seed_same_choices_on_any_number_of_workers(self):
        found = []
        for processes in (1, 3):
            storm = self._storm(processes)
            storm.start()
            self.assertTrue(storm.wait().ok)
            found.append(self._choices(storm))
        alone, together = found
        self.assertEqual(set(alone), set(together))
        self.assertEqual(5, len(alone))
        compared = 0
        for user, choices in alone.items():
            both = min(len(choices), len(together[user]))
            self.assertEqual(choices[:both], together[user][:both])
            compared += both
        self.assertGreater(compared, 50)
        # They are not all the same by themselves.
        firsts = {tuple(map(str, choices[:8])) for choices in alone.values()}
        self.assertEqual(5, len(firsts))

    def test_stop(self):
        storm = self._storm(2, duration=60.0)
        storm.start()
        time.sleep(1)
        began = time.monotonic()
        storm.stop()
        ended = storm.wait()
        self.assertTrue(ended.ok, ended)
        self.assertLess(time.monotonic() - began, 30)
        self.assertEqual({'storm/0', 'storm/1'}, self._ended(storm))

    def test_a_worker_is_killed(self):
        """The others end in good order; what it made is known."""
        storm = self._storm(
            3,
            duration=60.0,
            actions={'server.create': 1.0, 'keypair.create': 1.0},
        )
        storm.start()
        self._await_made_by(storm, 1)
        victim = storm.pids()[1]
        os.kill(victim, signal.SIGKILL)
        began = time.monotonic()
        ended = storm.wait()
        self.assertLess(time.monotonic() - began, 45)
        self.assertFalse(ended.ok)
        self.assertEqual('load process 1', ended.who)
        self.assertEqual(-signal.SIGKILL, ended.status)
        self.assertEqual({'storm/0', 'storm/2'}, self._ended(storm))
        cloud = clients.make(self.stub.cloud, self.stub.credentials)
        self.assertEqual((), cleanup.clean(storm.ledgers, cloud, timeout=20.0))
        self.assertEqual({}, self.stub.machines)
        self.assertEqual(set(), self.stub.keypairs)

    def _made_by(self, storm: runner.Storm, worker: int) -> bool:
        try:
            return b'"made"' in storm.ledgers[worker].read_bytes()
        except OSError:
            return False

    def _await_made_by(self, storm: runner.Storm, worker: int) -> None:
        while not self._made_by(storm, worker):
            self.assertTrue(storm.running(), 'it has made nothing')
            time.sleep(0.05)

    def test_the_master_is_killed(self):
        storm = self._storm(2, duration=60.0)
        storm.start()
        os.kill(storm.pids()[-1], signal.SIGKILL)
        ended = storm.wait()
        self.assertFalse(ended.ok)
        self.assertIn('master', ended.who)
        self.assertEqual({'storm/0', 'storm/1'}, self._ended(storm))

    def _with_guest(self, key: str, its: str, **more):
        """A storm that waits for a worker elsewhere, and that worker."""
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
        others = spec.Others(workers=1, host='127.0.0.1', port=port, key=key)
        storm = self._storm(1, others=others, **more)
        directory = self.useFixture(fixtures.TempDir()).path
        file = pathlib.Path(directory, 'key')
        file.write_text(its)
        guest = subprocess.Popen(
            [
                str(pathlib.Path(sys.executable).with_name('tempest')),
                *('extreme', 'worker', '--key-file', str(file)),
                *('--master', f'127.0.0.1:{port}'),
            ],
            # One that is killed leaves its directory there.
            env={**os.environ, 'TMPDIR': directory},
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(guest.wait)
        self.addCleanup(guest.kill)
        return storm, guest

    def test_a_worker_of_another_machine(self):
        key = fernet.Fernet.generate_key().decode()
        storm, guest = self._with_guest(key, key)
        storm.start()
        ended = storm.wait()
        self.assertTrue(ended.ok, ended)
        self.assertEqual(0, guest.wait(30))
        self.assertEqual({'storm/0', 'storm/1'}, self._ended(storm))
        self.assertEqual(
            {f'storm/{index % 2}/user-{index}' for index in range(5)},
            {event.actor for event in self._events(storm, events.Invoke)},
        )
        invoked = [event.op for event in self._events(storm, events.Invoke)]
        settled = self._events(storm, events.Settled)
        self.assertEqual(sorted(invoked), sorted(one.op for one in settled))
        self.assertTrue(self._made_by(storm, 1))

    def test_a_worker_of_another_machine_dies(self):
        key = fernet.Fernet.generate_key().decode()
        storm, guest = self._with_guest(key, key, duration=60.0)
        storm.start()
        self._await_made_by(storm, 1)
        subprocess.run(['pkill', '-KILL', '-P', str(guest.pid)], check=True)
        ended = storm.wait()
        self.assertFalse(ended.ok)
        self.assertIn('another machine is gone', ended.log_tail)
        self.assertEqual({'storm/0'}, self._ended(storm))
        self.assertEqual(3, guest.wait(30))

    def test_a_worker_without_the_key_is_told_nothing(self):
        keys = [fernet.Fernet.generate_key().decode() for _ in range(2)]
        self.addCleanup(setattr, runner, 'START_TIMEOUT', runner.START_TIMEOUT)
        runner.START_TIMEOUT = 10.0
        storm, _ = self._with_guest(*keys)
        error = self.assertRaises(errors.HarnessError, storm.start)
        self.assertIn('did not begin', str(error))
        self.assertFalse(storm.parts[1].exists())

    def test_times_of_another_machine(self):
        """They are told by the clock of the campaign's machine."""
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        ahead = 3600 * 10**9
        share = spec.WorkerSpec(
            whole=self._storm(1)._spec,
            worker=0,
            workers=1,
            limits={},
            boot='of another machine',
            # Its clock began an hour before ours.
            utc=spec.utc_offset() - ahead,
            part=str(directory / 'part'),
            ledger=str(directory / 'ledger'),
        )
        here = time.monotonic_ns()
        there = process.Process(share).clock()
        self.assertAlmostEqual(ahead / 1e9, (there - here) / 1e9, delta=5)
        same = msgspec.structs.replace(share, boot=spec.boot())
        here = time.monotonic_ns()
        there = process.Process(same).clock()
        self.assertAlmostEqual(0, (there - here) / 1e9, delta=5)

    def test_web_page(self):
        """Locust's own statistics, while it runs; it ends with the storm."""
        with socket.create_server(('127.0.0.1', 0)) as taken:
            address = f'127.0.0.1:{taken.getsockname()[1]}'
        for processes in (1, 2):
            storm = self._storm(processes, web_ui=address, duration=60.0)
            storm.start()
            seen = self._statistics(address)
            self.assertIn('keypair.create', seen)
            storm.stop()
            ended = storm.wait()
            self.assertTrue(ended.ok, ended)
            self.assertRaises(
                OSError, urllib.request.urlopen, f'http://{address}/'
            )

    def _statistics(self, address: str) -> set[str]:
        end = time.monotonic() + 30
        names: set[str] = set()
        while 'keypair.create' not in names and time.monotonic() < end:
            time.sleep(0.5)
            with urllib.request.urlopen(
                f'http://{address}/stats/requests', timeout=20
            ) as answer:
                stats = json.load(answer)['stats']
            names = {entry['name'] for entry in stats}
        return names


class _Stub(fixtures.Fixture):
    def _setUp(self):
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)
