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
"""Known issues: findings that are true, and known.

A gate stays green over them and still lists them. Each has a reference, a
reason and a date on which it must be looked at again.
"""

import collections.abc
import datetime
import pathlib
import re
from typing import Annotated

import msgspec

from extreme_tempest_plugin.plan import loader
from extreme_tempest_plugin.plan import values

_Said = Annotated[str, msgspec.Meta(min_length=1)]


class KnownIssue(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One known issue. The patterns are regular expressions.

    :param id: names it in a report.
    :param checker: whose findings it is about.
    :param service: pattern that must match the whole service; likewise
        ``action`` and ``resource``.
    :param what: pattern that must be found in the words of the finding.
    :param reference: of the bug, for a reader.
    :param reason: why it does not fail a run.
    :param expires: on this day it counts again.
    """

    id: values.Name
    checker: _Said
    service: str = '.*'
    action: str = '.*'
    resource: str = '.*'
    what: str = ''
    reference: _Said
    reason: _Said
    expires: datetime.date

    def __post_init__(self) -> None:
        for key in ('service', 'action', 'resource', 'what'):
            try:
                re.compile(getattr(self, key))
            except re.error as error:
                raise ValueError(f'`{key}`: no pattern: {error}') from None

    def matches(
        self, checker: str, service: str, action: str, resource: str, what: str
    ) -> bool:
        """Whether it is about a finding."""
        return (
            checker == self.checker
            and re.fullmatch(self.service, service) is not None
            and re.fullmatch(self.action, action) is not None
            and re.fullmatch(self.resource, resource) is not None
            and re.search(self.what, what) is not None
        )


class _File(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    known_issues: tuple[KnownIssue, ...]

    def __post_init__(self) -> None:
        ids = [issue.id for issue in self.known_issues]
        for id_ in ids:
            if ids.count(id_) > 1:
                raise ValueError(f'`known_issues`: {id_} stands there twice')


#: Those that come with the plugin: bugs that are live in OpenStack 2026.2.
SHIPPED = pathlib.Path(__file__).parent.parent / 'data' / 'known_issues.yaml'


def load(
    paths: collections.abc.Iterable[pathlib.Path],
) -> tuple[KnownIssue, ...]:
    """The known issues of some files, in their order.

    :raises PlanError: if one cannot be read or is none, as
        ``file:line: key: why``.
    """
    return tuple(
        issue
        for path in paths
        for issue in loader.convert(
            loader.read(path), _File, str(path)
        ).known_issues
    )
