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
"""``nova/boot`` against a nova, from the first boot to the clean-up."""

import pathlib
import time

import fixtures
import testtools

from extreme_tempest_plugin import watching
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import reader
from extreme_tempest_plugin.tests.functional.storm import stub
from extreme_tempest_plugin.tests.functional.uptime import lateness
from extreme_tempest_plugin.tests.unit import configuration

#: A look comes a second after the one before.
SECOND = 1_000_000_000


class BootsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.runs = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)

    def monitors(self, *services, **options):
        return watching.monitors(
            configuration.settings(cloud=self.stub.cloud, runs_dir=self.runs),
            credentials.Access(user=self.stub.credentials),
            *services,
            interval=0.2,
            **{'boot_interval': 1.0, 'boot_timeout': 20.0, **options},
        )

    def ever(self):
        with self.stub.lock:
            return list(self.stub.ever.values())

    def until(self, condition):
        """A machine may be slow."""
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def await_servers(self, number):
        """Until so many more were asked for."""
        wanted = len(self.ever()) + number
        self.until(lambda: len(self.ever()) >= wanted)

    def await_end(self, machine):
        self.until(lambda: machine.id not in self.stub.machines)

    def samples(self, watch, kind=events.Sample):
        history = watch.result.directory / 'history.jsonl'
        return [
            event
            for event in reader.Reader(history)
            if isinstance(event, kind) and event.service == 'nova/boot'
        ]

    def owed(self, watch):
        paths = (watch.result.directory / 'ledgers').glob('*')
        return {one.id for one in ledger.read(paths)}

    def test_booted_and_deleted(self):
        with self.monitors('nova/boot', 'nova') as watch:
            self.await_servers(4)
            # Those that are up are not left to the end.
            self.await_end(self.ever()[0])
        lateness.assert_well(self, watch.result.directory)
        samples = self.samples(watch)
        self.assertGreaterEqual(len(samples), 4)
        for sample in samples:
            self.assertEqual('server.boot', sample.probe)
            # To the first look; the stub builds in less.
            self.assertGreaterEqual(sample.done - sample.sent, SECOND)
        made = self.ever()
        self.assertEqual({}, self.stub.machines)
        self.assertEqual({one.id for one in made}, self.owed(watch))
        for one in made:
            self.assertTrue(one.name.startswith(listing.WATCHED))
        deleted = {
            path.rpartition('/')[2]
            for method, path in self.stub.requests
            if method == 'DELETE'
        }
        self.assertEqual({one.id for one in made}, deleted)

    def test_error_is_an_outage_while_the_api_is_up(self):
        with self.monitors('nova/boot', 'nova') as watch:
            self.await_servers(2)
            self.stub.boots = 'ERROR'
            self.await_servers(3)
            self.stub.boots = 'ACTIVE'
            self.await_servers(2)
        uptime = watch.result.verdict.uptime
        self.assertEqual('fail', watch.result.verdict.verdict)
        (outage,) = uptime['nova/boot'].outages
        self.assertEqual({'boot-no-valid-host'}, set(outage.errors))
        self.assertEqual((), tuple(uptime['nova'].outages))
        self.assertEqual({}, self.stub.machines)

    def test_a_server_that_never_comes_up_is_a_timeout(self):
        self.stub.build_time = 60.0
        with self.monitors(
            'nova/boot', boot_timeout=3.0, longest_outage=100
        ) as watch:
            self.await_servers(3)
            # Deletions take as long as builds in the stub.
            self.stub.build_time = stub.BUILD
            time.sleep(4)
        errors = {one.error for one in self.samples(watch)}
        self.assertIn('timeout', errors)
        self.assertLessEqual(errors, {'timeout', ''})
        self.assertEqual({}, self.stub.machines)

    def test_an_api_that_is_away_for_a_moment_fails_no_boot(self):
        self.stub.build_time = 2.0
        with self.monitors('nova/boot') as watch:
            self.await_servers(2)
            self.stub.rules = [
                lambda method, path: 503 if method == 'GET' else None
            ]
            time.sleep(2)
            self.stub.rules = []
            self.await_servers(1)
        self.assertEqual({''}, {one.error for one in self.samples(watch)})

    def test_what_could_not_be_deleted_is_deleted_after_the_watch(self):
        self.stub.rules = [
            lambda method, path: 503 if method == 'DELETE' else None
        ]
        with self.monitors('nova/boot') as watch:
            self.await_servers(3)
            time.sleep(2)
            left = len(self.stub.machines)
            self.stub.rules = []
        self.assertGreaterEqual(left, 3)
        self.assertEqual({}, self.stub.machines)
        lateness.assert_well(self, watch.result.directory)

    def test_servers_at_one_time_are_bounded(self):
        self.stub.build_time = 60.0
        full = '8 requests in flight'
        with self.monitors('nova/boot', boot_timeout=60.0) as watch:
            self.until(lambda: len(self.ever()) >= 8)
            (parts,) = self.runs.glob('*/parts')
            self.until(
                lambda: any(full in one.read_text() for one in parts.iterdir())
            )
            there = len(self.stub.machines)
            self.stub.build_time = stub.BUILD
            with self.stub.lock:
                for machine in self.stub.machines.values():
                    machine.status = 'ACTIVE'
            time.sleep(1)
        self.assertEqual(8, there)
        missed = {one.why for one in self.samples(watch, events.Missed)}
        self.assertEqual({full}, missed - {lateness.NOT_RUN})
