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
"""How long operations took: what is known of it, and what of all of them.

A time is known as an interval: a look comes after the rest that it shows, and
a call without an answer took at least until it was given up. Order statistics
are monotonic, so the percentile of the lower bounds and that of the upper
bounds enclose the true one. Percentiles are exact, by nearest rank.

Where operations come at a rate, latency counts from when one was due: a cloud
that holds up a user also holds up what comes after (coordinated omission, G.
Tene, "How NOT to measure latency", 2013). What the user itself was late, by
looks or by a busy tester, is not the cloud's: the lower bound is the time in
the queue that the calls of one user would form without it (D. V. Lindley,
"The theory of queues with a single server", 1952).
"""

import collections
import collections.abc
import dataclasses
import math

from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import states
from extreme_tempest_plugin.checkers import windows

#: The upper bound of what never ended.
FOREVER = 2**63 - 1


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """What is known of one time.

    :param least: it took at least so long, ns.
    :param most: and at most so long, ns; FOREVER if nobody knows.
    """

    operation: operations.Operation
    least: int
    most: int


#: By action.
Samples = dict[str, list[Sample]]


def nearest_rank(
    ordered: collections.abc.Sequence[int], percent: float
) -> int:
    """A percentile: the smallest value that so many are not above.

    https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method

    :param ordered: at least one value, from the smallest.
    :param percent: 1 to 100.
    """
    return ordered[math.ceil(percent * len(ordered) / 100) - 1]


def needed(percent: int) -> int:
    """Values that it takes for one to be above a percentile: 20 for 95."""
    return 1 if percent == 100 else math.ceil(100 / (100 - percent))


def bounds(samples: list[Sample], percent: int) -> tuple[int, int]:
    """The least and the most that a percentile may be, ns.

    Where there are too few samples, the missing ones may have taken no time,
    or for ever.
    """
    missing = max(0, needed(percent) - len(samples))
    least = sorted([0] * missing + [one.least for one in samples])
    most = sorted(one.most for one in samples)
    return (
        nearest_rank(least, percent),
        FOREVER if missing else nearest_rank(most, percent),
    )


def latencies(
    calls: collections.abc.Iterable[operations.Operation], cover: windows.Cover
) -> Samples:
    """Latencies outside of fault windows, by action.

    A refusal and an error are no latency: others count them.

    :param calls: in order of their invocation.
    """
    found: Samples = collections.defaultdict(list)
    queues: dict[str, _Queue] = collections.defaultdict(_Queue)
    for call in calls:
        least, most, since = queues[call.actor].take(call)
        if cover.of(since, call.end):
            continue
        if call.acknowledged:
            found[call.action].append(Sample(call, least, most))
        elif call.uncertain and not call.status:
            found[call.action].append(Sample(call, least, FOREVER))
    return found


@dataclasses.dataclass(slots=True)
class _Queue:
    """The calls of one user, one after the other.

    :ivar free: when it would be free if it were never late itself, ns.
    :ivar ended: when its last call ended, ns.
    :ivar busy: since when there was always one due or under way, ns.
    """

    free: int = 0
    ended: int = 0
    busy: int = 0

    def take(self, call: operations.Operation) -> tuple[int, int, int]:
        """The bounds of a latency, and since when it may have been held up."""
        due = min(call.intended or call.began, call.began)
        if due >= self.ended:
            self.busy = due
        self.ended = call.end
        if call.intended:
            self.free = max(due, self.free) + call.end - call.began
        else:
            self.free = call.end
        most = call.end - due
        return min(self.free - due, most), most, self.busy


def settle_times(
    calls: collections.abc.Iterable[operations.Operation], cover: windows.Cover
) -> Samples:
    """Times from the acknowledgement to rest, by action.

    What went into an error state has no such time; ``stuck`` has it.
    """
    found: Samples = collections.defaultdict(list)
    for call in calls:
        if not call.acknowledged:
            continue
        rest = call.rest
        if rest is None:
            if not cover.of(call.began, windows.OPEN):
                found[call.action].append(Sample(call, 0, FOREVER))
        elif not cover.of(call.began, rest.t) and (
            rest.reached or not states.is_error(rest.state)
        ):
            most = rest.after_ns if rest.reached else FOREVER
            found[call.action].append(Sample(call, rest.least_ns, most))
    return found
