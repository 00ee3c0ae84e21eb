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
"""All collectors and checkers of one judgement."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.checkers import answers
from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import duplicates
from extreme_tempest_plugin.checkers import excuses
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import integrity
from extreme_tempest_plugin.checkers import lost
from extreme_tempest_plugin.checkers import marks
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import origin
from extreme_tempest_plugin.checkers import outage
from extreme_tempest_plugin.checkers import quotas
from extreme_tempest_plugin.checkers import recovery
from extreme_tempest_plugin.checkers import references
from extreme_tempest_plugin.checkers import refused
from extreme_tempest_plugin.checkers import registers
from extreme_tempest_plugin.checkers import server_logs
from extreme_tempest_plugin.checkers import steadiness
from extreme_tempest_plugin.checkers import stuck
from extreme_tempest_plugin.checkers import times
from extreme_tempest_plugin.checkers import unanswered
from extreme_tempest_plugin.checkers import unexpected
from extreme_tempest_plugin.checkers import uptime
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What all checkers conclude, with every limit a row."""

    findings: tuple[model.Finding, ...]
    gaps: tuple[model.Gap, ...]
    rows: tuple[model.Row, ...]
    measured: dict[str, float]


class Court:
    """All collectors and checkers of one judgement."""

    def __init__(self, plan: plan_model.Plan, header: events.Header) -> None:
        storm = plan.storm or plan_model.Storm(actions={'none': 1.0})
        self.calls = operations.Operations()
        self.census = censuses.Censuses()
        self.faults = windows.Faults(plan.faults)
        self.holes = holes.Holes()
        self._marks = marks.Marks()
        self.outage = outage.Outage(plan, self.faults, self._marks)
        self.steadiness = steadiness.Steadiness(self.faults, self.holes, plan)
        seen = self.calls, self.census, self.holes
        self._lost = lost.Lost(*seen, plan.slo.lost)
        self._registers = registers.Registers(*seen, plan.slo.lost)
        self._stuck = stuck.Stuck(
            self.calls,
            self.census,
            self.faults,
            plan.slo.stuck,
            storm,
            (self._lost.named, self._registers.named),
        )
        self.logs = server_logs.ServerLogs(
            self.calls, self.faults, plan.slo.log_errors
        )
        # In the order of a report: a fault that was not healed explains much
        # of what comes after it. ``stuck`` leaves out what ``lost`` named.
        self._checkers: tuple[model.Checker, ...] = (
            recovery.Recovery(self.faults, self.holes),
            self.steadiness,
            self._lost,
            self._registers,
            refused.Refused(*seen, plan.slo.lost),
            unanswered.Unanswered(self.calls, self.census),
            duplicates.Duplicates(*seen, plan.slo.duplicates),
            quotas.Quotas(*seen, plan.slo.quotas),
            references.References(*seen, plan.slo.disagreements, self.faults),
            self._stuck,
            unexpected.Unexpected(self.calls, self.faults, plan.slo),
            answers.Answers(self.calls, plan.slo),
            times.Times(self.calls, self.faults, self.holes, plan.slo),
            self.outage,
            uptime.Uptime(self.outage, plan.slo),
            self.logs,
            integrity.Integrity(self.calls, self.holes, plan),
            origin.Origin(header, self.holes),
        )

    def hear(self, source: collections.abc.Iterable[events.AnyEvent]) -> None:
        model.show(
            source,
            (
                self.calls,
                self.census,
                self.faults,
                self.holes,
                self._marks,
                *self._checkers,
            ),
        )

    def conclude(self, known: excuses.Excuses) -> Said:
        """All that the checkers have to say, as one."""
        said = [checker.conclude() for checker in self._checkers]
        findings = known.mark(each for one in said for each in one.findings)
        return Said(
            findings=findings,
            # What breaks the whole history comes first.
            gaps=tuple(each for one in reversed(said) for each in one.gaps),
            rows=tuple(
                each.row(findings) if isinstance(each, model.Limit) else each
                for one in said
                for each in one.rows
            ),
            measured={
                name: value
                for one in said
                for name, value in one.measured.items()
            },
        )
