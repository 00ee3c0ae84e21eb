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
"""Packets from a host to others wait a while, before they go out.

With a queue of our own at the root of each interface that leads to them: prio
with netem for what goes there, see tc-prio(8) and tc-netem(8). Only in place
of a queue that the kernel made by itself, which it makes again: those have
the handle 0. An interface whose queue somebody configured is refused.
"""

import dataclasses

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import links
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import delay_shell
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.faults.drivers import timed

#: A round trip must be longer by so much of the shortest delay: the one
#: before it is measured as well, on a host that does other things.
_SHARE = 0.8


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DelayState(evidence.State):
    """How soon the peers of a host answer it, at one moment.

    :param part: the delay while the fault is there.
    :param devices: interfaces that have our queue.
    :param timer: the timer is armed that undoes it.
    :param took: peers that answered, and the milliseconds until a connection
        was made, the shortest of three.
    :param missed: the others.
    :param unable: why the kernel cannot delay packets.
    :param busy: queues on the way to the peers that are not the kernel's own.
    :param client: the address that we come from, as the host sees it.
    """

    host: str
    part: links.Delay
    devices: tuple[str, ...]
    timer: bool
    took: tuple[tuple[str, float], ...]
    missed: tuple[str, ...]
    unable: str
    busy: tuple[str, ...]
    client: str

    @property
    def late(self) -> tuple[str, ...]:
        """Peers that answer no sooner than with the delay."""
        least = self.part.least_ms
        return tuple(peer for peer, took in self.took if took >= least)

    @property
    def whole(self) -> bool:
        return not (self.devices or self.timer or self.missed or self.late)

    @property
    def forbidden(self) -> str:
        if self.client in ('', *self.part.peers):
            why = (
                f'{self.client} is where we come from: nobody could heal it'
                if self.client
                else 'the address that we come from is not known'
            )
        elif self.unable:
            why = (
                'its kernel cannot delay packets, it needs sch_netem, '
                f'sch_prio and cls_u32: {self.unable}'
            )
        elif self.busy:
            why = (
                f'somebody configured {", ".join(self.busy)}, which would be '
                'lost'
            )
        else:
            return ''
        return f'{self.host}: {why}'

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert proof is catalogue.Proof.DELAYED
        assert isinstance(before, DelayState)
        sooner = dict(before.took)
        if not self.devices or {*self.late} != {*self.part.peers}:
            return False
        longer = _SHARE * self.part.least_ms
        return all(
            peer in sooner and took - sooner[peer] >= longer
            for peer, took in self.took
        )

    def lasts(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        # A peer that is silent, or slow by itself, tells nothing.
        return bool(self.devices)

    def __str__(self) -> str:
        words = [f'{self.host}:']
        if self.devices:
            words.append(f'our queue is on {", ".join(self.devices)};')
        if self.timer:
            words.append('the timer is armed;')
        words += [f'{peer} answers in {took} ms;' for peer, took in self.took]
        if self.missed:
            words.append(f'does not reach {", ".join(self.missed)};')
        return ' '.join(words).rstrip(';:')


class Delayer(timed.Timed[DelayState]):
    """Engine and observer of ``network.delay``."""

    common = delay_shell.COMMON
    breaking = delay_shell.DELAY
    healing = delay_shell.HEAL
    looking = delay_shell.LOOK
    breaks = (catalogue.Verb.DELAY,)
    heals = catalogue.Verb.HEAL
    done = 'delayed'

    def words(self, target: configuration.Target) -> tuple[str, ...]:
        part = _part(target)
        return (
            _handle(dead_man.tag(target)),
            str(part.delay_ms),
            str(part.jitter_ms),
            ','.join(part.peers),
        )

    def to_look(self, target: configuration.Target) -> tuple[str, ...]:
        return (str(_part(target).port),)

    def look(self, host: ssh.Host, target: configuration.Target) -> DelayState:
        return parse(self.ask(host, target), target)


def parse(text: str, target: configuration.Target) -> DelayState:
    """What tc, the timer and the connections said."""
    said = remote.pairs(text)

    def all_of(key: str) -> tuple[str, ...]:
        return tuple(value for one, value in said if one == key)

    took = (value.split() for value in sorted(all_of('Took')))
    return DelayState(
        host=target.hosts[0].address,
        part=_part(target),
        devices=all_of('Ours'),
        timer='yes' in all_of('Timer'),
        took=tuple((peer, int(us) / 1000) for peer, us in took),
        missed=tuple(sorted(all_of('Missed'))),
        unable=next(iter(all_of('Unable')), ''),
        busy=all_of('Busy'),
        client=next(iter(all_of('Client')), ''),
    )


def _part(target: configuration.Target) -> links.Delay:
    assert isinstance(target.part, links.Delay)
    return target.part


def _handle(tag: str) -> str:
    """Of our queue, by which it is known: none that the kernel would give.

    Those that it gives begin at 8000, see tc(8).
    """
    return f'{0x1000 + int(tag[-12:], 16) % 0x6000:x}'


DRIVER = driver.Driver(
    name='delay',
    by='shell over SSH, as root',
    kinds=(catalogue.KINDS['network.delay'],),
    engine=Delayer,
    observer=Delayer,
)
