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
"""What a plan may say. Times are seconds, rates are per second.

Unknown keys are errors: a misspelt limit must not be a limit that is not
there.
"""

from typing import Annotated

import msgspec

from extreme_tempest_plugin.plan import faults as faults_
from extreme_tempest_plugin.plan import slo as slo_
from extreme_tempest_plugin.plan import values

#: Seconds between which a user waits where a plan says nothing.
THINK_TIME = (0.5, 2.0)

#: What the control probe is called among the services.
CONTROL = 'control'

#: Checks of the steady state: all monitors, and one transaction.
APIS = 'apis'
CANARY = 'canary'

Fault = faults_.Fault
Bounds = faults_.Bounds
Chaos = faults_.Chaos
Abort = faults_.Abort
Steady = faults_.Steady
NARROWEST = faults_.NARROWEST

Times = slo_.Times
Slo = slo_.Slo
DEFAULT = slo_.DEFAULT


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Storm(_Part, frozen=True, forbid_unknown_fields=True):
    """Many users firing actions pseudo-randomly.

    :param actions: action name to weight; relative to each other.
    :param users: virtual users; None takes ``[stress] users``.
    :param think_time: a user waits between these two after each operation;
        None takes THINK_TIME, unless there is a rate.
    :param rate: operations of all users together that arrive per second,
        whether or not earlier ones have ended; takes the place of think_time.
    :param ramp: seconds over which the users begin, one after the other.
    :param processes: load processes on this machine.
    :param max_instances: servers of all users together; None takes
        ``[stress] max_instances``.
    :param limits: kind of resource to the number that all users together may
        have; 4 for each user where nothing is said.
    :param shared: kind of resource to the number that is created before the
        storm begins, for all users to act on at the same time.
    :param over_quota: limits are not lowered to what the quota leaves, and a
        create that the quota refuses is the cloud's right.
    :param settle_timeout: an acknowledged operation must have come to rest
        by then, or it is stuck.
    :param stuck_after: the same for states of a kind of resource: until then
        after an operation on it, one may be in that state.
    :param stop_on_finding: the storm ends with the first operation that
        cannot be right.
    """

    actions: dict[str, values.Weight]
    users: values.Count | None = None
    think_time: tuple[values.Seconds, values.Seconds] | None = None
    rate: values.Rate | None = None
    ramp: values.Seconds = 0.0
    processes: values.Processes = 1
    max_instances: values.Count | None = None
    limits: dict[str, values.Count] = {}
    shared: dict[str, values.Count] = {}
    over_quota: bool = False
    settle_timeout: values.PositiveSeconds = 120.0
    stuck_after: dict[str, dict[str, values.PositiveSeconds]] = {}
    stop_on_finding: bool = False

    def __post_init__(self) -> None:
        if not any(weight > 0 for weight in self.actions.values()):
            raise ValueError('all weights of `actions` are 0: nothing to do')
        if self.think_time and self.think_time[0] > self.think_time[1]:
            raise ValueError('`think_time` must be [least, most]')
        if self.think_time and self.rate is not None:
            raise ValueError(
                '`rate` and `think_time`: operations come at a rate, or after '
                'a time of thought; give one of the two'
            )
        if self.users is not None and self.processes > self.users:
            raise ValueError(
                f'`processes`: {self.users} users cannot be shared by '
                f'{self.processes}: give at most the number of users'
            )

    def deadline(self, kind: str, state: str = '') -> float:
        """Seconds after which an operation must have come to rest.

        :param kind: of the resource; empty for any.
        :param state: that it is in, as its service writes it or in another
            case; empty for any: then it is the longest of the kind.
        """
        states = self.stuck_after.get(kind, {})
        if not state:
            return max(self.settle_timeout, *states.values(), 0.0)
        for name, seconds in states.items():
            if name.lower() == state.lower():
                return seconds
        return self.settle_timeout


class Uptime(_Part, frozen=True, forbid_unknown_fields=True):
    """One monitor for each API.

    :param services: service names; None takes ``[uptime] services``.
    :param interval: between two samples of a service.
    :param timeout: a sample without an answer by then has failed.
    :param boot_interval: between two boots, where servers are booted.
    :param boot_timeout: a server that is not ACTIVE by then has failed.
    :param samples: the watch ends after so many of each service; None leaves
        it to the duration.
    :param control: something of the tester's own network that is watched
        beside them, ``tcp:HOST:PORT`` for one; None takes ``[uptime]
        control``. Outages that it shares are nobody's.
    """

    services: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] | None = (
        None
    )
    interval: values.Interval = 0.5
    timeout: values.PositiveSeconds = 10.0
    boot_interval: values.BootInterval = 30.0
    boot_timeout: values.BootTimeout = 120.0
    samples: values.Count | None = None
    control: str | None = None

    def __post_init__(self) -> None:
        services = self.services or ()
        for service in services:
            if services.count(service) > 1:
                raise ValueError(f'`services`: {service} stands there twice')

    def interval_of(self, service: str) -> float:
        """Seconds between two samples of ``service``."""
        return self.boot_interval if boots(service) else self.interval

    def timeout_of(self, service: str) -> float:
        """Seconds after which a sample of ``service`` has failed."""
        return self.boot_timeout if boots(service) else self.timeout


def boots(service: str) -> bool:
    """Whether what is watched under this name is the boot of a server."""
    return service.partition('@')[0].endswith('/boot')


class Plan(_Part, frozen=True, forbid_unknown_fields=True):
    """One campaign: which storms, monitors and faults, and what is expected.

    :param name: names the run in reports.
    :param duration: how long the storm fires, or the monitors watch.
    :param seed: of all choices; None draws one, which the history records.
    :param chaos: faults by chance, in the place of ``faults``.
    :param overlap: see ``faults.Bounds``, as the next two.
    :param abort: when nothing more is broken.
    :param steady: what the cloud must come back to after a fault.
    """

    name: values.Name
    duration: values.PositiveSeconds
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**62)] | None = None
    storm: Storm | None = None
    uptime: Uptime | None = None
    faults: tuple[Fault, ...] = ()
    chaos: Chaos | None = None
    overlap: bool = False
    most_hosts: values.Count = 1
    beyond_quorum: bool = False
    abort: Abort = Abort()
    steady: Steady = Steady()
    slo: Slo = Slo()

    def __post_init__(self) -> None:
        if self.storm is None and self.uptime is None:
            raise ValueError('neither `storm` nor `uptime`: nothing to do')
        if self.storm is not None and self.storm.ramp >= self.duration:
            raise ValueError(
                f'`storm.ramp`: the last user would begin at '
                f'{self.storm.ramp:g} s, after the end at {self.duration:g} s'
            )
        if self.chaos and self.faults:
            raise ValueError('`chaos` and `faults`: give one of the two')
        for fault in self.faults:
            if fault.at >= self.duration:
                raise ValueError(
                    f'`faults`: {fault.fault} of {fault.target} is due at '
                    f'{fault.at:g} s, after the end at {self.duration:g} s'
                )

    @property
    def bounds(self) -> Bounds:
        """What its faults may do together."""
        return Bounds(
            overlap=self.overlap,
            most_hosts=self.most_hosts,
            beyond_quorum=self.beyond_quorum,
        )

    def of_storm(self) -> 'Plan':
        """Its storm alone: nothing is watched, nothing is broken."""
        return msgspec.structs.replace(
            self, uptime=None, faults=(), chaos=None
        )
