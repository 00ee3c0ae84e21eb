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
"""Threads that run jobs beside each other, made when they are needed."""

import collections.abc
import queue
import threading

Job = collections.abc.Callable[[], None]
_STACK_BYTES = 512 * 1024


class Workers:
    """As many threads as there were ever jobs at one time.

    concurrent.futures is not used: at its exit it waits for threads that
    hang, and a monitor must end.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        threading.stack_size(_STACK_BYTES)

    def launch(self, job: Job) -> None:
        """Run ``job`` in an idle thread or a new one.

        :raises RuntimeError: if there can be no more threads.
        """
        if not self._idle.acquire(blocking=False):
            threading.Thread(target=self._work, daemon=True).start()
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            self._idle.release()
