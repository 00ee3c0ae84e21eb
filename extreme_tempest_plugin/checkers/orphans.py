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
"""What is there and belongs to something that is gone.

A service refuses to delete what others hang on to, or takes them along: a
floating IP leads to no port that is gone, a snapshot is of no volume that is.
Gone is what an acknowledged deletion was seen to have taken away.
"""

import collections.abc

from extreme_tempest_plugin.checkers import censuses
from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.history import events

#: Kind to its references that it cannot outlive, and the kind of each.
BELONGS: dict[str, dict[str, str]] = {
    'floating_ip': {'port': 'port'},
    'port': {'network': 'network'},
    'recordset': {'zone': 'zone'},
    'security_group_rule': {
        'security_group': 'security_group',
        'remote_group': 'security_group',
    },
    'subnet': {'network': 'network'},
    'trunk': {'port': 'port'},
    'volume_snapshot': {'volume': 'volume'},
}

# Of its ports ``device`` is a router; of others it is a server, or a lease.
_ROUTER = 'network:router_'

Story = tuple[operations.Operation, str, events.Census]


def left(
    calls: collections.abc.Iterable[operations.Operation],
    census: censuses.Censuses,
) -> collections.abc.Iterator[Story]:
    """What is still there.

    :returns: the deletion, what is wrong, and the entry of the census.
    """
    gone = {
        call.resource: call
        for call in calls
        if call.consumes
        and call.rest is not None
        and call.rest.reached
        and census.after_of(call.resource) is None
    }
    for entry in census.after.values():
        if censuses.is_gone(entry.state):
            continue
        for ref, of in _owners(entry):
            if call := gone.get(of):
                yield (
                    call,
                    f'{entry.resource} is there, and its {ref} {of} is not: '
                    'its deletion was acknowledged and seen done. The one '
                    'cannot be without the other, so something is left over.',
                    entry,
                )


def _owners(
    entry: events.Census,
) -> collections.abc.Iterator[tuple[str, str]]:
    kind = entry.resource.partition('/')[0]
    for ref, owner in BELONGS.get(kind, {}).items():
        yield ref, f'{owner}/{entry.refs.get(ref, "")}'
    if entry.refs.get('device_owner', '').startswith(_ROUTER):
        yield 'router', f'router/{entry.refs.get("device", "")}'
