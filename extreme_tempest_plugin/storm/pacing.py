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
"""When a user does its next operation.

Pure. Times are ns of one clock; each user has a random source of its own, so
the times do not depend on how many workers there are.
"""

import random
import typing

from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.storm import choosing

_SECOND = 1e9


class Pace(typing.Protocol):
    """When operations are due.

    :ivar open: they are due whether or not the ones before have ended.
    """

    open: bool

    def first(self, begin: int) -> int:
        """When the first one is due, of a user who begins then."""
        ...

    def after(self, due: int, ended: int) -> int:
        """When the next one is due, after one that was due and has ended."""
        ...


class Thinking:
    """A user waits a while after each operation.

    :param least, most: seconds between which it is.
    """

    open = False

    def __init__(self, rng: random.Random, least: float, most: float) -> None:
        self._rng = rng
        self._least = least * _SECOND
        self._most = most * _SECOND

    def first(self, begin: int) -> int:
        """At once."""
        return begin

    def after(self, due: int, ended: int) -> int:
        """After a while of thought."""
        return ended + int(self._rng.uniform(self._least, self._most))


class Arrivals:
    """Operations arrive by themselves, as a Poisson process.

    The sum of such processes is one, too, with the sum of their rates.

    :param rate: per second.
    """

    open = True

    def __init__(self, rng: random.Random, rate: float) -> None:
        self._rng = rng
        self._rate = rate / _SECOND

    def first(self, begin: int) -> int:
        """After the first gap."""
        return self.after(begin, begin)

    def after(self, due: int, ended: int) -> int:
        """After an exponentially distributed gap."""
        return due + int(self._rng.expovariate(self._rate))


def pace(storm: plan_model.Storm, seed: int, index: int) -> Pace:
    """The pace of one user.

    :param storm: complete: with users.
    :param index: of the user, over all workers.
    """
    users = storm.users or 1
    if storm.rate is not None:
        rng = choosing.source(seed, index, 'arrivals')
        return Arrivals(rng, storm.rate / users)
    least, most = storm.think_time or plan_model.THINK_TIME
    return Thinking(choosing.source(seed, index, 'think'), least, most)


def begin(storm: plan_model.Storm, index: int, start: int) -> int:
    """When a user begins.

    :param storm: complete: with users.
    :param start: of the storm, ns.
    """
    return start + int(storm.ramp * _SECOND * index / (storm.users or 1))
