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
import pathlib
import signal
import threading
from unittest import mock

import testtools

from extreme_tempest_plugin.sandbox import namespace

PATH = pathlib.Path('/run/netns/none')


@mock.patch.object(namespace, '_join')
class TestCall(testtools.TestCase):
    def test_result_and_exception_come_through(self, join):
        self.assertEqual(7, namespace.call(PATH, lambda: 7))
        join.assert_called_once_with(PATH)
        self.assertRaises(
            ZeroDivisionError, namespace.call, PATH, lambda: 1 // 0
        )

    def test_ctrl_c_does_not_wait_for_an_answer(self, join):
        # A job in the background is started with SIGINT ignored.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        answer, late = threading.Event(), threading.Event()
        self.addCleanup(answer.set)

        def ask():
            # Until the caller waits for the result.
            answer.wait(0.05)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            answer.wait(5)
            late.set()

        self.assertRaises(KeyboardInterrupt, namespace.call, PATH, ask)
        self.assertFalse(late.is_set())

    def test_no_such_namespace(self, join):
        join.side_effect = FileNotFoundError(2, 'No such file', str(PATH))
        self.assertRaises(OSError, namespace.call, PATH, lambda: 7)
