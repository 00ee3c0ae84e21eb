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
"""Something that is done while the campaign goes on."""

import collections.abc
import concurrent.futures


class Beside:
    """Does something beside what comes next, which waits a little for it.

    :param seconds: that it waits.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pool = concurrent.futures.ThreadPoolExecutor(1)
        self._going: concurrent.futures.Future[None] | None = None

    def do(self, call: collections.abc.Callable[[], None]) -> None:
        """Begin it, unless the one before still goes on."""
        if self._going is None or self._going.done():
            self.end()
            self._going = self._pool.submit(call)
        concurrent.futures.wait([self._going], self._seconds)

    def end(self) -> None:
        """Wait until it is over; raises what it raised."""
        going, self._going = self._going, None
        if going is not None:
            going.result()
