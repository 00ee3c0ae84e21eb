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
"""The clean-up deletes what is owed and touches nothing else."""

import pathlib

import fixtures
import testtools

from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.tests.unit.cloud import fakes


class CleanTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = directory / 'ledger.jsonl'
        self.book = ledger.Ledger(self.path)
        self.addCleanup(self.book.close)
        self.cloud = fakes.Cloud()
        self.compute = self.cloud.compute
        self.clock = fakes.Clock()
        # Somebody else's, of the same project.
        self.compute.put('other', 'precious')
        self.compute.keypairs.add('precious')

    def _clean(self, timeout: float = 30.0) -> tuple[cleanup.Left, ...]:
        return cleanup.clean(
            [self.path],
            self.cloud,
            timeout,
            clock=self.clock.seconds,
            sleep=self.clock.sleep,
        )

    def _own(self, name: str, id_: str = '') -> None:
        self.book.owe('server', name)
        if id_:
            self.book.made('server', name, id_)

    def _check_others(self) -> None:
        self.assertEqual(['other'], list(self.compute.servers))
        self.assertEqual({'precious'}, self.compute.keypairs)

    def test_known_ones(self):
        self._own('a', 'id-a')
        self.compute.put('id-a', 'a')
        self.book.owe('keypair', 'k')
        self.compute.keypairs.add('k')
        self.assertEqual((), self._clean())
        self._check_others()

    def test_a_lost_answer_is_found_by_its_name(self):
        self._own('a')
        self.compute.put('id-a', 'a')
        self.assertEqual((), self._clean())
        self._check_others()

    def test_two_of_one_name(self):
        """A proxy that sends a create twice makes two."""
        self._own('a', 'id-a')
        self.compute.put('id-a', 'a')
        self.compute.put('id-b', 'a')
        self.assertEqual((), self._clean())
        self._check_others()

    def test_a_renamed_one_is_known_by_its_id(self):
        self._own('a', 'id-a')
        self.compute.put('id-a', 'renamed')
        self.assertEqual((), self._clean())
        self._check_others()

    def test_nothing_is_deleted_that_is_not_there(self):
        self._own('a', 'id-a')
        self.assertEqual((), self._clean())
        self.assertNotIn('delete_server', [c[0] for c in self.compute.calls])

    def test_nothing_owed_nothing_asked(self):
        self.assertEqual((), self._clean())
        self.assertEqual([], self.compute.calls)

    def test_twice(self):
        self._own('a', 'id-a')
        self.compute.put('id-a', 'a')
        self.assertEqual((), self._clean())
        self.assertEqual((), self._clean())
        self._check_others()

    def test_errors_are_passing(self):
        self._own('a', 'id-a')
        self.compute.put('id-a', 'a')
        self.compute.failing['list_servers'].extend([fakes.refusal(503)] * 3)
        self.compute.failing['delete_server'].extend([fakes.refusal(409)] * 3)
        self.assertEqual((), self._clean())
        self._check_others()

    def test_what_stays_is_named(self):
        self._own('a', 'id-a')
        self.compute.put('id-a', 'a')
        self.compute.undeletable = True
        (left,) = self._clean()
        self.assertEqual('server/id-a', left.resource)
        self.assertEqual('still ACTIVE after its deletion', left.why)
        deletes = [c for c in self.compute.calls if c[0] == 'delete_server']
        # Asked for again after a while, not each second.
        self.assertEqual(2, len(deletes))

    def test_no_answer_at_all(self):
        """Nothing is said to be gone because it could not be listed."""
        self._own('a')
        self._own('b', 'id-b')
        for method in ('list_servers', 'delete_server'):
            self.compute.always[method] = fakes.refusal(0, 'dead')
        left = self._clean()
        self.assertEqual(
            ['server/a', 'server/id-b'], [one.resource for one in left]
        )
        self.assertIn('dead', left[0].why)

    def test_servers_first(self):
        self._own('a', 'id-a')
        self.compute.put('id-a', 'a')
        self.book.owe('keypair', 'k')
        self.compute.keypairs.add('k')
        self._clean()
        deletes = [
            call[0]
            for call in self.compute.calls
            if call[0].startswith('delete')
        ]
        self.assertEqual(['delete_server', 'delete_keypair'], deletes)
