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
"""Whether the faults of a plan can be run at all, on whatever cloud."""

import collections.abc

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.plan import model


def check(
    faults: collections.abc.Iterable[model.Fault],
    bounds: model.Bounds = model.NARROWEST,
) -> None:
    """Whether the faults of a plan can be run at all.

    :param bounds: whether one may begin while another one lasts.
    :raises PlanError: naming the fault and what is wrong with it.
    """
    before: list[tuple[int, model.Fault]] = []
    numbered = enumerate(faults, start=1)
    for number, fault in sorted(numbered, key=lambda one: one[1].at):
        wrong = _wrong(fault) or _beside(fault, before, bounds)
        if wrong:
            raise errors.PlanError(
                f'faults: {number}: {fault.fault} of {fault.target}: {wrong}'
            )
        before.append((number, fault))


def dead_man(fault: model.Fault) -> float:
    """Seconds after which the target undoes it by itself, 0 for never."""
    if not engines.kind(fault.fault).dead_man or fault.hold is None:
        return 0.0
    return fault.hold + fault.recovery


def _wrong(fault: model.Fault) -> str:
    if (
        fault.host
        and engines.kind(fault.fault).of != catalogue.Subject.SERVICE
    ):
        return f'{fault.target} says itself where it is: leave `host` out'
    if engines.kind(fault.fault).dead_man and fault.hold is None:
        return (
            'a timer on the host undoes it if we cannot, and must know when: '
            'give `hold` in seconds'
        )
    if engines.kind(fault.fault).heals_itself and fault.hold != 0:
        return 'heals itself: leave `hold` out'
    if fault.hold is not None and fault.hold >= fault.recovery:
        return (
            f'held for {fault.hold:g} s, it cannot be whole '
            f'{fault.recovery:g} s after the injection: raise `recovery`'
        )
    return ''


def _beside(
    fault: model.Fault,
    before: collections.abc.Iterable[tuple[int, model.Fault]],
    bounds: model.Bounds,
) -> str:
    """What is wrong with a fault beside those that begin before it."""
    for number, other in before:
        if other.hold is not None and other.at + other.hold <= fault.at:
            continue
        if other.target == fault.target:
            return f'fault {number} still holds its target'
        if not bounds.overlap:
            return (
                f'fault {number} ({other.fault} of {other.target}) lasts '
                'until then: raise `at`, or say `overlap: true` in the plan'
            )
    return ''
