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
"""Histories of several runs, and of clocks that were set."""

import msgspec
import testtools

from extreme_tempest_plugin.checkers import origin
from extreme_tempest_plugin.checkers import verdict
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.tests.unit.checkers import histories

CLOCK = events.Topic.CLOCK


class TestOrigin(testtools.TestCase):
    def judge(self, built, expected, words='', **header):
        changed = msgspec.structs.replace(built.header(), **header)
        found = verdict.judge(changed, built.events(), built.plan)
        self.assertEqual(expected, found.verdict, found.reason)
        self.assertIn(words, found.reason)
        self.assertNotIn('\n', found.reason)

    def test_one_run(self):
        self.judge(histories.storm(), 'pass')

    def test_a_process_of_another_run(self):
        built = histories.storm()
        built.note(1.0, events.Topic.STARTED, 'uptime/nova', 'other-run')
        built.note(2.0, events.Topic.ENDED, 'uptime/nova')
        self.judge(
            built,
            'unknown',
            f'the header is that of {histories.RUN}, and uptime/nova began '
            'to write for other-run.',
        )

    def test_the_header_of_another_run(self):
        self.judge(histories.storm(), 'unknown', 'more than one', run='x')

    def test_a_process_that_does_not_name_its_run(self):
        """As in histories of before 2026-11-21."""
        built = histories.storm()
        built.note(1.0, events.Topic.STARTED, 'uptime/nova')
        built.note(2.0, events.Topic.ENDED, 'uptime/nova')
        self.judge(built, 'pass')

    def clocks(self, *offsets):
        built = histories.storm()
        for number, offset in enumerate(offsets):
            built.note(1.0 + number, CLOCK, f'storm/{number}', str(offset))
        return built

    def test_clocks_that_agree(self):
        for apart in (0, origin.MOST_APART, -origin.MOST_APART):
            self.judge(self.clocks(7, 7 + apart), 'pass')

    def test_a_clock_that_was_set(self):
        for apart in (10**9 + origin.MOST_APART, -origin.MOST_APART - 10**9):
            self.judge(
                self.clocks(7, 7, 7 + apart),
                'unknown',
                'The clock of storm/2 is 3.00 s off that of storm/0',
            )

    def test_a_clock_that_cannot_be_read(self):
        for text in ('x', '', '9' * 5000, '²'):
            self.judge(self.clocks(text), 'unknown', 'cannot be read')

    def test_events_of_another_time(self):
        for t, words in (
            (-3.5, 'The first event is 3.50 s older than the run'),
            (109.0, 'storm/7 wrote 10.0 s after the end of the campaign'),
        ):
            built = histories.storm()
            built.note(t, events.Topic.REMARK, actor='storm/7')
            self.judge(built, 'unknown', words)

    def test_events_just_before_and_after(self):
        built = histories.storm()
        for t in (-1.5, 100.5):
            built.note(t, events.Topic.REMARK)
        self.judge(built, 'pass')
