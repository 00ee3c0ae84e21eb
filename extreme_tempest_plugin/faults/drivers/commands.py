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
"""Break and heal by commands that the operator declares.

They are those of the configuration, lists of words that mean nothing to a
shell, and run on each host as root.
"""

import dataclasses
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import commands
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import commands_shell
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import remote
from extreme_tempest_plugin.faults.drivers import timed

#: Others' tools may be slow: rabbitmq-diagnostics takes seconds of a CPU.
_LOOK = 45.0
_HEAL = f"""
lock
{commands_shell.HEAL}
"""
_SEE = """
armed && echo Timer=yes
commands : "$@" | while read -r command; do
  said=$(bounded $command </dev/null 2>&1)
  echo "Status=$?"
  printf '%s\n' "$said" | head -n 1000 | sed 's/^/Said=/'
done
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CommandState(evidence.State):
    """What the status of the operator says of a host, at one moment.

    :param status: with what it ended.
    :param says_broken: what it says where the fault is there.
    :param broken: it says so.
    :param timer: the timer is armed that undoes it.
    """

    host: str
    status: int
    says_broken: str
    broken: bool
    timer: bool

    @property
    def whole(self) -> bool:
        return not (self.status or self.broken or self.timer)

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        assert proof is catalogue.Proof.BROKEN
        return self.broken

    def lasts(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        # One that fails says neither that it is broken nor that it is whole.
        return bool(self.status) or self.shows(proof, before)

    def __str__(self) -> str:
        says = 'says' if self.broken else 'does not say'
        timer = ', the timer is armed' if self.timer else ''
        return (
            f'{self.host}: the status {says} {self.says_broken!r} and ends '
            f'with {self.status}{timer}'
        )


class Commander(timed.Timed[CommandState]):
    """Engine and observer of ``host.command``."""

    common = commands_shell.COMMON
    breaking = commands_shell.BREAK
    healing = _HEAL
    looking = _SEE
    breaks = (catalogue.Verb.INJECT,)
    heals = catalogue.Verb.HEAL
    done = 'injected'

    def to_break(self, target: configuration.Target) -> tuple[str, ...]:
        breaks = commands_shell.marked(
            commands_shell.BREAKS, _part(target).inject
        )
        return *breaks, *self.to_heal(target)

    def to_heal(self, target: configuration.Target) -> tuple[str, ...]:
        return commands_shell.marked(commands_shell.HEALS, _part(target).heal)

    def to_look(self, target: configuration.Target) -> tuple[str, ...]:
        return commands_shell.marked(
            commands_shell.STATUS, _part(target).status
        )

    def look(
        self, host: ssh.Host, target: configuration.Target
    ) -> CommandState:
        said = self.ask(host, target)
        return parse(said, host.address, _part(target).says_broken)


def parse(text: str, host: str, says_broken: str) -> CommandState:
    """What a host said.

    :param says_broken: whole words that it says where it is broken.
    :raises UnreachableError: if the answer is none.
    """
    pairs = remote.pairs(text)
    status = next((value for key, value in pairs if key == 'Status'), '')
    if not status.isdigit():
        raise ssh.UnreachableError(f'{host}: the status did not end')
    words = re.compile(rf'(?<!\w){re.escape(says_broken)}(?!\w)', re.I)
    return CommandState(
        host=host,
        status=int(status),
        says_broken=says_broken,
        broken=any(
            key == 'Said' and words.search(line) for key, line in pairs
        ),
        timer=('Timer', 'yes') in pairs,
    )


def _part(target: configuration.Target) -> commands.Commands:
    assert isinstance(target.part, commands.Commands)
    return target.part


DRIVER = driver.Driver(
    name='commands',
    by='shell over SSH, as root',
    kinds=(catalogue.KINDS['host.command'],),
    engine=Commander,
    observer=Commander,
    look=_LOOK,
)
