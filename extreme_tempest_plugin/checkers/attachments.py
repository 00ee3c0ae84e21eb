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
"""What cinder and nova say of the volumes that servers have.

Once all is at rest the two agree, and the status of a volume says the same.
"""

import collections
import collections.abc

from extreme_tempest_plugin.history import events

_Entries = collections.abc.Sequence[events.Census]

Story = tuple[str, str, _Entries]


def differing(
    volumes: _Entries, by_cinder: _Entries, by_nova: _Entries
) -> collections.abc.Iterator[Story]:
    """What does not agree, from complete lists.

    :param by_cinder: attachments of volumes.
    :param by_nova: volumes of servers.
    :returns: the volume, what is wrong, and the entries that show it.
    """
    attached, listed = _pairs(by_cinder), _pairs(by_nova)
    yield from _statuses(
        volumes,
        {volume for volume, _ in attached},
        {entry.refs.get('volume', '') for entry in by_cinder},
    )
    for pair in sorted(attached.keys() | listed.keys()):
        volume, server = pair
        if pair not in listed:
            entries = attached[pair]
            yield (
                f'volume/{volume}',
                f'Cinder has volume/{volume} attached to server/{server} '
                f'({entries[0].state}), and nova does not list it there. '
                'Nothing was under way, so the attachment is an orphan.',
                entries,
            )
        elif pair not in attached:
            yield (
                f'volume/{volume}',
                f'Nova lists volume/{volume} on server/{server}, and '
                'cinder has no such attachment. Nothing was under way, '
                'so cinder may give the volume to another one.',
                listed[pair],
            )


def _statuses(
    volumes: _Entries,
    attached: collections.abc.Container[str],
    reserved: collections.abc.Container[str],
) -> collections.abc.Iterator[Story]:
    """Volumes with another status than that of their attachments.

    :param attached: ids of volumes that a server has.
    :param reserved: ids of these and of volumes that one is to have.
    """
    for entry in volumes:
        id_ = entry.resource.partition('/')[2]
        if entry.state == 'in-use' and id_ not in reserved:
            why = 'has no attachment of it, so nobody can use it'
        elif entry.state == 'available' and id_ in attached:
            why = 'has it attached, so another one may get it, too'
        else:
            continue
        yield (
            entry.resource,
            f'Cinder shows {entry.resource} as {entry.state} and {why}. '
            'Nothing was under way.',
            (entry,),
        )


def _pairs(entries: _Entries) -> dict[tuple[str, str], list[events.Census]]:
    """Entries by volume and server; a reservation has no server."""
    found: dict[tuple[str, str], list[events.Census]] = (
        collections.defaultdict(list)
    )
    for entry in entries:
        if entry.refs.get('server'):
            found[(entry.refs.get('volume', ''), entry.refs['server'])].append(
                entry
            )
    return found
