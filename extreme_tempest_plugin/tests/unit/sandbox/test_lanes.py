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
"""Lanes end together, and none is waited for in vain."""

import threading

import testtools

from extreme_tempest_plugin.sandbox.image import lanes


class TestLanes(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.stopped = threading.Event()
        self.ended = []

    def run_lanes(self, **named):
        lanes.run(named, stop=self.stopped.set, ended=self.ended.append)

    def until_stopped(self):
        if not self.stopped.wait(20):
            raise AssertionError('nobody stopped this lane')

    def broken(self, message='no network'):
        raise ValueError(message)

    def test_all_lanes_run_at_once(self):
        barrier = threading.Barrier(2, timeout=20)
        self.run_lanes(one=barrier.wait, two=barrier.wait)
        self.assertEqual(['one', 'two'], sorted(self.ended))
        self.assertFalse(self.stopped.is_set())

    def test_a_failure_stops_the_others_and_comes_through(self):
        error = self.assertRaises(
            ValueError,
            self.run_lanes,
            slow=self.until_stopped,
            bad=self.broken,
        )
        self.assertEqual('no network', str(error))

    def test_an_interrupt_stops_all(self):
        def interrupt(name):
            raise KeyboardInterrupt

        self.assertRaises(
            KeyboardInterrupt,
            lanes.run,
            {'quick': lambda: None, 'slow': self.until_stopped},
            stop=self.stopped.set,
            ended=interrupt,
        )
        self.assertTrue(self.stopped.is_set())
