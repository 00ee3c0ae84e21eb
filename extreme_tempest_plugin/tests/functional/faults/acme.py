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
"""A driver as others bring it, in full: the lock of an array of Acme.

An array that finds this file refuses its clients. The driver makes it on each
host of a target, removes it, and looks whether it is there.
"""

import dataclasses
import math
import re

import msgspec

from extreme_tempest_plugin import errors
from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import dead_man
from extreme_tempest_plugin.faults.drivers import driver
from extreme_tempest_plugin.faults.drivers import remote

_NAME = 'acme'
# The timer's command may hold neither $ nor %.
_PATH = re.compile(r'/[\w./-]+\Z', re.ASCII)
# remote.run brings lock and fail; dead_man.SHELL arm, armed and disarm.
_INJECT = 'lock; arm "$2" "rm -f $3"; touch "$3" || { disarm; exit 3; }'
_HEAL = 'lock; rm -f "$2" || exit 3; disarm'
_LOOK = '[ -e "$2" ] && echo File=yes; armed && echo Timer=yes; echo Seen=yes'


class _Args(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    file: str


def part(args: object) -> parts.Foreign:
    """What stands in ``args`` of a target, checked."""
    try:
        given = msgspec.convert(args, _Args)
    except msgspec.ValidationError as error:
        raise errors.UsageError(str(error)) from None
    if not _PATH.match(given.file):
        raise errors.UsageError(f'file: {given.file!r} is refused as a path')
    return parts.Foreign(
        driver=_NAME,
        args=(('file', given.file),),
        reads=f'lock {given.file}',
        runs=(f'touch {given.file}',),
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LockState(evidence.State):
    """The array on one host, at one moment."""

    host: str
    file: bool
    timer: bool

    @property
    def whole(self) -> bool:
        return not (self.file or self.timer)

    def shows(self, proof: catalogue.Proof, before: evidence.State) -> bool:
        return self.file

    def __str__(self) -> str:
        return f'{self.host}: {"locked" if self.file else "not locked"}'


class Locker:
    """Engine and observer: the one breaks and heals, the other looks."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        if verb is catalogue.Verb.INJECT:
            script, words = _INJECT, (str(math.ceil(dead_man)),)
        else:
            script, words = _HEAL, ()
        remote.on_all(
            target.hosts,
            lambda host: self._run(host, target, script, *words),
        )

    def observe(self, target: configuration.Target) -> tuple[LockState, ...]:
        return ssh.everywhere(
            target.hosts, lambda host: self._look(host, target)
        )

    def _look(self, host: ssh.Host, target: configuration.Target) -> LockState:
        said = dict(remote.pairs(self._run(host, target, _LOOK)))
        if 'Seen' not in said:
            raise ssh.UnreachableError(f'{host.address}: nothing was seen')
        return LockState(
            host=host.address, file='File' in said, timer='Timer' in said
        )

    def _run(
        self,
        host: ssh.Host,
        target: configuration.Target,
        script: str,
        *words: str,
    ) -> str:
        assert isinstance(target.part, parts.Foreign)
        return remote.run(
            host,
            f'tag=$1\n{dead_man.SHELL}\n{script}',
            dead_man.tag(target),
            *words,
            dict(target.part.args)['file'],
            timeout=self._timeout,
        )


DRIVER = driver.Driver(
    name=_NAME,
    by='shell over SSH, as root',
    kinds=(
        catalogue.Kind(
            name='acme.lock',
            does=catalogue.Verb.INJECT,
            undoes=catalogue.Verb.HEAL,
            heals_itself=False,
            proof=catalogue.Proof.BROKEN,
            of=_NAME,
            dead_man=True,
        ),
    ),
    engine=Locker,
    observer=Locker,
    part=part,
)
