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
"""The part of the census that asks the services for their counters."""

import collections.abc
import time

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import usage
from extreme_tempest_plugin.history import events

#: Seconds that a service may take to count what is there: cinder counts a
#: volume for a moment after GET answers 404.
PATIENCE = 15.0
PAUSE = 1.0
#: The same where all that is wrong is a reservation: one whose request died
#: with its process ends by itself, RESERVATION_EXPIRATION_TIMEOUT (120 s) of
#: neutron/db/quota/api.py.
EXPIRY = {'neutron': 130.0}


def take(
    cloud: ports.Cloud,
    counts: collections.abc.Mapping[str, int],
    record: collections.abc.Callable[[events.Event], None],
    actor: str = 'campaign',
    clock: collections.abc.Callable[[], int] = time.monotonic_ns,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> None:
    """Record the quotas of kinds that were listed, after the storm.

    :param counts: kind to how many are listed.
    :param record: takes each event, ``Writer.append``.
    """
    for service, kinds in usage.KINDS.items():
        wanted: dict[str, int | None] = {
            kind: counts[kind] for kind in kinds if kind in counts
        }
        if 'volume' in wanted:
            # The lists say how many there are, and not how large.
            wanted[usage.GIGABYTES] = None
        if not wanted:
            continue
        try:
            found = _settled(cloud, service, wanted, sleep)
        except ports.CallError as error:
            # A cloud that does not show it to us is as it wants to be.
            hidden = error.refusal.kind is ports.Kind.FAIL
            record(
                events.Note(
                    t=clock(),
                    actor=actor,
                    what=events.Topic.REMARK
                    if hidden
                    else events.Topic.UNMEASURED,
                    about=f'census/quota of {service}',
                    text=f'could not be had: {error}',
                )
            )
            continue
        for kind in wanted:
            if kind in found:
                record(_event(service, kind, found[kind], actor, clock()))


def _settled(
    cloud: ports.Cloud,
    service: str,
    counts: collections.abc.Mapping[str, int | None],
    sleep: collections.abc.Callable[[float], None],
) -> dict[str, usage.Usage]:
    """The quotas once they agree with the lists, or patience is over."""
    waited = 0.0
    while True:
        found = usage.of(cloud, service)
        asked = {kind: found[kind] for kind in counts if kind in found}
        counted = all(
            counts[kind] is None or one.in_use in (None, counts[kind])
            for kind, one in asked.items()
        )
        if counted and not any(one.reserved for one in asked.values()):
            return found
        patience = EXPIRY.get(service, PATIENCE) if counted else PATIENCE
        if waited >= patience:
            return found
        sleep(PAUSE)
        waited += PAUSE


def _event(
    service: str, kind: str, quota: usage.Usage, actor: str, t: int
) -> events.Census:
    refs = {'limit': str(quota.limit), 'reserved': str(quota.reserved)}
    if quota.in_use is not None:
        refs['in_use'] = str(quota.in_use)
    return events.Census(
        t=t,
        actor=actor,
        phase=events.CensusPhase.AFTER,
        service=service,
        resource=f'quota/{kind}',
        state='present',
        refs=refs,
    )
