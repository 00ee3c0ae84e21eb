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

With a table of our own in nftables, before connection tracking, so that
connections that stand are cut as well; see nft(8). It is made and removed
whole. What does not pass the host's own input and output, such as traffic of
guests, is not dropped.
"""

import dataclasses
import math
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import remote

_WAYS = {'in': ('in',), 'out': ('out',), 'both': ('in', 'out')}

_COMMON = """
tag=$1; shift
list() { nft list table inet "$tag" 2>/dev/null; }
undo="while nft list table inet $tag >/dev/null 2>&1"
undo="$undo; do nft delete table inet $tag || sleep 1; done"
command -v nft >/dev/null || fail 'nft is not installed: install nftables'
nft list tables >/dev/null || exit 3
"""
# $1 seconds, $2 and $3 peers of IPv4 and IPv6 with commas, $4 direction.
_CUT = """
[ -n "$client" ] || fail 'the address that we come from cannot be told'
case ",$2,$3," in *,"$client",*)
  fail "$client is where we come from: nobody could heal it";;
esac
rules() {
  [ -z "$2" ] || echo "ip ${1}addr { $2 } counter drop"
  [ -z "$3" ] || echo "ip6 ${1}addr { $3 } counter drop"
}
in=; out=
[ "$4" = out ] || in=$(rules s "$2" "$3")
[ "$4" = in ] || out=$(rules d "$2" "$3")
lock
# Before anything is cut; and what an earlier one left goes first.
arm "$1" "$undo"
list >/dev/null && nft delete table inet "$tag"
nft -f - <<END && exit 0
table inet $tag {
  chain in {
    type filter hook input priority -310; policy accept;
    $in
  }
  chain out {
    type filter hook output priority -310; policy accept;
    $out
  }
}
END
disarm
fail 'nft does not take our rules'
"""
_JOIN = """
lock
for round in 1 2 3 4 5; do
  list >/dev/null || break
  nft delete table inet "$tag" || sleep 0.5
done
list >/dev/null && fail "table inet $tag cannot be removed"
disarm
"""
# $1 port, then the peers.
_LOOK = """
port=$1; shift
list | sed -n 's/^[[:space:]]*/Rule=/p' | grep ' drop$'
list >/dev/null && echo Table=yes
armed && echo Timer=yes
echo "Client=$client"
for peer in "$@"; do
  {
    if timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$peer" "$port" \\
      2>/dev/null
    then echo "Reached=$peer"; else echo "Missed=$peer"; fi
  } &
done
wait
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CutState:
    """What a host drops and whom it reaches, at one moment.

    :param wanted: what is dropped while the fault is there: ``in`` or
        ``out``, and the peer.
    :param dropped: what the rules drop.
    :param packets: so many were dropped.
    :param table: our table is there, whatever is in it.
    :param timer: the timer is armed that undoes it.
    :param reached: peers that a connection from the host came to.
    :param missed: the others.
    :param client: the address that we come from, as the host sees it.
    """

    host: str
    wanted: frozenset[tuple[str, str]]
    dropped: frozenset[tuple[str, str]]
    packets: int
    table: bool
    timer: bool
    reached: tuple[str, ...]
    missed: tuple[str, ...]
    client: str

    @property
    def whole(self) -> bool:
        return not (self.table or self.timer or self.missed)

    @property
    def moving(self) -> bool:
        return False

    @property
    def start(self) -> str:
        return ''

    @property
    def forbidden(self) -> str:
        if not self.client:
            return f'{self.host}: the address that we come from is not known'
        if self.client not in {peer for _, peer in self.wanted}:
            return ''
        return (
            f'{self.host}: {self.client} is where we come from: nobody could '
            'heal it'
        )

    @property
    def was(self) -> str:
        return str(self)

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert proof is catalogue.Proof.CUT
        return self.wanted <= self.dropped and not self.reached

    def __str__(self) -> str:
        words = [f'{self.host}:']
        for way, name in (('in', 'comes from'), ('out', 'goes to')):
            peers = sorted(peer for one, peer in self.dropped if one == way)
            if peers:
                words.append(f'drops what {name} {", ".join(peers)};')
        if self.packets:
            words.append(f'{self.packets} packets dropped;')
        if self.timer:
            words.append('the timer is armed;')
        for peers_, name in (
            (self.reached, 'reaches'),
            (self.missed, 'does not reach'),
        ):
            if peers_:
                words.append(f'{name} {", ".join(peers_)};')
        return ' '.join(words).rstrip(';:')


class Partitioner:
    """Engine and observer of ``network.partition``.

    :param timeout: seconds that a call may take.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Cut the host off, or join it again.

        :param dead_man: seconds after which the host undoes it by itself.
        :raises RemoteError: if it failed, or there would be no such timer.
        :raises UnreachableError: if the host did not answer in time.
        """
        if verb is catalogue.Verb.JOIN:
            self._run(_JOIN, target)
            return
        assert verb is catalogue.Verb.CUT
        if dead_man <= 0:
            raise remote.RemoteError(
                f'{target.name}: not cut: no time for the timer that undoes it'
            )
        assert target.partition is not None
        peers = target.partition.peers
        self._run(
            _CUT,
            target,
            str(math.ceil(dead_man)),
            ','.join(peer for peer in peers if ':' not in peer),
            ','.join(peer for peer in peers if ':' in peer),
            target.partition.direction,
        )

    def observe(self, target: configuration.Target) -> tuple[CutState, ...]:
        """The host of the target.

        :raises UnreachableError: if it cannot be asked.
        """
        assert target.partition is not None
        try:
            said = self._run(
                _LOOK,
                target,
                str(target.partition.port),
                *target.partition.peers,
            )
        except remote.RemoteError as error:
            raise ssh.UnreachableError(str(error)) from None
        return (parse(said, target),)

    def _run(
        self, script: str, target: configuration.Target, *args: str
    ) -> str:
        (host,) = target.hosts
        return remote.run(
            host,
            dead_man.SHELL + _COMMON + script,
            dead_man.tag(target),
            *args,
            timeout=self._timeout,
        )


def parse(text: str, target: configuration.Target) -> CutState:
    """What nft, the timer and the connections said."""
    assert target.partition is not None
    said = remote.pairs(text)

    def all_of(key: str) -> list[str]:
        return [value for one, value in said if one == key]

    rules = [re.split(r'[\s{},]+', rule) for rule in all_of('Rule')]
    return CutState(
        host=target.hosts[0].address,
        wanted=frozenset(
            (way, peer)
            for way in _WAYS[target.partition.direction]
            for peer in target.partition.peers
        ),
        dropped=frozenset(
            ('in' if 'saddr' in rule else 'out', word)
            for rule in rules
            for word in rule
            if word in target.partition.peers
        ),
        packets=sum(
            int(rule[rule.index('packets') + 1])
            for rule in rules
            if 'packets' in rule
        ),
        table='yes' in all_of('Table'),
        timer='yes' in all_of('Timer'),
        reached=tuple(sorted(all_of('Reached'))),
        missed=tuple(sorted(all_of('Missed'))),
        client=next(iter(all_of('Client')), ''),
    )
