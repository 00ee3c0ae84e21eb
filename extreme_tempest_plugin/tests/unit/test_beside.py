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
"""What is done beside a heal, which does not wait for it."""

import threading

import testtools

from extreme_tempest_plugin import beside
from extreme_tempest_plugin import errors


class TestBeside(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.beside = beside.Beside(0)
        self.answered = threading.Event()
        self.addCleanup(self.answered.set)
        self.asked = []

    def ask(self, what='first'):
        self.asked.append(what)
        self.answered.wait()

    def test_nothing_was_begun(self):
        self.beside.end()

    def test_nobody_waits_for_what_does_not_answer(self):
        self.beside.do(self.ask)
        # And what still goes on is not begun again.
        self.beside.do(lambda: self.ask('second'))
        self.answered.set()
        self.beside.end()
        self.assertEqual(['first'], self.asked)

    def test_one_after_the_other(self):
        self.answered.set()
        for what in ('first', 'second'):
            self.beside.do(lambda what=what: self.ask(what))
            self.beside.end()
        self.assertEqual(['first', 'second'], self.asked)

    def test_what_broke_is_told_at_the_end(self):
        def broken():
            raise errors.HarnessError('the ledger cannot be read')

        self.beside.do(broken)
        self.assertRaises(errors.HarnessError, self.beside.end)
        self.beside.end()
