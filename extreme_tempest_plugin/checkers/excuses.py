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
"""Findings that are known issues: listed, and not failing."""

import collections.abc
import datetime

import msgspec

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.plan import known_issues


class Excuse(msgspec.Struct, frozen=True, kw_only=True):
    """What a known issue was good for in one run.

    :param matched: findings that it is about.
    :param expired: it had expired on the day of the run: its findings count.
    """

    reference: str
    reason: str
    expires: datetime.date
    matched: int
    expired: bool


class Excuses:
    """The known issues of one judgement.

    :param day: of the run.
    """

    def __init__(
        self,
        issues: collections.abc.Sequence[known_issues.KnownIssue],
        day: datetime.date,
    ) -> None:
        self._issues = issues
        self._day = day
        self._matched = {issue.id: 0 for issue in issues}

    def mark(
        self, findings: collections.abc.Iterable[model.Finding]
    ) -> tuple[model.Finding, ...]:
        """The findings; those that are known say so.

        One that is not counted against an SLO of its own (an outage, a fault
        that was not healed) cannot be excused.
        """
        return tuple(map(self._mark, findings))

    def used(self) -> dict[str, Excuse]:
        """What each was good for, by id."""
        return {
            issue.id: Excuse(
                reference=issue.reference,
                reason=issue.reason,
                expires=issue.expires,
                matched=self._matched[issue.id],
                expired=self._expired(issue),
            )
            for issue in self._issues
        }

    def _mark(self, finding: model.Finding) -> model.Finding:
        if not finding.slo:
            return finding
        for issue in self._issues:
            if issue.matches(
                finding.checker,
                finding.service,
                finding.action,
                finding.about,
                finding.what,
            ):
                self._matched[issue.id] += 1
                if not self._expired(issue):
                    return msgspec.structs.replace(finding, known=issue.id)
        return finding

    def _expired(self, issue: known_issues.KnownIssue) -> bool:
        return self._day >= issue.expires
