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
"""Quotas: more than is allowed, and counters that have lost their way.

More than the limit may have been there for a moment only, before somebody
deleted some: acknowledgements prove it.

The census records for each kind what the service says of its quota
(``quota/<kind>``: limit, in_use, reserved) beside the resources themselves.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import collected
from extreme_tempest_plugin.checkers import lives
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events

SLO = 'quotas that do not hold'

#: Kind of the census' entries about quotas.
KIND = 'quota'

#: What has a quota and is no kind: kinds whose sizes it is the sum of. A cloud
#: may leave out snapshots (``no_snapshot_gb_quota`` of cinder).
SIZES = {'gigabyte': ('volume', 'volume_snapshot')}


class Quotas(collected.Checker):
    """Limits that are passed, and usage that is not what is there."""

    name = 'quotas'
    slo = SLO

    def conclude(self) -> model.Conclusion:
        quotas = [
            entry
            for resource, entry in self._census.after.items()
            if resource.partition('/')[0] == KIND
        ]
        there = collections.Counter(
            resource.partition('/')[0]
            for resource in self._census.after
            if self._census.after_of(resource)
        )
        touched = {call.kind for call in self._calls}
        lived: dict[str, list[lives.Life]] = collections.defaultdict(list)
        for life in lives.of(self._calls):
            lived[life.call.kind].append(life)
        found: list[model.Finding] = []
        for entry in quotas:
            kind = entry.resource.partition('/')[2]
            if kind in touched:
                found += self._passed(entry, lives.together(lived[kind]))
                found += self._judge(
                    entry, *((there[kind],) if self._listed(kind) else ())
                )
            elif not touched.isdisjoint(SIZES.get(kind, ())):
                found += self._judge(entry, *self._sizes(SIZES[kind]))
        return model.Conclusion(
            findings=self._certain(found),
            gaps=tuple(self._gaps),
            rows=(self._limit(),) if quotas else (),
            measured={'quotas': len(quotas)} if quotas else {},
        )

    def _passed(
        self, entry: events.Census, most: collections.abc.Sequence[lives.Life]
    ) -> collections.abc.Iterator[model.Finding]:
        kind = entry.resource.partition('/')[2]
        limit = _number(entry, 'limit')
        # What was there before, and still is, was there all the time.
        older = [
            resource
            for resource in self._census.before
            if resource.partition('/')[0] == kind
            and self._census.after_of(resource)
        ]
        count = len(most) + len(older)
        if limit is None or not 0 <= limit < count:
            return
        # The last ones are those that passed it.
        calls = [life.call for life in most[limit - count :]]
        yield _finding(
            entry,
            f'There were {model.plural(count, kind)} at one time, and the '
            f'quota of the project is {limit}. Each was acknowledged and '
            'nobody had asked for its end, so the quota did not hold.',
            calls[-model.MOST_EVIDENCE :],
        )

    def _sizes(
        self, kinds: collections.abc.Sequence[str]
    ) -> collections.abc.Iterator[int]:
        """What the first kind takes, then what it and the next take.

        Which of them the cloud counts is not known. Nothing, if one of them
        was not listed.
        """
        total = 0
        for kind in kinds if all(map(self._listed, kinds)) else ():
            total += sum(
                _number(entry, 'size') or 0
                for resource, entry in self._census.after.items()
                if resource.partition('/')[0] == kind
                and self._census.after_of(resource)
            )
            yield total

    def _listed(self, kind: str) -> bool:
        listing = self._census.listing(events.CensusPhase.AFTER, kind)
        return listing.complete is not None

    def _judge(
        self, entry: events.Census, *counts: int
    ) -> collections.abc.Iterator[model.Finding]:
        """The counters of a quota.

        :param counts: what may be in use; nothing if nobody knows.
        """
        kind = entry.resource.partition('/')[2]
        in_use = _number(entry, 'in_use')
        reserved = _number(entry, 'reserved')
        if counts and in_use is not None and in_use not in counts:
            yield _finding(
                entry,
                f'{entry.service} counts {model.plural(in_use, kind)} in use '
                f'and lists {counts[-1]}. The storm had settled, so the '
                'counter is wrong.',
            )
        if reserved:
            yield _finding(
                entry,
                f'{entry.service} keeps {model.plural(reserved, kind)} '
                'reserved with nothing under way. What is reserved and never '
                'given back is lost to the project.',
            )


def _number(entry: events.Census, ref: str) -> int | None:
    text = entry.refs.get(ref, '')
    return int(text) if text.removeprefix('-').isdecimal() else None


def _finding(
    entry: events.Census,
    what: str,
    calls: collections.abc.Sequence[operations.Operation] = (),
) -> model.Finding:
    numbers = (
        *(number for call in calls for number in call.evidence()),
        entry.n,
    )
    return model.Finding(
        checker='quotas',
        about=entry.resource,
        what=what,
        events=numbers,
        request_ids=tuple(
            each for call in calls for each in call.request_ids()
        ),
        look_again=('openstack quota show --usage', model.look_at(numbers)),
        service=entry.service,
        action=calls[-1].action if calls else '',
        slo=SLO,
    )
