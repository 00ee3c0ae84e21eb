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
"""Whether reads and writes of one register can have happened one at a time.

Two rules, both after Gibbons and Korach, "Testing shared memories" (SIAM J.
Comput. 26, 1997):

1. A read of a value needs a write of it that began before the read ended, and
   no other acknowledged write may lie wholly between the two.
2. Where each value is written once: the zone of a value is the time between
   the first end and the last start of its operations, "forward" if they come
   in that order. Two forward zones must not overlap, and a backward zone must
   not lie within a forward one.

A set whose operations write one element each is judged by these rules, too:
linearizability is local (Herlihy and Wing, ACM TOPLAS 12, 1990, theorem 1),
so a history of it has an order if and only if that of each element has one,
and an element is a register that is there or not. A read of many elements is
one of each at the same time; taken apart, what is found is still wrong in
every order, and what contradicts only as a whole is not found.

Rule 1 holds for values that are written often, "not there" for one; rule 2
finds the rest: two reads that saw two concurrent writes in different orders.
"""

import bisect
import collections
import collections.abc
import dataclasses
import itertools

#: The end of a write that nobody knows the end of.
NEVER = 2**63 - 1

#: The start and end of what was there at first.
ALWAYS = -(2**63)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A value was written, or may have been.

    :param value: None for "not there".
    :param start: ns.
    :param end: ns; NEVER if nobody knows whether it happened.
    :param event: number of the event that tells of it, 0 for none.
    """

    value: str | None
    start: int
    end: int
    event: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A value was seen some time between ``start`` and ``end``, ns."""

    value: str | None
    start: int
    end: int
    event: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """No order of the operations explains a read.

    :param read: that cannot be explained.
    :param write: the acknowledged write that it does not show; None if the
        value that it shows was never written.
    """

    read: Read
    write: Write | None


def check(
    writes: collections.abc.Sequence[Write],
    reads: collections.abc.Sequence[Read],
) -> Violation | None:
    """The first violation, None if there is none.

    :param writes: with one for the value that was there at first. A write
        that certainly did not happen is not among them.
    """
    by_value: dict[str | None, list[Write]] = collections.defaultdict(list)
    for write in writes:
        by_value[write.value].append(write)
    newest = _Newest(writes)
    for read in sorted(reads, key=lambda read: (read.end, read.start)):
        candidates = [
            write
            for write in by_value.get(read.value, ())
            if write.start <= read.end
        ]
        if not candidates:
            return Violation(read=read, write=None)
        other = newest.before(read.start, read.value)
        if other and all(write.end < other.start for write in candidates):
            return Violation(read=read, write=other)
    return _zones(by_value, reads)


class _Newest:
    """Of the writes that ended before a time, the one that began last."""

    def __init__(self, writes: collections.abc.Iterable[Write]) -> None:
        ended = sorted(
            (write for write in writes if write.end != NEVER),
            key=lambda write: write.end,
        )
        self._ends = [write.end for write in ended]
        #: The newest up to each, and the newest of another value.
        self._best: list[tuple[Write, Write | None]] = []
        best: Write | None = None
        second: Write | None = None
        for write in ended:
            if best is None or write.start > best.start:
                if best is not None and best.value != write.value:
                    second = best
                best = write
            elif write.value != best.value and (
                second is None or write.start > second.start
            ):
                second = write
            self._best.append((best, second))

    def before(self, time: int, but: str | None) -> Write | None:
        """The newest that ended before ``time``, of another value."""
        position = bisect.bisect_left(self._ends, time) - 1
        if position < 0:
            return None
        best, second = self._best[position]
        return second if best.value == but else best


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    low: int
    high: int
    write: Write
    last: Read | None


def _zones(
    by_value: collections.abc.Mapping[str | None, list[Write]],
    reads: collections.abc.Iterable[Read],
) -> Violation | None:
    seen: dict[str | None, list[Read]] = collections.defaultdict(list)
    for read in reads:
        seen[read.value].append(read)
    forward: list[_Zone] = []
    backward: list[_Zone] = []
    for value, writes in by_value.items():
        if value is None or len(writes) > 1:
            continue
        write, its = writes[0], seen[value]
        first_end = min([write.end, *(read.end for read in its)])
        last_start = max([write.start, *(read.start for read in its)])
        last = max(its, key=lambda read: read.start, default=None)
        if write.end == NEVER and not its:
            # Nobody saw it: it need not have happened.
            continue
        zone = _Zone(
            low=min(first_end, last_start),
            high=max(first_end, last_start),
            write=write,
            last=last,
        )
        (forward if first_end < last_start else backward).append(zone)
    return _overlap(forward) or _within(forward, backward)


def _overlap(forward: list[_Zone]) -> Violation | None:
    """Two values that each were there before and after the other."""
    forward.sort(key=lambda zone: zone.low)
    for one, two in itertools.pairwise(forward):
        if two.low < one.high and one.last:
            return Violation(read=one.last, write=two.write)
    return None


def _within(forward: list[_Zone], backward: list[_Zone]) -> Violation | None:
    """A value that came while another one was there throughout."""
    lows = [zone.low for zone in forward]
    for zone in backward:
        position = bisect.bisect_left(lows, zone.low) - 1
        if position >= 0 and zone.high < forward[position].high:
            around = forward[position]
            if around.last:
                return Violation(read=around.last, write=zone.write)
    return None
