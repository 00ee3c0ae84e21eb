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
import time

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events

#: A listing is tried so often, with a pause between, before it counts as
#: not to be had.
TRIES = 5
PAUSE = 3.0

_Record = collections.abc.Callable[[events.Event], None]
_Rows = list[tuple[str, str, str]]


def take(
    phase: events.CensusPhase,
    cloud: ports.Cloud,
    record: _Record,
    actor: str = 'campaign',
    clock: collections.abc.Callable[[], int] = time.monotonic_ns,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> bool:
    """Record every server and keypair, and that each list is complete.

    :param record: takes each event, ``Writer.append``.
    :returns: whether every kind could be listed; a kind that could not is
        in the record as unmeasured.
    """
    complete = True
    for kind, rows in (('server', _servers), ('keypair', _keypairs)):
        what, about = events.Topic.CENSUS_COMPLETE, f'{phase}/{kind}'
        try:
            found = _insist(rows, cloud, sleep)
            text = f'{len(found)} listed'
        except ports.CallError as error:
            found = []
            what, about = events.Topic.UNMEASURED, f'census/{kind}'
            text = f'could not be listed in {TRIES} tries: {error}'
            complete = False
        for resource, state, name in found:
            record(
                events.Census(
                    t=clock(),
                    actor=actor,
                    phase=phase,
                    service='nova',
                    resource=f'{kind}/{resource}',
                    state=state,
                    owner=cloud.project,
                    refs={'name': name},
                )
            )
        record(
            events.Note(
                t=clock(), actor=actor, what=what, about=about, text=text
            )
        )
    return complete


def _insist(
    rows: collections.abc.Callable[[ports.Cloud], _Rows],
    cloud: ports.Cloud,
    sleep: collections.abc.Callable[[float], None],
) -> _Rows:
    """A list, in a few tries; raises the CallError of the last one."""
    for _ in range(TRIES - 1):
        try:
            return rows(cloud)
        except ports.CallError:
            sleep(PAUSE)
    return rows(cloud)


def _servers(cloud: ports.Cloud) -> _Rows:
    return [
        (server.id, server.status, server.name)
        for server in cloud.compute.list_servers()
    ]


def _keypairs(cloud: ports.Cloud) -> _Rows:
    return [(name, 'present', name) for name in cloud.compute.list_keypairs()]
