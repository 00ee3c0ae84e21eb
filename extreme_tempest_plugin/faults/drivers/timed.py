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
"""What scripts of ours break on hosts, where a timer undoes it in any case."""

import abc
import math
import typing

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults.drivers import dead_man as dead_man_
from extreme_tempest_plugin.faults.drivers import remote

S = typing.TypeVar('S', bound=evidence.State)


class Timed(abc.ABC, typing.Generic[S]):
    """Engine and observer of one fault, by three scripts.

    Each runs as root after ``dead_man.SHELL`` and ``common``. Its first
    arguments are the tag of the target and ``words``; then come, where it
    breaks something, the seconds of the timer and ``to_break``, and where it
    heals or looks ``to_heal`` or ``to_look``.

    :param timeout: seconds that a call may take.
    :cvar breaks: the verbs that break something.
    :cvar heals: the verb that heals.
    :cvar done: what was not done where it failed: ``cut``.
    """

    common: str
    breaking: str
    healing: str
    looking: str
    breaks: tuple[catalogue.Verb, ...]
    heals: catalogue.Verb
    done: str

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout

    def call(
        self,
        verb: catalogue.Verb,
        target: configuration.Target,
        dead_man: float = 0.0,
    ) -> None:
        """Break it or heal it, on all hosts of the target at once.

        :param dead_man: seconds after which a host undoes it by itself.
        :raises RemoteError: if it failed, or there would be no such timer.
        :raises UnreachableError: if the only host did not answer in time.
        """
        if verb is self.heals:
            self._on_all(self.healing, target, self.to_heal(target))
            return
        assert verb in self.breaks
        if dead_man <= 0:
            raise remote.RemoteError(
                f'{target.name}: not {self.done}: no time for the timer that '
                'undoes it'
            )
        words = (str(math.ceil(dead_man)), *self.to_break(target))
        self._on_all(self.breaking, target, words)

    def observe(self, target: configuration.Target) -> tuple[S, ...]:
        """Each host of the target.

        :raises UnreachableError: if one cannot be asked.
        """
        return ssh.everywhere(
            target.hosts, lambda host: self.look(host, target)
        )

    def words(self, target: configuration.Target) -> tuple[str, ...]:
        """What each script is told after the tag."""
        return ()

    def to_break(self, target: configuration.Target) -> tuple[str, ...]:
        """What the script that breaks is told besides."""
        return ()

    def to_heal(self, target: configuration.Target) -> tuple[str, ...]:
        """What the script that heals is told besides."""
        return ()

    def to_look(self, target: configuration.Target) -> tuple[str, ...]:
        """What the script that looks is told besides."""
        return ()

    @abc.abstractmethod
    def look(self, host: ssh.Host, target: configuration.Target) -> S:
        """One host of the target, by what ``ask`` returns.

        :raises UnreachableError: if it cannot be asked.
        """

    def ask(self, host: ssh.Host, target: configuration.Target) -> str:
        """What a host says to the script that looks.

        :raises UnreachableError: if it cannot be asked.
        """
        words = self.to_look(target)
        try:
            return self._run(host, self.looking, target, words)
        except remote.RemoteError as error:
            raise ssh.UnreachableError(str(error)) from None

    def _on_all(
        self,
        script: str,
        target: configuration.Target,
        words: tuple[str, ...],
    ) -> None:
        remote.on_all(
            target.hosts,
            lambda host: self._run(host, script, target, words),
        )

    def _run(
        self,
        host: ssh.Host,
        script: str,
        target: configuration.Target,
        words: tuple[str, ...],
    ) -> str:
        return remote.run(
            host,
            dead_man_.SHELL + self.common + script,
            dead_man_.tag(target),
            *self.words(target),
            *words,
            timeout=self._timeout,
        )
