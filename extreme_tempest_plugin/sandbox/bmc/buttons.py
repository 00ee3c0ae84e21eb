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
"""The buttons of a machine, as its BMC presses them."""

import collections.abc
import logging
import queue
import threading
import time

from extreme_tempest_plugin.sandbox import errors

LOG = logging.getLogger(__name__)

#: Seconds that a power cycle keeps a machine off: the least of IPMI 2.0.
PAUSE_S = 1.0

#: An order and a time limit in seconds; returns the power state.
Give = collections.abc.Callable[[str, float], str]


class Buttons:
    """Presses the buttons of a machine, one after the other, in a thread.

    A BMC answers at once; what it was told to do takes its time.

    :param name: of the machine
    :param give: gives its supervisor an order; see machine.power()
    """

    def __init__(self, name: str, give: Give) -> None:
        self._name = name
        self._give = give
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._unfinished = 0
        self._lock = threading.Lock()
        self._last = 'off'
        threading.Thread(target=self._work, daemon=True).start()

    def press(self, *orders: str) -> None:
        """Give orders for the supervisor; ``pause`` waits a second."""
        LOG.info('%s: %s', self._name, ', '.join(orders))
        with self._lock:
            self._unfinished += len(orders)
        for order in orders:
            self._waiting.put(order)

    @property
    def state(self) -> str:
        """``on`` or ``off``; while an order is carried out, as before it."""
        if not self._unfinished:
            self._order('status', timeout=1)
        return self._last

    def _work(self) -> None:
        while True:
            order = self._waiting.get()
            if order == 'pause':
                time.sleep(PAUSE_S)
            else:
                self._order(order)
            with self._lock:
                self._unfinished -= 1

    def _order(self, order: str, timeout: float = 60) -> None:
        try:
            power = self._give(order, timeout)
        except errors.SandboxError as error:
            LOG.error('%s: %s: %s', self._name, order, error)
        else:
            # A machine without a supervisor has no power either.
            self._last = 'on' if power == 'on' else 'off'
