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
"""Monitors around a block, on the cloud of the stub."""

import dataclasses
import pathlib
import time

import fixtures
import testtools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import watching
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.tests.functional.storm import stub
from extreme_tempest_plugin.tests.functional.uptime import lateness
from extreme_tempest_plugin.tests.unit import configuration


class MonitorsTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.runs = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stub = stub.Stub()
        self.stub.__enter__()
        self.addCleanup(self.stub.__exit__)

    def monitors(self, *services, cloud=None, **options):
        return watching.monitors(
            configuration.settings(
                cloud=cloud or self.stub.cloud, runs_dir=self.runs
            ),
            credentials.Access(user=self.stub.credentials),
            *services,
            **{'interval': 0.1, **options},
        )

    def until(self, condition):
        """A machine may be slow."""
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def await_requests(self, number, method='GET'):
        """Until nova was asked so many times more."""

        def seen():
            return sum(
                one == method and path.startswith('/v2.1')
                for one, path in self.stub.requests
            )

        wanted = seen() + number
        self.until(lambda: seen() >= wanted)

    def break_nova(self):
        """Until it was seen, and seen well again."""
        self.await_requests(3)
        self.stub.rules = [
            lambda method, path: 503 if path.startswith('/v2.1') else None
        ]
        self.await_requests(5)
        self.stub.rules = []
        self.await_requests(5)

    def test_all_is_well(self):
        with self.monitors('nova') as watch:
            self.assertIsNone(watch.result)
            self.await_requests(10)
        verdict = lateness.assert_well(self, watch.result.directory)
        self.assertEqual(verdict['verdict'], watch.result.verdict.verdict)
        self.assertEqual({'nova'}, set(watch.result.verdict.uptime))

    def test_an_outage_fails(self):
        with self.monitors('nova') as watch:
            self.break_nova()
        uptime = watch.result.verdict.uptime
        self.assertEqual('fail', watch.result.verdict.verdict)
        self.assertEqual(1, len(uptime['nova'].outages))

    def test_an_outage_that_is_allowed(self):
        with self.monitors('nova', longest_outage=30) as watch:
            self.break_nova()
        verdict = lateness.assert_well(self, watch.result.directory)
        self.assertEqual(1, len(verdict['uptime']['nova']['outages']))

    def test_what_a_write_probe_could_not_delete_is_deleted_later(self):
        self.stub.keypairs.add('precious')
        with self.monitors('nova/write', longest_outage=30) as watch:
            self.await_requests(3, 'DELETE')
            self.stub.rules = [
                lambda method, path: (
                    503 if method == 'DELETE' or path.endswith('3') else None
                )
            ]
            # Two of the probe, which it leaves for later.
            self.until(lambda: len(self.stub.keypairs) > 2)
            self.stub.rules = []
            self.await_requests(5, 'DELETE')
        self.assertEqual({'precious'}, self.stub.keypairs)
        lateness.assert_well(self, watch.result.directory)

    def test_what_the_block_raises_goes_on(self):
        def fail():
            with self.monitors('nova'):
                raise KeyError

        self.assertRaises(KeyError, fail)

    def test_nothing_that_could_be_watched(self):
        entered = []

        def enter(**options):
            with self.monitors(**options):
                entered.append(1)

        away = dataclasses.replace(
            self.stub.cloud, auth_url='http://127.0.0.1:9/v3'
        )
        for options in ({'cloud': away}, {'interval': 0.0001}):
            self.assertRaises(errors.ExtremeError, enter, **options)
        self.assertEqual([], entered)
