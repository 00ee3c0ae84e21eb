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
"""What ends a run from outside."""

import signal
from concurrent import futures

import testtools

from extreme_tempest_plugin import interruption

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def unheeded(number, frame):
    raise AssertionError(f'{number} is not heeded')


class TestSignals(testtools.TestCase):
    def setUp(self):
        super().setUp()
        for number in ENDS:
            # A job in the background is started with SIGINT ignored.
            before = signal.signal(number, unheeded)
            self.addCleanup(signal.signal, number, before)

    def heed(self, does):
        """Do it where signals are heeded."""
        with interruption.heeded():
            return does()

    def test_each_heals(self):
        for number in ENDS:
            self.assertRaises(
                KeyboardInterrupt,
                self.heed,
                lambda number=number: signal.raise_signal(number),
            )

    def test_more_of_them_do_not_end_the_heal(self):
        for first in ENDS:

            def does(first=first):
                healed = 0
                try:
                    signal.raise_signal(first)
                except KeyboardInterrupt:
                    for number in (signal.SIGHUP, signal.SIGTERM) * 2:
                        signal.raise_signal(number)
                        healed += 1
                return healed

            self.assertEqual(4, self.heed(does))

    def test_who_presses_it_again_insists(self):
        def does():
            try:
                signal.raise_signal(signal.SIGHUP)
            except KeyboardInterrupt:
                signal.raise_signal(signal.SIGINT)

        self.assertRaises(KeyboardInterrupt, self.heed, does)

    def test_what_is_started_meanwhile_can_be_ended(self):
        """What is ignored stays so in a child, a handler does not."""

        def does():
            try:
                signal.raise_signal(signal.SIGHUP)
            except KeyboardInterrupt:
                return [signal.getsignal(number) for number in ENDS[1:]]

        self.assertNotIn(signal.SIG_IGN, self.heed(does))

    def test_under_nohup(self):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

        def does():
            signal.raise_signal(signal.SIGHUP)
            return 7

        self.assertEqual(7, self.heed(does))

    def test_as_before_afterwards(self):
        before = [signal.getsignal(number) for number in ENDS]
        self.heed(lambda: None)
        self.assertRaises(
            KeyboardInterrupt,
            self.heed,
            lambda: signal.raise_signal(signal.SIGTERM),
        )
        self.assertEqual(before, [signal.getsignal(number) for number in ENDS])

    def test_in_another_thread(self):
        with futures.ThreadPoolExecutor(1) as pool:
            self.assertEqual(7, pool.submit(self.heed, lambda: 7).result())
