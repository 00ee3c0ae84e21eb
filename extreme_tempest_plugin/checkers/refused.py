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
"""Refused creates whose resource is there all the same.

A refusal (4xx) says that nothing was made. A user who believes it has no name
for what was made, pays for it and never deletes it.
"""

import collections.abc

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import collected
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations


class Refused(collected.Checker):
    """What the census shows under a name that was asked for and refused."""

    name = 'refused'
    slo = 'refused and made all the same'

    def conclude(self) -> model.Conclusion:
        refused = self._refused()
        found = self._certain(self._there(refused))
        return model.Conclusion(
            findings=found,
            gaps=tuple(self._gaps),
            rows=(self._limit(),) if refused else (),
            measured={'refused_and_made': len(found)},
        )

    def _refused(self) -> dict[str, operations.Operation]:
        """Refused creates by what they would have made, by its name."""
        refused: dict[str, operations.Operation] = {}
        others: set[str] = set()
        for call in self._calls:
            named = f'{call.kind}/{call.name}'
            if call.creates and call.known is operations.Known.FAIL:
                refused[named] = call
            else:
                others.add(named)
        return {
            named: call
            for named, call in refused.items()
            # Somebody else may have made it, or given it that name.
            if isinstance(call.name, str) and named not in others
        }

    def _there(
        self, refused: collections.abc.Mapping[str, operations.Operation]
    ) -> collections.abc.Iterator[model.Finding]:
        for resource, entry in self._census.after.items():
            kind = resource.partition('/')[0]
            named = f'{kind}/{entry.refs.get("name", "")}'
            if (
                named in refused
                and resource not in self._census.before
                and not censuses.is_gone(entry.state)
            ):
                yield _finding(resource, refused[named], entry.n)


def _finding(
    resource: str, call: operations.Operation, seen: int
) -> model.Finding:
    numbers = (*call.evidence(), seen)
    return model.Finding(
        checker=Refused.name,
        about=resource,
        service=call.service,
        action=call.action,
        slo=Refused.slo,
        what=f'{call.action} was refused with status {call.status}, and '
        f'{resource} is there after the run. It has the name {call.name!r}, '
        'which was asked for once.',
        events=numbers,
        request_ids=call.request_ids(),
        look_again=(
            model.show_resource(resource),
            model.look_at(numbers),
            *map(model.grep_request, call.request_ids()),
        ),
    )
