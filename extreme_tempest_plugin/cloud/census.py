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
"""Every resource of the project, as each service shows it."""

import collections.abc
import functools
import time

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes

#: A listing is tried so often, with a pause between, before it counts as
#: not to be had.
TRIES = 5
PAUSE = 3.0

#: Lists a kind and looks at each; may raise CallError.
Closer = collections.abc.Callable[[ports.Cloud], tuple[kinds.Found, ...]]

_NO_CLOSER: dict[str, Closer] = {}

_Record = collections.abc.Callable[[events.Event], None]


def take(
    phase: events.CensusPhase,
    cloud: ports.Cloud,
    wanted: collections.abc.Iterable[str],
    record: _Record,
    actor: str = 'campaign',
    clock: collections.abc.Callable[[], int] = time.monotonic_ns,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
    *,
    admin: ports.Cloud | None = None,
    closer: collections.abc.Mapping[str, Closer] = _NO_CLOSER,
) -> dict[str, int]:
    """Record every resource of some kinds, and that each list is complete.

    :param wanted: names of kinds, see ``kinds.KINDS``.
    :param record: takes each event, ``Writer.append``.
    :param admin: the cloud as an administrator; None if there is none.
    :param closer: looks at kinds of which more is to be known than their
        list says.
    :returns: how many there are of each kind that could be listed; one that
        could not is in the record as unmeasured.
    """
    counts: dict[str, int] = {}
    note = notes.Notes(actor, record, clock)
    for name in wanted:
        kind = kinds.BY_NAME[name]
        whose = (admin or cloud) if kind.admin else cloud
        look = closer.get(name) or functools.partial(_listed, kind)
        try:
            found = _insist(whose, look, sleep)
        except ports.CallError as error:
            note.unmeasured(
                f'census/{name}',
                f'could not be listed in {TRIES} tries: {error}',
            )
            continue
        counts[name] = len(found)
        for one in found:
            seen = _seen(phase, kind, one, one.owner or cloud.project)
            record(seen(t=clock(), actor=actor))
        note(
            events.Topic.CENSUS_COMPLETE,
            f'{phase}/{name}',
            f'{len(found)} listed',
        )
    return counts


def _seen(
    phase: events.CensusPhase, kind: kinds.Kind, one: kinds.Found, owner: str
) -> collections.abc.Callable[..., events.Census]:
    """A resource as it stands in the history, but for when and by whom."""
    names = {'name': one.name} if one.name else {}
    return functools.partial(
        events.Census,
        phase=phase,
        service=kind.service,
        resource=f'{kind.name}/{one.id}',
        state=one.state,
        owner=owner,
        refs={**names, **one.refs},
    )


def _listed(kind: kinds.Kind, cloud: ports.Cloud) -> tuple[kinds.Found, ...]:
    return kinds.found(cloud, kind)


def _insist(
    cloud: ports.Cloud,
    look: Closer,
    sleep: collections.abc.Callable[[float], None],
) -> tuple[kinds.Found, ...]:
    """A list, in a few tries; raises the CallError of the last one."""
    for _ in range(TRIES - 1):
        try:
            return look(cloud)
        except ports.CallError:
            sleep(PAUSE)
    return look(cloud)
