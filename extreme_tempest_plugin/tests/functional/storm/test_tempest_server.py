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
"""The server that runs tests of Tempest: real processes, real forks."""

import os
import pathlib
import random
import signal
import threading
import time
import unittest

import testtools

from extreme_tempest_plugin.storm.actions import tempest_test

HERE = f'{__name__}.Sample'

#: Seconds to wait for what must come.
PATIENCE = 20.0


class Sample(unittest.TestCase):
    """Run by the server alone: no test_ in its names."""

    def fine(self):
        pass

    def name(self):
        raise AssertionError(random.getrandbits(64))

    def process(self):
        raise AssertionError(os.getpid())

    def dies(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def hangs(self):
        time.sleep(600)


class ServerTest(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self._hide_tracebacks()
        self.runner = tempest_test._Runner()
        self.addCleanup(self._end)

    def _hide_tracebacks(self):
        """The server writes those of the samples where this process does."""
        kept = os.dup(2)
        self.addCleanup(os.close, kept)
        self.addCleanup(os.dup2, kept, 2)
        with open(os.devnull, 'wb') as nowhere:
            os.dup2(nowhere.fileno(), 2)

    def _end(self):
        if self.runner._child is not None:
            self.runner._child.kill()
            self.runner._child.wait()
            path = pathlib.Path(self.runner._path)
            path.unlink(missing_ok=True)
            path.parent.rmdir()

    def test_each_test_has_a_process_of_its_own(self):
        self.assertEqual('ok', self.runner.run(f'{HERE}.fine').outcome)
        found = {self.runner.run(f'{HERE}.process').text for _ in range(3)}
        self.assertEqual(3, len(found), found)
        self.assertNotIn(str(os.getpid()), ''.join(found))

    def test_no_two_draw_the_same_names(self):
        found = {self.runner.run(f'{HERE}.name').text for _ in range(5)}
        self.assertEqual(5, len(found), found)

    def test_many_at_the_same_time(self):
        results = []
        threads = [
            threading.Thread(
                target=lambda: results.append(
                    self.runner.run(f'{HERE}.fine').outcome
                )
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(['ok'] * 8, results)

    def test_a_test_that_dies(self):
        result = self.runner.run(f'{HERE}.dies')
        self.assertEqual('failed', result.outcome)
        self.assertIn('without a result', result.text)
        self.assertEqual('ok', self.runner.run(f'{HERE}.fine').outcome)

    def test_a_test_that_takes_too_long(self):
        self.patch(tempest_test, 'TIMEOUT', 1)
        result = self.runner.run(f'{HERE}.hangs')
        self.assertEqual('failed', result.outcome)
        self.assertIn('TimeoutError', result.text)

    def test_it_ends_with_its_parent(self):
        """And leaves nothing behind."""
        reader, writer = os.pipe()
        parent = os.fork()
        if parent == 0:
            try:
                self.runner.run(f'{HERE}.fine')
                child = self.runner._child.pid
                os.write(writer, f'{child} {self.runner._path}'.encode())
            finally:
                os._exit(0)
        os.waitpid(parent, 0)
        pid, path = os.read(reader, 4096).decode().split()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and _lives(int(pid)):
            time.sleep(0.1)
        self.assertFalse(_lives(int(pid)))
        self.assertFalse(pathlib.Path(path).parent.exists())


def _lives(pid):
    """Whether a process runs; one that ended and waits for init does not."""
    try:
        return bool(pathlib.Path(f'/proc/{pid}/cmdline').read_bytes())
    except OSError:
        return False
