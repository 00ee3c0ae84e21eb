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
"""What is owed, whatever happened to the process that wrote it."""

import pathlib

import fixtures
import hypothesis
import testtools
from hypothesis import strategies

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ledger


def _debt(name: str, id_: str = '') -> ledger.Debt:
    return ledger.Debt(kind='server', name=name, id=id_)


class LedgerTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.directory / 'ledger.jsonl'

    def _open(self) -> ledger.Ledger:
        opened = ledger.Ledger(self.path)
        self.addCleanup(opened.close)
        return opened

    def test_a_create_without_an_answer_is_owed(self):
        self._open().owe('server', 'a')
        self.assertEqual((_debt('a'),), ledger.read([self.path]))

    def test_a_create_with_an_answer_is_owed_by_id(self):
        book = self._open()
        book.owe('server', 'a')
        book.made('server', 'a', 'id-1')
        self.assertEqual((_debt('a', 'id-1'),), ledger.read([self.path]))

    def test_what_is_gone_is_not_owed(self):
        book = self._open()
        book.owe('server', 'a')
        book.made('server', 'a', 'id-1')
        book.owe('keypair', 'a')
        book.gone('server', 'a')
        owed = ledger.read([self.path])
        self.assertEqual(['keypair/a'], [debt.resource for debt in owed])

    def test_all_that_was_made(self):
        book = self._open()
        book.owe('server', 'a')
        book.made('server', 'a', 'id-1')
        book.gone('server', 'a')
        book.owe('server', 'b')
        book.made('zone', 'z', 'id-2')
        self.assertEqual({'id-1': 'a'}, ledger.made([self.path], 'server'))

    def test_a_second_process_appends(self):
        self._open().owe('server', 'a')
        self._open().owe('server', 'b')
        self.assertEqual(2, len(ledger.read([self.path])))

    def test_no_file_nothing_owed(self):
        self.assertEqual((), ledger.read([self.path]))

    def test_a_broken_line_is_not_passed_over(self):
        self.path.write_bytes(b'{"what":"ow\n{"what":"owed"}\n')
        error = self.assertRaises(
            errors.HarnessError, ledger.read, [self.path]
        )
        self.assertIn(':1:', str(error))

    def test_a_directory_is_no_ledger(self):
        self.assertRaises(errors.HarnessError, ledger.read, [self.directory])

    def test_only_its_owner_reads_it(self):
        self._open()
        self.assertEqual(0o600, self.path.stat().st_mode & 0o777)

    @hypothesis.settings(max_examples=40)
    @hypothesis.given(
        names=strategies.lists(
            strategies.text(
                strategies.characters(codec='utf-8'), min_size=1, max_size=8
            ),
            unique=True,
            max_size=6,
        ),
        cut=strategies.integers(0, 400),
    )
    def test_torn_anywhere(self, names, cut):
        """After a kill, every create whose line is whole is owed."""
        self.path.unlink(missing_ok=True)
        book = ledger.Ledger(self.path)
        for name in names:
            book.owe('server', name)
        book.close()
        text = self.path.read_bytes()[:cut]
        self.path.write_bytes(text)
        whole = text.count(b'\n')
        owed = [debt.name for debt in ledger.read([self.path])]
        # A last line that only lacks its end may count or not.
        assert owed[:whole] == names[:whole]
        assert len(owed) in (whole, whole + 1)
