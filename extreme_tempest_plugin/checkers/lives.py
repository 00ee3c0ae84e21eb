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
"""What was certainly there at one time."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.checkers import operations

#: The end of what nobody asked to end.
FOREVER = 2**63 - 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A resource from its acknowledgement until somebody asked for its end.

    :param born: ns.
    :param ended: ns; FOREVER if nobody asked.
    :param call: that created it.
    """

    born: int
    ended: int
    call: operations.Operation


def of(
    calls: collections.abc.Iterable[operations.Operation],
) -> collections.abc.Iterator[Life]:
    """The lives of all that was created with an acknowledgement.

    A deletion that nobody knows the end of may have happened, so it ends a
    life, too.
    """
    ends: dict[str, int] = {}
    created: list[operations.Operation] = []
    for call in calls:
        if call.creates and call.acknowledged:
            created.append(call)
        elif call.consumes and (call.acknowledged or call.uncertain):
            first = ends.get(call.target, FOREVER)
            ends[call.target] = min(first, call.began)
    for call in created:
        ended = ends.get(call.resource, FOREVER)
        yield Life(born=call.end, ended=ended, call=call)


def together(lives: collections.abc.Iterable[Life]) -> list[Life]:
    """The most of them that were there at one time."""
    most: list[Life] = []
    there: list[Life] = []
    for one in sorted(lives, key=lambda life: life.born):
        there = [other for other in there if other.ended > one.born]
        there.append(one)
        if len(there) > len(most):
            most = list(there)
    return most
