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
"""What a service shows, and what comes when one asks for the thing itself.

The census asks in two ways, and again and again while the answers differ. An
image and the data that a download gives; an object and the list of its
container; a zone of designate and what the name server answers; what
placement counts and what it counts it for; the host that a server is on and
the one where it holds what it needs.
"""

import collections.abc

from extreme_tempest_plugin.history import events

#: Kinds of the census, see ``cloud.census_dns`` and ``census_compute``.
DNS = 'dns_answer'
USAGE = 'project_usage'
HOST = 'server_host'

#: How the references of the second way begin.
DATA, LISTED, ANSWERED = 'data_', 'listed_', 'answered_'

# States of a server that has a host and stays there.
_PLACED = frozenset({'ACTIVE', 'PAUSED', 'SHUTOFF', 'SUSPENDED'})

Story = tuple[str, str, events.Census]


def differing(
    entries: collections.abc.Iterable[events.Census],
) -> collections.abc.Iterator[Story]:
    """What is wrong with entries of the census, and of what it is said.

    :returns: the resource, a story, and the entry.
    """
    for entry in entries:
        kind = entry.resource.partition('/')[0]
        for story in _STORIES.get(kind, _nothing)(entry):
            yield entry.refs.get('of', entry.resource), story, entry


def compared(entry: events.Census) -> bool:
    """Whether it was asked for in two ways."""
    kind = entry.resource.partition('/')[0]
    return kind in (DNS, HOST, USAGE) or any(
        name.startswith((DATA, LISTED)) for name in entry.refs
    )


def _nothing(entry: events.Census) -> collections.abc.Iterator[str]:
    yield from ()


def _unequal(entry: events.Census, prefix: str) -> list[tuple[str, str, str]]:
    """References that differ: name, the one, the other."""
    return [
        (name, entry.refs.get(name, ''), other)
        for ref, other in entry.refs.items()
        if ref.startswith(prefix)
        and entry.refs.get(name := ref.removeprefix(prefix), '') != other
    ]


def _image(entry: events.Census) -> collections.abc.Iterator[str]:
    for name, shown, got in _unequal(entry, DATA):
        has = f'{name} {got}' if got else f'no {name}, for there is no data'
        yield (
            f'Glance shows {entry.resource} as {entry.state} with {name} '
            f'{shown}, and a download of it gives {has}. Nobody was at work '
            'on it, so its data was lost or is another one.'
        )
        return


def _object(entry: events.Census) -> collections.abc.Iterator[str]:
    if entry.state == 'missing':
        yield (
            f'Swift lists {entry.resource}, and a HEAD of it is answered with '
            '404. It was asked again and again after the storm, so the list '
            'is wrong.'
        )
        return
    for name, shown, listed in _unequal(entry, LISTED):
        has = f'{name} {listed}' if listed else 'it not'
        yield (
            f'A HEAD of {entry.resource} shows {name} {shown}, and the list '
            f'of it has {has}. It was asked again and again after the storm, '
            'so the list is wrong.'
        )
        return


def _dns(entry: events.Census) -> collections.abc.Iterator[str]:
    refs = entry.refs
    server, question = refs.get('server', ''), refs.get('question', '')
    of = refs.get('of', '')
    unequal = _unequal(entry, ANSWERED)
    if not unequal or entry.state not in ('ACTIVE', 'absent'):
        return
    name, shown, answered = unequal[0]
    if entry.state == 'absent':
        yield (
            f'The name server {server} answers {question} with {name} '
            f'{answered}, and designate no longer has {of}. It was asked '
            'again and again after the storm, so it keeps what was deleted.'
        )
        return
    got = f'{name} {answered}' if answered else refs.get('reply', '')
    yield (
        f'Designate shows {of} as ACTIVE with {name} {shown}, and the name '
        f'server {server} answers {question} with {got}. It was asked again '
        'and again after the storm, so the two do not come together.'
    )


def _usage(entry: events.Census) -> collections.abc.Iterator[str]:
    used, held = entry.refs.get('used', ''), entry.refs.get('held', '')
    if used == held or entry.state == 'moving':
        return
    name = entry.resource.partition('/')[2]
    yield (
        f'Placement counts {used} of {name} for the project, and its servers '
        f'hold {held}. No server was being moved, so somebody who is gone '
        'holds the rest.'
    )


def _host(entry: events.Census) -> collections.abc.Iterator[str]:
    refs = entry.refs
    held, on = refs.get('held', ''), refs.get('on', '')
    status = refs.get('status', '')
    if status not in _PLACED or not held or not on or held == on:
        return
    yield (
        f'Placement has the allocation of {refs.get("of", "")} at {held}, and '
        f'nova has the server, which is {status}, on {on}. It was not being '
        'moved, so the hosts are not as full as placement believes.'
    )


_STORIES: dict[
    str,
    collections.abc.Callable[[events.Census], collections.abc.Iterator[str]],
] = {
    'container': _object,
    DNS: _dns,
    HOST: _host,
    'image': _image,
    'object': _object,
    USAGE: _usage,
}


def look_again(entry: events.Census) -> tuple[str, ...]:
    """Commands that ask in the second way."""
    server, question = entry.refs.get('server'), entry.refs.get('question')
    if not server or not question:
        return ()
    host, _, port = server.rpartition(':')
    return (f'dig +norecurse @{host.strip("[]")} -p {port} {question}',)
