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
"""What the faults of a plan would do, told before anything is done."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.faults import clusters as clusters_
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults import plans
from extreme_tempest_plugin.plan import model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault. Times are seconds after the start of the storm.

    :param hosts: where a command would run, or whose power is switched.
    :param does: what would be done, as the history tells it.
    :param commands: that the configuration has for it, if it has any.
    :param by: with what.
    :param proof: what must be seen then.
    :param heal_at: when it would be undone; None at the end of the storm.
    :param undone_by: what undoes it.
    :param dead_man: seconds after which the target undoes it by itself; 0
        for never.
    :param whole_by: when it must be proven whole; None where the end of the
        storm is awaited.
    :param hits: hosts that suffer as a whole.
    :param quorum: clusters without a majority meanwhile, one line each.
    """

    fault: str
    target: str
    at: float
    hosts: tuple[str, ...]
    does: str
    commands: tuple[str, ...]
    by: str
    proof: str
    heal_at: float | None
    undone_by: str
    dead_man: float
    whole_by: float | None
    hits: tuple[str, ...]
    quorum: tuple[str, ...]


def steps(
    faults: collections.abc.Sequence[model.Fault],
    targets: collections.abc.Sequence[configuration.Target],
    clusters: collections.abc.Sequence[clusters_.Cluster],
) -> tuple[Step, ...]:
    """What would be done, in the order in which it is due.

    :param targets: of the faults, see ``guard.check``.
    """
    planned = tuple(zip(faults, targets, strict=True))
    found = [
        _step(
            fault,
            target,
            losses.broken(clusters, (target, *(its for _, its in others))),
        )
        for (fault, target), *others in losses.together(planned)
    ]
    return tuple(sorted(found, key=lambda step: step.at))


def _step(
    fault: model.Fault,
    target: configuration.Target,
    quorum: tuple[str, ...],
) -> Step:
    kind = engines.kind(fault.fault)
    part = target.part
    return Step(
        fault=fault.fault,
        target=fault.target,
        at=fault.at,
        hosts=target.addresses,
        does=f'{kind.does} of {target}',
        commands=part.commands() if part else (),
        by=(part and part.by) or engines.driver(kind, target).by,
        proof=kind.proof.value,
        heal_at=None if fault.hold is None else fault.at + fault.hold,
        undone_by=(
            f'itself, or else {kind.undoes}'
            if kind.heals_itself
            else kind.undoes.value
        ),
        dead_man=plans.dead_man(fault) if not part or part.timer else 0.0,
        whole_by=None if fault.hold is None else fault.at + fault.recovery,
        hits=losses.hit(target),
        quorum=quorum,
    )
