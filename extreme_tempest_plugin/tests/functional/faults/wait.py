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
"""Waiting for what comes when it comes, on a busy machine."""

import collections.abc
import time


def until(
    condition: collections.abc.Callable[[], object], seconds: float = 60.0
) -> None:
    """Until it holds.

    :raises AssertionError: if it does not by then.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'not within {seconds:g} s'
        time.sleep(0.05)
