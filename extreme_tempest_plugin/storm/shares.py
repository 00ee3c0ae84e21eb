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
"""How many resources each user of a storm may have.

Pure. The limits of a plan and what the quota leaves are for all users
together; each user gets an equal share, the first ones what is left over.
"""

import collections.abc

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.plan import model as plan_model

#: Resources of a kind without a limit in the plan, for each user.
EACH = 4

#: What the quota of the project leaves, by kind; nothing where it is not
#: limited or not known.
Room = collections.abc.Mapping[str, int]


def limits(
    storm: plan_model.Storm, kinds: collections.abc.Iterable[str]
) -> dict[str, int]:
    """Resources of all users together.

    :param storm: complete: with users and max_instances.
    :param kinds: that the actions of the plan create.
    :raises PlanError: for a limit below the number of users.
    """
    users = storm.users or 1
    found = {kind: EACH * users for kind in kinds}
    if 'server' in found:
        found['server'] = storm.max_instances or users
    found.update(storm.limits)
    for kind, limit in found.items():
        if limit < users:
            keys: tuple[str, ...] = ('storm', 'limits', kind)
            if kind == 'server' and kind not in storm.limits:
                keys = ('storm', 'max_instances')
            raise errors.PlanError(
                f'{".".join(keys)}: {users} users cannot share {limit}: give '
                'at least the number of users, or take fewer users',
                keys,
            )
    return found


def within(
    limits: collections.abc.Mapping[str, int],
    room: Room,
    spare: collections.abc.Container[str] = (),
) -> tuple[dict[str, int], str]:
    """Limits that the quota has room for.

    :param spare: kinds of which room for one is left to somebody else, unless
        there is only that.
    :returns: the limits, and a remark on those that were lowered.
    :raises UsageError: if there is no room at all for a kind.
    """
    for kind in limits:
        if room.get(kind, 1) <= 0:
            raise errors.UsageError(
                f'storm: the quota of the project has no room for a {kind}: '
                'raise it, delete some, or leave the action out'
            )
    room = {
        kind: left - 1 if kind in spare and left > 1 else left
        for kind, left in room.items()
    }
    lowered = {
        kind: room[kind]
        for kind, limit in limits.items()
        if room.get(kind, limit) < limit
    }
    if not lowered:
        return dict(limits), ''
    said = ', '.join(
        f'{kind} from {limits[kind]} to {lowered[kind]}' for kind in lowered
    )
    return {**limits, **lowered}, (
        f'limits are lowered to what the quota of the project leaves: {said}'
    )


def share(
    limits: collections.abc.Mapping[str, int], users: int, index: int
) -> dict[str, int]:
    """The share of one user.

    :param index: of the user, from 0.
    """
    return {
        kind: limit // users + (index < limit % users)
        for kind, limit in limits.items()
    }
