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
"""The real clock of a monitor, and what ends it.

A monitor ends on SIGTERM or SIGINT, when its standard input is closed, and
when its parent is gone: it never outlives its campaign.
"""

import os
import select
import signal
import time

#: A parent that was killed may have left the other end of our standard input
#: open in a child of its own; so its identity is looked at, too.
_LOOK_NS = 1_000_000_000


class Lifeline:
    """Clock of a sampler; see ``sampler.Clock``.

    To be made in the main thread, which alone may take signals.

    :param fd: what the parent keeps open as long as it lives.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._parent = os.getppid()
        self._over = False
        self._signals, signalled = os.pipe()
        os.set_blocking(signalled, False)
        signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _nothing)

    def now(self) -> int:
        """CLOCK_MONOTONIC, ns."""
        return time.monotonic_ns()

    def wait_until(self, when: int) -> bool:
        """True at ``when``; False as soon as the monitor is to end."""
        while not self._over:
            # Also when it is late already, or a busy machine could not end
            # its monitors.
            left = max(0, when - time.monotonic_ns())
            readable, _, _ = select.select(
                [self._fd, self._signals], [], [], min(left, _LOOK_NS) / 1e9
            )
            if self._signals in readable or os.getppid() != self._parent:
                self._over = True
            elif self._fd in readable:
                self._over = not os.read(self._fd, 4096)
            elif time.monotonic_ns() >= when:
                return True
        return False

    def rest_until(self, when: int) -> None:
        """Wait, whatever comes."""
        left = when - time.monotonic_ns()
        if left > 0:
            time.sleep(left / 1e9)


def _nothing(number: int, frame: object) -> None:
    """The wake-up descriptor tells the waiting loop."""
