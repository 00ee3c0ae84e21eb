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
"""Cut a host off from others: it drops what goes to and comes from them.

All of it, that of some ports, or a share of the packets by chance.

With a table of our own in nftables, before connection tracking, so that
connections that stand are cut as well; see nft(8). It is made and removed
whole. What does not pass the host's own input and output, such as traffic of
guests, is not dropped.
"""

import collections.abc
import dataclasses
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import partition_shell
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.faults.drivers import timed

_WAYS = {'in': ('in',), 'out': ('out',), 'both': ('in', 'out')}
_ALL = 100
# As nft prints it.
_RULE = re.compile(
    r'ip6? (?P<way>[sd])addr (?P<peer>\S+) '
    r'(?:meta l4proto { tcp, udp } th (?P<end>[sd])port '
    r'(?:{ (?P<ports>\d+(?:, \d+)*) }|(?P<port>\d+)) )?'
    r'(?:counter packets (?P<seen>\d+) bytes \d+ '
    r'numgen random mod 100 < (?P<percent>\d+) )?'
    r'counter packets (?P<dropped>\d+) bytes \d+ drop\Z'
)
#: Connections to each peer in one look, so that there are packets to lose.
_TIMES = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a host drops.

    :param way: ``in`` for what comes from the peer, ``out`` for what goes
        there.
    :param end: ``s`` or ``d``, where it is of packets from or to ports.
    :param ports: that it is of; empty for all packets.
    :param percent: of these packets that it drops.
    :param seen: so many packets there were.
    :param dropped: so many of them were dropped.
    """

    way: str
    peer: str
    end: str
    ports: frozenset[int]
    percent: int
    seen: int
    dropped: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CutState(evidence.State):
    """What a host drops and whom it reaches, at one moment.

    :param part: what it drops while the fault is there.
    :param table: our table is there, whatever is in it.
    :param rules: that are in it.
    :param timer: the timer is armed that undoes it.
    :param reached: peers that a connection from the host came to.
    :param missed: the others.
    :param refused: nft would not take our rules.
    :param client: the address that we come from, as the host sees it.
    """

    host: str
    part: parts.Partition
    table: bool
    rules: tuple[Rule, ...]
    timer: bool
    reached: tuple[str, ...]
    missed: tuple[str, ...]
    refused: bool
    client: str

    @property
    def packets(self) -> int:
        """So many were dropped."""
        return sum(rule.dropped for rule in self.rules)

    @property
    def whole(self) -> bool:
        return not (self.table or self.timer or self.missed)

    @property
    def forbidden(self) -> str:
        if not self.client:
            return f'{self.host}: the address that we come from is not known'
        if self.client in self.part.peers:
            return (
                f'{self.host}: {self.client} is where we come from: nobody '
                'could heal it'
            )
        if self.refused:
            return f'{self.host}: its kernel or its nft has not what it takes'
        return ''

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        percent = _percent(self.part)
        ports = frozenset(self.part.ports)
        dropping = [
            one
            for one in self.rules
            if one.percent == percent and one.ports == ports
        ]
        ends = ('s', 'd') if ports else ('',)
        wanted = {(peer, end) for peer in self.part.peers for end in ends}
        for way in _WAYS[self.part.direction]:
            rules = [one for one in dropping if one.way == way]
            if not {(one.peer, one.end) for one in rules} >= wanted:
                return False
            if proof is catalogue.Proof.LOSSY and not _some(rules):
                return False
        assert proof in (catalogue.Proof.CUT, catalogue.Proof.LOSSY)
        return proof is catalogue.Proof.LOSSY or not self.reached

    def __str__(self) -> str:
        words = [f'{self.host}:']
        for way, name in (('in', 'comes from'), ('out', 'goes to')):
            rules = [one for one in self.rules if one.way == way]
            if rules:
                share = (
                    ''
                    if rules[0].percent == _ALL
                    else (f'{rules[0].percent} % of ')
                )
                peers = ', '.join(sorted({one.peer for one in rules}))
                ports = ', '.join(map(str, sorted(rules[0].ports)))
                at = f' at ports {ports}' if ports else ''
                words.append(f'drops {share}what {name} {peers}{at};')
        if self.table:
            seen = sum(rule.seen for rule in self.rules)
            words.append(f'{self.packets} of {seen} packets dropped;')
        if self.timer:
            words.append('the timer is armed;')
        for peers_, name in (
            (self.reached, 'reaches'),
            (self.missed, 'does not reach'),
        ):
            if peers_:
                words.append(f'{name} {", ".join(peers_)};')
        return ' '.join(words).rstrip(';:')


class Partitioner(timed.Timed[CutState]):
    """Engine and observer of ``network.partition`` and ``network.loss``."""

    common = partition_shell.COMMON
    breaking = partition_shell.CUT
    healing = partition_shell.JOIN
    looking = partition_shell.LOOK
    breaks = (catalogue.Verb.CUT, catalogue.Verb.LOSE)
    heals = catalogue.Verb.JOIN
    done = 'cut'

    def to_break(self, target: configuration.Target) -> tuple[str, ...]:
        return _rules(_partition(target))

    def to_look(self, target: configuration.Target) -> tuple[str, ...]:
        part = _partition(target)
        times = 1 if _percent(part) == _ALL else _TIMES
        return str(part.port), str(times), *_rules(part)

    def look(self, host: ssh.Host, target: configuration.Target) -> CutState:
        return parse(self.ask(host, target), target)


def parse(text: str, target: configuration.Target) -> CutState:
    """What nft, the timer and the connections said."""
    said = remote.pairs(text)

    def all_of(key: str) -> list[str]:
        return [value for one, value in said if one == key]

    found = [_RULE.match(rule) for rule in all_of('Rule')]
    return CutState(
        host=target.hosts[0].address,
        part=_partition(target),
        rules=tuple(
            Rule(
                way='in' if rule['way'] == 's' else 'out',
                peer=rule['peer'],
                end=rule['end'] or '',
                ports=frozenset(
                    map(int, (rule['ports'] or rule['port']).split(', '))
                )
                if rule['end']
                else frozenset(),
                percent=int(rule['percent'] or _ALL),
                seen=int(rule['seen'] or rule['dropped']),
                dropped=int(rule['dropped']),
            )
            for rule in found
            if rule is not None
        ),
        table='yes' in all_of('Table'),
        timer='yes' in all_of('Timer'),
        reached=tuple(sorted(all_of('Reached'))),
        missed=tuple(sorted(all_of('Missed'))),
        refused='yes' in all_of('Refused'),
        client=next(iter(all_of('Client')), ''),
    )


def _partition(target: configuration.Target) -> parts.Partition:
    assert isinstance(target.part, parts.Partition)
    return target.part


def _percent(part: parts.Partition) -> int:
    """Of the packets that are dropped."""
    return part.percent if isinstance(part, links.Loss) else _ALL


def _rules(part: parts.Partition) -> tuple[str, ...]:
    """What the script makes its rules of."""
    ports = ','.join(map(str, part.ports)) or 'all'
    return part.direction, str(_percent(part)), ports, *part.peers


def _some(rules: collections.abc.Collection[Rule]) -> bool:
    """Whether there were packets for each, and some were dropped, not all.

    A rule alone proves nothing: it may see no packet at all.
    """
    seen = sum(rule.seen for rule in rules)
    dropped = sum(rule.dropped for rule in rules)
    return all(rule.seen for rule in rules) and 0 < dropped < seen


DRIVER = driver.Driver(
    name='partition',
    by='shell over SSH, as root',
    kinds=(
        catalogue.KINDS['network.partition'],
        catalogue.KINDS['network.loss'],
    ),
    engine=Partitioner,
    observer=Partitioner,
)
