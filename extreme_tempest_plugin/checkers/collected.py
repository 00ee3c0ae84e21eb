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
"""Checkers of what others collect: the operations and the census."""

import collections.abc
import typing

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import holes
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events


class Checker:
    """A checker of operations and census whose findings have one SLO.

    :cvar slo: name of the SLO.
    :param gone: holes of the history: with one, no finding is certain.
    :param allowed: findings that the plan allows.
    :ivar named: after ``conclude``: what its findings are about.
    """

    name: typing.ClassVar[str]
    slo: typing.ClassVar[str]
    wants: tuple[type[events.Event], ...] = ()

    def __init__(
        self,
        calls: operations.Operations,
        census: censuses.Censuses,
        gone: holes.Holes,
        allowed: int,
    ) -> None:
        self._calls = calls
        self._census = census
        self._holes = gone
        self._allowed = allowed
        self._gaps: list[model.Gap] = []
        self.named: set[str] = set()

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def _certain(
        self, found: collections.abc.Iterable[model.Finding]
    ) -> tuple[model.Finding, ...]:
        """Those that the history proves; what it does not is a gap.

        What would explain them may be in a hole.
        """
        certain = tuple(found)
        if self._holes:
            self._gaps.extend(map(model.doubt, certain))
            return ()
        self.named.update(finding.about for finding in certain)
        return certain

    def _limit(self) -> model.Limit:
        """The row of its SLO."""
        return model.Limit(
            name=self.slo, allowed=self._allowed, doubtful=bool(self._gaps)
        )
