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
"""What a run made and no ledger knows of: a census before, and one after.

The clean-up deletes what the ledgers owe. A cloud that made two for one
request, or left something of what it deleted, shows here.
"""

import collections.abc
import dataclasses
import time

from extreme_tempest_plugin.cloud import census
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events

#: Seconds that a cloud has to let go of what was deleted, and between looks.
PATIENCE = 30.0
PAUSE = 3.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What was there at one time.

    :param complete: kinds that could be listed.
    :param names: resource to its name.
    """

    complete: frozenset[str]
    names: collections.abc.Mapping[str, str]


def look(
    phase: events.CensusPhase,
    cloud: ports.Cloud,
    admin: ports.Cloud | None,
    kinds: collections.abc.Iterable[str],
    record: collections.abc.Callable[[events.Event], None] = (
        lambda event: None
    ),
) -> Listed:
    """Take a census and keep what is there.

    :param admin: the cloud as an administrator; None if there is none.
    :param record: takes each event.
    """
    names: dict[str, str] = {}

    def see(event: events.Event) -> None:
        record(event)
        if isinstance(event, events.Census):
            names[event.resource] = event.refs.get('name', '')

    counts = census.take(phase, cloud, kinds, see, admin=admin)
    return Listed(complete=frozenset(counts), names=names)


def find(
    before: Listed,
    look_again: collections.abc.Callable[[], Listed],
    prefix: str,
    alone: bool,
    clock: collections.abc.Callable[[], float] = time.monotonic,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> dict[str, str]:
    """What is there now, was not before, and must be of this run.

    What the monitors make is not: they are still at work.

    :param look_again: lists what is there now.
    :param prefix: of the names of all that the run creates.
    :param alone: nobody else uses the project, so that all in it is ours.
    :returns: resource to its name; empty if all is as it was.
    """
    until = clock() + PATIENCE
    while True:
        now = look_again()
        both = before.complete & now.complete
        new = {
            resource: name
            for resource, name in now.names.items()
            if resource not in before.names
            and resource.partition('/')[0] in both
            and (alone or name.startswith(prefix))
            and not name.startswith(listing.WATCHED)
        }
        if not new or clock() >= until:
            return new
        sleep(PAUSE)
