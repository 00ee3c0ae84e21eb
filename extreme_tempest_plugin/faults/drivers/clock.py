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
"""The clock of a host jumps, and is set right again.

Only where the host has a clock: a container has that of its machine. What is
right is told by the host's own monotonic clock, which does not jump: its time
since the start, see proc_uptime(5), and when it started, from before the
fault. That is a script on the host, which is what heals; its path is where we
look. Services that set the clock are stopped meanwhile.
"""

import dataclasses
import pathlib
import time

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import clocks
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import clock_shell
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.faults.drivers import timed

#: Seconds by which the clocks of host and tester may differ.
_SLACK = 1.0
_BOOT = pathlib.Path('/proc/sys/kernel/random/boot_id')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ClockState(evidence.State):
    """The clock of a host beside that of the tester, at one moment.

    :param part: the jump while the fault is there.
    :param least: seconds that it is ahead of ours at least: a command takes
        its time to the host and back.
    :param most: the same at most.
    :param left: what sets it right is there.
    :param timer: the timer is armed that undoes it.
    :param ntp: services that run there and set the clock.
    :param shared: why the host has no clock of its own.
    """

    host: str
    part: clocks.Clock
    least: float
    most: float
    left: bool
    timer: bool
    ntp: tuple[str, ...]
    shared: str

    @property
    def whole(self) -> bool:
        right = self.least <= _SLACK and self.most >= -_SLACK
        return right and not (self.left or self.timer)

    @property
    def forbidden(self) -> str:
        if not self.shared:
            return ''
        return f'{self.host}: has no clock of its own: {self.shared}'

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert proof is catalogue.Proof.STEPPED
        assert isinstance(before, ClockState)
        least = self.least - before.most - _SLACK
        most = self.most - before.least + _SLACK
        return self.left and least <= self.part.step_s <= most

    def __str__(self) -> str:
        ahead = (self.least + self.most) / 2
        unsure = (self.most - self.least) / 2
        words = [
            f'{self.host}: its clock is {abs(ahead):.1f} s '
            f'{"behind" if ahead < 0 else "ahead of"} ours, '
            f'± {unsure:.1f} s'
        ]
        if self.ntp:
            words.append(f'{", ".join(self.ntp)} sets it')
        if self.left:
            words.append('is to be set right')
        if self.timer:
            words.append('the timer is armed')
        return '; '.join(words)


class Stepper(timed.Timed[ClockState]):
    """Engine and observer of ``clock.step``."""

    common = clock_shell.COMMON
    breaking = clock_shell.STEP
    healing = clock_shell.HEAL
    looking = clock_shell.LOOK
    breaks = (catalogue.Verb.STEP,)
    heals = catalogue.Verb.HEAL
    done = 'set'

    def words(self, target: configuration.Target) -> tuple[str, ...]:
        # A host of this kernel has this clock.
        return (_BOOT.read_text().strip(),)

    def to_break(self, target: configuration.Target) -> tuple[str, ...]:
        return (str(_part(target).step_s),)

    def look(self, host: ssh.Host, target: configuration.Target) -> ClockState:
        before = time.time()
        said = self.ask(host, target)
        return parse(said, target, before, time.time())


def parse(
    text: str, target: configuration.Target, before: float, after: float
) -> ClockState:
    """What the host said.

    :param before: our clock before it was asked, seconds.
    :param after: our clock when it had answered.
    :raises UnreachableError: if that tells nothing.
    """
    said = dict(remote.pairs(text))
    part = _part(target)
    host = target.hosts[0].address
    try:
        least = int(said['Last']) / 1000 - after
        most = int(said['First']) / 1000 - before
    except (KeyError, ValueError):
        raise ssh.UnreachableError(f'{host}: its clock is not known') from None
    if most - least > abs(part.step_s) / 4:
        raise ssh.UnreachableError(
            f'{host}: answered within {most - least:.1f} s by its clock, too '
            f'late to tell whether that jumped by {part.step_s} s, or it did '
            'so meanwhile: give more step_s if it stays so'
        )
    return ClockState(
        host=host,
        part=part,
        least=least,
        most=most,
        left='Left' in said,
        timer='Timer' in said,
        ntp=tuple(said.get('Ntp', '').split()),
        shared=said.get('Shared', ''),
    )


def _part(target: configuration.Target) -> clocks.Clock:
    assert isinstance(target.part, clocks.Clock)
    return target.part


DRIVER = driver.Driver(
    name='clock',
    by='shell over SSH, as root',
    kinds=(catalogue.KINDS['clock.step'],),
    engine=Stepper,
    observer=Stepper,
)
