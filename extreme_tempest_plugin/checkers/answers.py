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
"""Acknowledgements that are not as the API has them.

A body that breaks the schema of its API, which the load process has seen, and
an acknowledgement without a request id. Both hold during a fault, too: a 2xx
is whole or it is none.

An answer that is no acknowledgement may come from a proxy or a web server,
which know nothing of request ids: such ones are only counted.
"""

import collections
import collections.abc
import re

import msgspec

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model

VIOLATIONS = 'schema violations'
NAMELESS = 'answers without a request id'

#: Each acknowledgement of these has a request id: nova, cinder, neutron,
#: keystone and designate have it from oslo.middleware's RequestId or from one
#: like it, glance from its context, swift from catch_errors.
NAMING = frozenset(
    {'cinder', 'designate', 'glance', 'keystone', 'neutron', 'nova', 'swift'}
)

_INDEX = re.compile(r'\[\d+\]')

_Key = tuple[str, str, int, str, str]


class Answers:
    """Violations of schemas, and request ids that are missing.

    :param slo: how many of each kind the plan allows.
    """

    name = 'answers'
    wants: tuple[type[events.Event], ...] = (events.Violation, events.Note)

    def __init__(
        self, calls: operations.Operations, slo: plan_model.Slo
    ) -> None:
        self._calls = calls
        self._slo = slo
        self._violations: dict[_Key, list[events.Violation]] = (
            collections.defaultdict(list)
        )
        self._validated = 0

    def see(self, event: events.AnyEvent) -> None:
        match event:
            case events.Violation():
                where = _INDEX.sub('[*]', event.where)
                key = (
                    event.service,
                    event.request,
                    event.status,
                    where,
                    event.why,
                )
                self._violations[key].append(event)
            case events.Note(what=events.Topic.VALIDATED):
                if event.text.isascii() and event.text.isdigit():
                    self._validated += int(event.text[:18])

    def conclude(self) -> model.Conclusion:
        nameless: dict[tuple[str, str], list[operations.Operation]] = (
            collections.defaultdict(list)
        )
        named = others = 0
        for operation in self._calls:
            if operation.service not in NAMING or not operation.status:
                continue
            named += bool(operation.request_id)
            if operation.request_id:
                continue
            if operation.acknowledged:
                key = (operation.service, operation.action)
                nameless[key].append(operation)
            else:
                others += 1
        rows = []
        if self._validated or self._violations:
            rows.append((VIOLATIONS, self._slo.schema_violations))
        if named or nameless:
            rows.append((NAMELESS, self._slo.missing_request_ids))
        return model.Conclusion(
            findings=(
                *(_violated(*each) for each in self._violations.items()),
                *(_nameless(*each) for each in nameless.items()),
            ),
            rows=tuple(
                model.Limit(name=name, allowed=allowed)
                for name, allowed in rows
            ),
            measured={
                'answers_validated': self._validated,
                'refusals_without_request_id': others,
            },
        )


def _violated(
    key: _Key, group: collections.abc.Sequence[events.Violation]
) -> model.Finding:
    service, request, status, where, why = key
    shown = group[: model.MOST_EVIDENCE]
    version = group[0].version
    of_version = f' of microversion {version}' if version else ''
    return _make(
        model.Finding(
            checker='answers',
            about=request,
            service=service,
            slo=VIOLATIONS,
            what=f'{service} answered {request} with {status}, and {where} '
            f'{why}. That breaks the schema{of_version} that Tempest has for '
            f'it, {model.plural(len(group), "time")} among the answers that '
            'were validated.',
            count=len(group),
        ),
        tuple(event.n for event in shown),
        tuple(event.request_id for event in shown if event.request_id),
    )


def _nameless(
    key: tuple[str, str], group: collections.abc.Sequence[operations.Operation]
) -> model.Finding:
    service, action = key
    return _make(
        model.Finding(
            checker='answers',
            about=service,
            service=service,
            action=action,
            slo=NAMELESS,
            what=f'{service} acknowledged {action} with {group[0].status} and '
            f'no request id, {model.plural(len(group), "time")}. It gives '
            'each answer one, so something has lost it, and the logs cannot '
            'be searched for it.',
            count=len(group),
        ),
        tuple(one.answer for one in group[: model.MOST_EVIDENCE]),
        (),
    )


def _make(
    finding: model.Finding, numbers: tuple[int, ...], ids: tuple[str, ...]
) -> model.Finding:
    """A finding with its evidence."""
    return msgspec.structs.replace(
        finding,
        events=numbers,
        request_ids=ids,
        look_again=(
            model.look_at(numbers),
            *(model.grep_request(each) for each in ids[:3]),
        ),
    )
