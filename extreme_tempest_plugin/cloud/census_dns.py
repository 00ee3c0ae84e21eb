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
"""What name servers answer for the zones of a run.

Designate makes them take what it has: a zone and its records are ACTIVE once
they are asked for it. A name server may need a moment more, so what it
answers has PATIENCE to become what designate shows.

https://docs.openstack.org/api-ref/dns/
"""

import collections.abc
import dataclasses
import time
import typing

import msgspec

from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import name_servers
from extreme_tempest_plugin.cloud import ports

KIND = 'dns_answer'

#: Seconds that the name servers may take, and between two rounds. Designate
#: raises the serial numbers of many changes in one go every few seconds, and
#: a catalog zone may be read once in a minute.
PATIENCE = 60.0
PAUSE = 2.0

#: State of a zone that designate no longer has.
ABSENT = 'absent'

#: States of what designate has in hand, and of what must be answered.
_PENDING, _ACTIVE = 'PENDING', 'ACTIVE'

#: How references begin that are what a name server says.
_ANSWERED = 'answered_'


class _NameServer(msgspec.Struct):
    hostname: str


class _NameServers(msgspec.Struct):
    nameservers: list[_NameServer]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What to ask, and what must be the answer.

    :param of: the resource, ``zone/<id>``.
    :param refs: what designate shows.
    """

    of: str
    state: str
    name: str
    type: str
    refs: dict[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What one server answered in one round.

    :param trouble: why it gave no answer; empty if it did.
    """

    server: name_servers.Server
    rows: tuple[census_views.Row, ...] = ()
    trouble: str = ''

    @property
    def agrees(self) -> bool:
        return not self.trouble and all(map(_agrees, self.rows))

    @property
    def knows(self) -> bool:
        """Whether it is certain that it has zones of ours."""
        return any(row.refs.get('answered_serial') for row in self.rows)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What name servers answer for the zones of a run.

    :param prefix: of the names of all that the run creates.
    :param made: id of each zone that the run made to its name, whether or
        not it is gone.
    :param servers: to ask; empty for those that designate names, where they
        answer us.
    """

    cloud: ports.Cloud
    prefix: str
    made: collections.abc.Mapping[str, str]
    servers: tuple[name_servers.Server, ...] = ()
    ask: name_servers.Ask = name_servers.ask
    resolve: name_servers.Resolve = name_servers.resolve
    clock: collections.abc.Callable[[], float] = time.monotonic
    sleep: collections.abc.Callable[[float], None] = time.sleep

    def view(self) -> census_views.View:
        """The view of them."""
        return census_views.View(kind=KIND, service='dns', rows=self._rows)

    def _rows(self) -> collections.abc.Iterator[census_views.Row]:
        servers = self.servers or self._known()
        asked = self._asked(servers)
        until = self.clock() + PATIENCE
        while not all(one.agrees for one in asked) and self.clock() < until:
            self.sleep(PAUSE)
            asked = self._asked(servers)
        for one in asked:
            yield from one.rows
        for one in asked:
            if one.trouble:
                self._silent(f'name server {one.server}: {one.trouble}')

    def _silent(self, why: str) -> typing.NoReturn:
        """A server that gives no answer: a gap where the user named it."""
        if self.servers:
            raise ports.CallError(
                ports.Refusal(kind=ports.Kind.INFO, error=why)
            )
        raise census_views.HiddenError(f'not checked: {why}')

    def _known(self) -> tuple[name_servers.Server, ...]:
        """The servers of the zones' pools that certainly have our zones.

        A name may lead to any machine, if it leads anywhere from here.

        :raises HiddenError: if there are none.
        """
        found = tuple(
            one.server for one in self._asked(self._named()) if one.knows
        )
        if not found and self._zones():
            self._silent(
                'the name servers that designate names do not answer us; '
                'see [stress] name_servers'
            )
        return found

    def _asked(
        self, servers: collections.abc.Iterable[name_servers.Server]
    ) -> list[_Asked]:
        questions = tuple(self._questions())
        if not questions:
            return []
        return [self._of(server, questions) for server in servers]

    def _of(
        self,
        server: name_servers.Server,
        questions: collections.abc.Iterable[_Question],
    ) -> _Asked:
        rows = []
        try:
            for one in questions:
                reply = self.ask(server, one.name, one.type)
                rows.append(_row(server, one, reply))
        except name_servers.SilentError as error:
            return _Asked(server=server, rows=tuple(rows), trouble=str(error))
        return _Asked(server=server, rows=tuple(rows))

    def _zones(self) -> tuple[listing.Found, ...]:
        return tuple(
            zone
            for zone in listing.found(self.cloud, kinds.BY_NAME['zone'])
            if zone.name.startswith(self.prefix)
        )

    def _questions(self) -> collections.abc.Iterator[_Question]:
        zones = {zone.id: zone for zone in self._zones()}
        for zone in zones.values():
            yield _Question(
                of=f'zone/{zone.id}',
                state=zone.state,
                name=zone.name,
                type='SOA',
                refs={'serial': zone.refs.get('serial', '')},
            )
        for id_, name in self.made.items():
            if id_ not in zones:
                yield _Question(
                    of=f'zone/{id_}',
                    state=ABSENT,
                    name=name,
                    type='SOA',
                    refs={'serial': ''},
                )
        for one in listing.found(self.cloud, kinds.BY_NAME['recordset']):
            of_type, zone_id = one.refs.get('type', ''), one.refs.get('zone')
            # The serial number of a SOA is that of its zone.
            if zone_id in zones and of_type != 'SOA':
                zone = zones[zone_id]
                records = one.refs.get('address', '').split(',')
                yield _Question(
                    of=f'recordset/{one.id}',
                    state=one.state,
                    name=one.refs.get('record', ''),
                    type=of_type,
                    refs={
                        'records': name_servers.written(of_type, records),
                        'ttl': one.refs.get('ttl') or zone.refs['ttl'],
                    },
                )

    def _named(self) -> tuple[name_servers.Server, ...]:
        """The servers of the zones' pools, by designate."""
        hosts: dict[str, None] = {}
        for zone in self._zones():
            answer = self.cloud.service('designate').get(
                f'v2/zones/{zone.id}/nameservers'
            )
            for one in answer.read(_NameServers).nameservers:
                hosts[one.hostname] = None
        return tuple(server for host in hosts for server in self.resolve(host))


def _row(
    server: name_servers.Server, one: _Question, reply: name_servers.Reply
) -> census_views.Row:
    if one.type == 'SOA':
        # Name, mailbox, serial and more (RFC 1035, 3.3.13).
        serial = reply.records[0].split()[2] if reply.records else ''
        answered = {'serial': serial}
    else:
        answered = {
            'records': ','.join(reply.records),
            'ttl': '' if reply.ttl is None else str(reply.ttl),
        }
    return census_views.Row(
        id=f'{one.of.partition("/")[2]}@{server}',
        state=one.state,
        refs={
            'of': one.of,
            'server': str(server),
            'question': f'{one.name} {one.type}',
            'reply': reply.code,
            **one.refs,
            **{f'{_ANSWERED}{name}': said for name, said in answered.items()},
        },
    )


def _agrees(row: census_views.Row) -> bool:
    if row.state not in (_ACTIVE, ABSENT):
        return row.state != _PENDING
    return all(
        row.refs.get(name.removeprefix(_ANSWERED)) == said
        for name, said in row.refs.items()
        if name.startswith(_ANSWERED)
    )
