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
"""Duplicates: what there may be one of, and two are there.

The contract of an API refuses a second one: an equal rule of a security
group. Two acknowledgements for the same thing, with nobody asking for the end
of either in between, are a finding, though no request failed. So are two
resources for one invocation, and two that the census shows in one place: an
address on two ports, two attachments of one volume.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import collected
from extreme_tempest_plugin.checkers import lives
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events

SLO = 'duplicates'

#: Kinds of which the API refuses an equal one in the same place: equal
#: arguments but for the name, and the same partners.
EQUAL = frozenset({'security_group_rule'})

#: Kind to the references of which no two of its resources have a word in
#: common.
PLACES: dict[str, tuple[str, ...]] = {
    'floating_ip': ('fixed_address',),
    'port': ('fixed_address',),
    'server_volume': ('volume',),
    'volume_attachment': ('volume',),
}

_Key = tuple[object, ...]


class Duplicates(collected.Checker):
    """Things of which there may be one."""

    name = 'duplicates'
    slo = SLO

    def conclude(self) -> model.Conclusion:
        found = self._certain(
            [
                *self._twice_acknowledged(),
                *self._one_invocation(),
                *self._one_place(),
            ]
        )
        return model.Conclusion(
            findings=found,
            gaps=tuple(self._gaps),
            rows=(self._limit(),) if len(self._calls) else (),
            measured={'duplicates': len(found)},
        )

    def _twice_acknowledged(self) -> collections.abc.Iterator[model.Finding]:
        groups: dict[_Key, list[lives.Life]] = collections.defaultdict(list)
        for life in lives.of(self._calls):
            if life.call.kind in EQUAL:
                groups[_identity(life.call)].append(life)
        for group in groups.values():
            most = lives.together(group)
            if len(most) > 1:
                yield _equal(most)

    def _one_invocation(self) -> collections.abc.Iterator[model.Finding]:
        asked = {
            f'{call.kind}/{call.name}': call
            for call in self._calls
            if call.creates and isinstance(call.name, str)
        }
        seen: dict[str, list[events.Census]] = collections.defaultdict(list)
        for resource, entry in self._census.after.items():
            kind = resource.partition('/')[0]
            named = f'{kind}/{entry.refs.get("name", "")}'
            if named in asked and not censuses.is_gone(entry.state):
                seen[named].append(entry)
        for named, entries in seen.items():
            if len(entries) > 1:
                yield _two_for_one(asked[named], entries)

    def _one_place(self) -> collections.abc.Iterator[model.Finding]:
        places: dict[tuple[str, str, str], list[events.Census]] = (
            collections.defaultdict(list)
        )
        for resource, entry in self._census.after.items():
            kind = resource.partition('/')[0]
            for ref in PLACES.get(kind, ()):
                for value in entry.refs.get(ref, '').split():
                    places[(kind, ref, value)].append(entry)
        for (kind, ref, value), entries in places.items():
            if len(entries) > 1:
                yield _shared_place(kind, ref, value, entries)


def _identity(call: operations.Operation) -> _Key:
    """What two calls have in common that ask for the same thing."""
    return (
        call.action,
        *sorted(call.partners.items()),
        *sorted(
            (key, str(value))
            for key, value in call.args.items()
            if key != 'name'
        ),
    )


def _equal(most: list[lives.Life]) -> model.Finding:
    calls = [life.call for life in most]
    first = calls[0]
    made = [call.made for call in calls if call.made]
    names = ', '.join(made[: model.MOST_EVIDENCE])
    where = ' and '.join(first.partners.values()) or first.target
    return _make(
        about=where or first.kind,
        what=f'{first.action} of the same thing was acknowledged '
        f'{model.plural(len(calls), "time")} for {where}'
        f'{f": {names}" if names else ""}. Nobody asked for the end of any '
        'of them in between, and the API allows one.',
        calls=calls,
    )


def _two_for_one(
    call: operations.Operation, entries: list[events.Census]
) -> model.Finding:
    names = ', '.join(entry.resource for entry in entries)
    return _make(
        about=entries[0].resource,
        what=f'One {call.action} made {model.plural(len(entries), call.kind)}'
        f': {names}. They have the name {call.name!r}, which was asked for '
        'once.',
        calls=[call],
        entries=entries,
    )


def _shared_place(
    kind: str, ref: str, value: str, entries: list[events.Census]
) -> model.Finding:
    names = ', '.join(entry.resource for entry in entries)
    return _make(
        about=entries[0].resource,
        what=f'{model.plural(len(entries), kind)} have the same '
        f'{ref.replace("_", " ")} {value}: {names}. The complete list of the '
        'service shows them side by side.',
        calls=[],
        entries=entries,
    )


def _make(
    about: str,
    what: str,
    calls: collections.abc.Sequence[operations.Operation],
    entries: collections.abc.Sequence[events.Census] = (),
) -> model.Finding:
    shown = calls[: model.MOST_EVIDENCE]
    numbers = (
        *(number for call in shown for number in call.evidence()),
        *(entry.n for entry in entries[: model.MOST_EVIDENCE]),
    )
    ids = tuple(each for call in shown for each in call.request_ids())
    return model.Finding(
        checker='duplicates',
        about=about,
        what=what,
        events=numbers,
        request_ids=ids,
        look_again=(
            model.show_resource(about),
            model.look_at(numbers),
            *map(model.grep_request, ids[:3]),
        ),
        service=calls[0].service if calls else entries[0].service,
        action=calls[0].action if calls else '',
        slo=SLO,
    )
