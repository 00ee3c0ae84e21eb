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
"""Write probes against APIs, from the first request to the clean-up."""

import pathlib
import time

import fixtures
import testtools

from extreme_tempest_plugin import watching
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.tests.functional.uptime import lateness
from extreme_tempest_plugin.tests.functional.uptime import writable
from extreme_tempest_plugin.tests.unit import configuration

#: Service to where it answers.
PATHS = {'cinder/write': '/volume/', 'designate/write': '/dns/'}


class WritesTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.runs = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.cloud = writable.Cloud()
        self.cloud.__enter__()
        self.addCleanup(self.cloud.__exit__)

    def monitors(self, *services, **options):
        return watching.monitors(
            configuration.settings(cloud=self.cloud.cloud, runs_dir=self.runs),
            credentials.Access(user=self.cloud.credentials),
            *services,
            **{'interval': 0.1, **options},
        )

    def homes(self):
        with self.cloud.lock:
            return [
                *self.cloud.volumes.values(),
                *self.cloud.zones.values(),
            ]

    def await_requests(self, method, end, number=3):
        """Until so many more of them have come."""

        def seen():
            return sum(
                one[0] == method and end in one[1]
                for one in self.cloud.requests
            )

        wanted, until = seen() + number, time.monotonic() + 60
        while seen() < wanted:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.02)

    def test_made_and_deleted(self):
        with self.monitors(*PATHS) as watch:
            for path in PATHS.values():
                self.await_requests('DELETE', path, 5)
            homes = self.homes()
        lateness.assert_well(self, watch.result.directory)
        self.assertEqual(set(PATHS), set(watch.result.verdict.uptime))
        # One for all samples.
        self.assertEqual(2, len(homes))
        for home in homes:
            self.assertTrue(home['name'].startswith(listing.WATCHED))
        self.assertEqual([], self.homes())

    def test_what_stays_ends_with_its_home(self):
        with self.monitors(*PATHS, longest_outage=30) as watch:
            self.cloud.rules = [
                lambda method, path: (
                    503 if method == 'DELETE' and path.count('/') > 4 else None
                )
            ]
            for path in PATHS.values():
                self.await_requests('DELETE', path)
            left = [
                len(home.get('metadata') or home.get('recordsets'))
                for home in self.homes()
            ]
            self.cloud.rules = []
            for path in PATHS.values():
                self.await_requests('DELETE', path)
        self.assertLess(1, min(left), left)
        self.assertEqual([], self.homes())
        uptime = watch.result.verdict.uptime
        for service in PATHS:
            (outage,) = uptime[service].outages
            self.assertEqual({'http-5xx'}, set(outage.errors))
        lateness.assert_well(self, watch.result.directory)

    def test_writes_fail_while_reads_go_on(self):
        with self.monitors(*PATHS, 'designate', 'cinder') as watch:
            self.cloud.rules = [
                lambda method, path: (
                    503
                    if method == 'GET' and path.endswith(('zones', 'volumes'))
                    else None
                )
            ]
            for path in PATHS.values():
                self.await_requests('DELETE', path)
            self.cloud.rules = []
        uptime = watch.result.verdict.uptime
        self.assertEqual('fail', watch.result.verdict.verdict)
        for service in PATHS:
            self.assertEqual((), tuple(uptime[service].outages))
            read = service.partition('/')[0]
            self.assertEqual(1, len(uptime[read].outages))

    def test_a_backend_beside_the_balancer(self):
        """Two monitors make nothing of one name."""
        backend = self.cloud.url.removeprefix('http://')
        balanced = (*PATHS, 'nova/write')
        backends = (f'{name}@{backend}' for name in balanced)
        with self.monitors(*balanced, *backends) as watch:
            for path in PATHS.values():
                self.await_requests('DELETE', path, 8)
            names = [home['name'] for home in self.homes()]
        lateness.assert_well(self, watch.result.directory)
        self.assertEqual(4, len(set(names)), names)
        self.assertEqual([], self.homes())
