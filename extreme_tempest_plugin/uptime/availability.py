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
"""How well a service could be reached, and when it could not.

Pure: ``outages`` computes it from samples.
"""

import collections
import collections.abc

import msgspec

#: From one moment to another, ns.
Window = tuple[int, int]


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A window in which samples failed; see ``outages`` for the edges.

    :param start_ns: the first failed sample was sent.
    :param end_ns: the first good answer afterwards was there; if ``open``,
        the end of the watch.
    :param open: the service was not seen well again.
    :param failed: samples that failed.
    :param missed: samples in the window that could not be sent.
    :param unknown_ns: how much of the window nobody looked at.
    :param errors: class of error to number of samples.
    """

    start_ns: int
    start_earliest_ns: int
    start_latest_ns: int
    end_ns: int
    end_earliest_ns: int
    end_latest_ns: int
    open: bool
    failed: int
    missed: int
    unknown_ns: int
    errors: dict[str, int]

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def least_ns(self) -> int:
        """It lasted at least this long."""
        return max(0, self.end_earliest_ns - self.start_latest_ns)

    @property
    def most_ns(self) -> int:
        """It lasted at most this long."""
        return self.end_latest_ns - self.start_earliest_ns


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """How well a service could be reached during the watch.

    ``up_ns + down_ns + unknown_ns`` is the whole watch.
    """

    start_ns: int
    end_ns: int
    good: int
    failed: int
    missed: int
    up_ns: int
    down_ns: int
    unknown_ns: int
    outages: tuple[Outage, ...]

    @property
    def longest_ns(self) -> int:
        return max((outage.length_ns for outage in self.outages), default=0)

    @property
    def mttr_ns(self) -> float | None:
        """Mean length of the outages that were over; None without one."""
        over = [one.length_ns for one in self.outages if not one.open]
        return sum(over) / len(over) if over else None

    @property
    def uptime_pct_by_requests(self) -> float | None:
        """Share of good samples; None if there was none at all."""
        total = self.good + self.failed
        return 100.0 * self.good / total if total else None

    @property
    def uptime_pct_by_time(self) -> float | None:
        """Share of the time that it was seen well; unknown time is not up.

        None if the watch has no length.
        """
        total = self.end_ns - self.start_ns
        return 100.0 * self.up_ns / total if total else None


def joined(
    found: collections.abc.Iterable[Outage],
    unknown: collections.abc.Sequence[Window],
) -> tuple[Outage, ...]:
    """Those that overlap as one; in order of their start."""
    made: list[Outage] = []
    for one in found:
        if made and one.start_ns < made[-1].end_ns:
            one = _join(made.pop(), one, unknown)
        made.append(one)
    return tuple(made)


def _join(
    first: Outage,
    second: Outage,
    unknown: collections.abc.Sequence[Window],
) -> Outage:
    end = max(first.end_ns, second.end_ns)
    errors = collections.Counter(first.errors)
    errors.update(second.errors)
    return msgspec.structs.replace(
        first,
        end_ns=end,
        end_earliest_ns=max(first.end_earliest_ns, second.end_earliest_ns),
        end_latest_ns=end,
        open=second.open,
        failed=first.failed + second.failed,
        missed=first.missed + second.missed,
        unknown_ns=overlap(unknown, first.start_ns, end),
        errors=dict(sorted(errors.items())),
    )


def overlap(
    windows: collections.abc.Sequence[Window], start: int, end: int
) -> int:
    """How much of the windows lies between two moments."""
    return sum(
        max(0, min(right, end) - max(left, start)) for left, right in windows
    )
