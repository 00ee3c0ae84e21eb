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
"""Links that lose or delay packets, our part of an os-faults configuration."""

import collections.abc

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema


class Loss(parts.Partition, frozen=True, kw_only=True):
    """A partition that lets some packets through.

    :param percent: of the packets that are dropped, 1 to 99.
    """

    percent: int

    @property
    def subject(self) -> str:
        return catalogue.Subject.LOSS

    def at(self, where: str) -> str:
        return f'{self.percent} % between {where} and {", ".join(self.peers)}'


class Delay(parts.Part, frozen=True, kw_only=True):
    """What a host sends to others only after a while.

    :param peers: addresses of the other hosts.
    :param delay_ms: milliseconds that a packet waits.
    :param jitter_ms: it waits so much less or more, by chance.
    :param port: TCP port at which the peers answer.
    """

    peers: parts.Addresses
    delay_ms: int
    jitter_ms: int = 0
    port: int = 22

    @property
    def subject(self) -> str:
        return catalogue.Subject.DELAY

    @property
    def least_ms(self) -> int:
        """Milliseconds that every packet waits."""
        return self.delay_ms - self.jitter_ms

    def at(self, where: str) -> str:
        varies = f' ± {self.jitter_ms}' if self.jitter_ms else ''
        peers = ', '.join(self.peers)
        return f'{self.delay_ms}{varies} ms from {where} to {peers}'

    def hit(self, hosts: parts.Addresses) -> parts.Addresses:
        return hosts

    def lost(
        self, hosts: parts.Addresses, members: frozenset[str]
    ) -> parts.Addresses:
        # As if it were cut off: it may be too late for its vote.
        return (
            hosts if members.intersection(map(parts.same, self.peers)) else ()
        )

    def cut_off(self) -> parts.Addresses:
        return self.peers


class Checking(parts.Checking):
    """A file that is being checked, for links."""

    def link(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, Loss | Delay]:
        """A host, and how it loses or delays packets.

        :param hosts: the nodes by address.
        :raises UsageError: if it cannot, or nobody could heal it.
        """
        wanted = self.convert(given, schema.Link, key)
        host, peers = self.peers(key, wanted.host, wanted.peers, hosts)
        if wanted.loss is not None:
            if wanted.delay_ms is not None or wanted.jitter_ms:
                raise self.wrong(
                    key,
                    'loses packets or delays them: give either loss or '
                    'delay_ms, and two links for both',
                )
            return host, Loss(
                peers=peers,
                direction=wanted.direction or 'both',
                port=wanted.port,
                percent=wanted.loss,
            )
        if wanted.delay_ms is None:
            raise self.wrong(key, 'give loss in percent, or delay_ms')
        if wanted.direction is not None:
            raise self.wrong(
                f'{key}.direction',
                'is of a loss: a delay is of what the host sends',
            )
        if wanted.jitter_ms * 2 > wanted.delay_ms:
            raise self.wrong(
                f'{key}.jitter_ms', 'is more than half of delay_ms'
            )
        return host, Delay(
            peers=peers,
            delay_ms=wanted.delay_ms,
            jitter_ms=wanted.jitter_ms,
            port=wanted.port,
        )
