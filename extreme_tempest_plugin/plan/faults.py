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
"""What a plan may break, and how far it may go. Times are seconds."""

import dataclasses
import math
import random
from typing import Annotated

import msgspec

from extreme_tempest_plugin.plan import values

#: Nova's service_down_time is 60 s; the rest is for clocks that differ.
DOWN_AFTER = 75.0
#: Kinds of faults that leave nothing of a host.
_OFF = ('node.off', 'node.shutdown')


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Something to break on purpose.

    :param fault: kind of fault, see ``faults.catalogue``.
    :param target: name in the os-faults configuration; must be listed in
        ``[destructive] targets``.
    :param host: one of the hosts of a service, by ``ip`` or ``fqdn``; empty
        for all of them.
    :param at: seconds after the start of the storm.
    :param hold: how long it lasts before it is healed; None holds it until
        the storm is over. A fault that heals itself (a restart) takes 0.
    :param recovery: the target must be proven whole again this long after
        the injection.
    """

    fault: str
    target: str
    host: str = ''
    at: values.Seconds = 0.0
    hold: values.Seconds | None = 0.0
    recovery: values.PositiveSeconds = 120.0


class Chaos(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Faults drawn by chance, one after the other, for as long as it lasts.

    :param faults: each is as likely as the others; they say not when.
    :param pause: seconds, least and most, until the first one, and from the
        heal of one to the next.
    """

    faults: Annotated[tuple[Fault, ...], msgspec.Meta(min_length=1)]
    pause: tuple[values.Pause, values.Pause] = (15.0, 45.0)

    def __post_init__(self) -> None:
        if self.pause[0] > self.pause[1]:
            raise ValueError('`pause`: the first is the least, not the most')
        for fault in self.faults:
            about = f'`faults`: {fault.fault} of {fault.target}'
            if fault.at:
                raise ValueError(f'{about}: chance says when: leave `at` out')
            if fault.hold is None:
                raise ValueError(f'{about}: give `hold` in seconds')

    def drawn(self, seed: int, duration: float) -> tuple[Fault, ...]:
        """The faults of one run; the same for the same seed.

        :param duration: seconds, in which each is injected and healed.
        """
        chance = random.Random(f'{seed}/chaos')
        drawn: list[Fault] = []
        at = chance.uniform(*self.pause)
        while True:
            fault = chance.choice(self.faults)
            end = at + (fault.hold or 0.0)
            if end >= duration:
                return tuple(drawn)
            # Never up: it would be due at the end.
            tenth = math.floor(at * 10) / 10
            drawn.append(msgspec.structs.replace(fault, at=tenth))
            at = end + chance.uniform(*self.pause)


class Abort(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """When nothing more is broken, and the campaign ends.

    :param down_services: so many of the services that are watched may be down
        between two faults.
    :param seconds: what is down for so long after a heal counts.
    """

    down_services: Annotated[int, msgspec.Meta(ge=0)] = 2
    seconds: values.Seconds = 120.0


class Steady(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The steady state, which each fault leaves and must come back to.

    :param within: seconds after the proven heal.
    :param checks: by which it is known; None for all that the cloud can have.
    :param without: checks that are left out of all that the cloud can have.
    :param down_after: seconds after which nova must call the services of a
        host down that is off; None for DOWN_AFTER, and where that cannot be
        measured nobody misses it.
    """

    within: values.PositiveSeconds = 180.0
    checks: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    down_after: values.PositiveSeconds | None = None

    def __post_init__(self) -> None:
        if self.checks is not None and self.without:
            raise ValueError('`checks` and `without`: give one of the two')

    def wants(self, check: str) -> bool:
        """Whether a check is one by which it is known."""
        if self.checks is not None:
            return check in self.checks
        return check not in self.without

    @property
    def down_in(self) -> float:
        """Seconds after which nova must call what is off down."""
        return DOWN_AFTER if self.down_after is None else self.down_after

    def expects_down(self, fault: Fault) -> bool:
        """Whether nova must see, before a fault is healed, what is off."""
        return fault.fault in _OFF and (fault.hold or 0.0) >= self.down_in


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the faults of a plan may do together.

    :param overlap: one may be injected while another one lasts.
    :param most_hosts: that are hit as a whole at the same time.
    :param beyond_quorum: a cluster may be left without a majority.
    """

    overlap: bool = False
    most_hosts: int = 1
    beyond_quorum: bool = False


#: Those of a plan that says nothing of it.
NARROWEST = Bounds()
