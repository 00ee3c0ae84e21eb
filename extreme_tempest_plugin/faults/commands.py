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
"""Commands that an operator declares, in the configuration.

They run on hosts as root, so they are lists of words that mean nothing to a
shell.
"""

import collections.abc
import re

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema

_WORD = re.compile(r'[\w/.-][\w./:@,-]*\Z', re.ASCII)
_PROGRAM = re.compile(r'[\w/][\w./-]*\Z', re.ASCII)
_SAYS = re.compile(r'[\w/@.:-]+(?: [\w/@.:-]+)*\Z', re.ASCII)
# They run what comes behind them, which is then no list of words any more.
_RUNS_OTHERS = frozenset(
    (
        *('ash', 'bash', 'csh', 'dash', 'fish', 'ksh', 'sh', 'tcsh', 'zsh'),
        *('.', 'busybox', 'env', 'eval', 'exec', 'source', 'xargs'),
    )
)

Command = tuple[str, ...]


class Commands(parts.Part, frozen=True, kw_only=True):
    """What breaks something on each host, and what heals it.

    :param status: ends with 0 where it is whole.
    :param says_broken: what it prints in a line where it is broken; small
        and capital letters are the same.
    :param hits: its hosts suffer as a whole.
    """

    inject: Command
    heal: Command
    status: Command
    says_broken: str
    hits: bool = True

    @property
    def subject(self) -> str:
        return catalogue.Subject.COMMAND

    def at(self, where: str) -> str:
        return f'{self.inject[0]} on {where}'

    def hit(self, hosts: parts.Addresses) -> parts.Addresses:
        return hosts if self.hits else ()

    def commands(self) -> tuple[str, ...]:
        return tuple(map(' '.join, (self.inject, self.heal, self.status)))


class Checking(nodes.Checking):
    """A file that is being checked, for commands."""

    def command(self, key: str, words: collections.abc.Sequence[str]) -> None:
        """Refuse a command that is more than its words.

        :raises UsageError: if a word means something to a shell, or would
            run another one.
        """
        if not words:
            raise self.wrong(key, 'give a program and its arguments')
        for number, word in enumerate(words):
            self.check(
                key,
                word,
                _WORD if number else _PROGRAM,
                'a word of a command' if number else 'a program',
            )
        self.check_words(key, words)

    def check_words(
        self, key: str, words: collections.abc.Iterable[str]
    ) -> None:
        """Refuse words that run what comes behind them.

        :raises UsageError: naming the word.
        """
        for word in words:
            if word.rpartition('/')[2] in _RUNS_OTHERS:
                raise self.wrong(key, f'{word!r} would run something else')

    def commands(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[tuple[ssh.Host, ...], Commands]:
        """Hosts and the commands that break and heal something there.

        :param hosts: the nodes by address.
        :raises UsageError: if something of it cannot be used.
        """
        wanted = self.convert(given, schema.Commands, key)
        for name in ('inject', 'heal', 'status'):
            self.command(f'{key}.{name}', getattr(wanted, name))
        self.check(
            f'{key}.says_broken', wanted.says_broken, _SAYS, 'words of a line'
        )
        if wanted.inject == wanted.heal:
            raise self.wrong(f'{key}.heal', 'is the same as inject')
        return self.listed(f'{key}.hosts', wanted.hosts, hosts), Commands(
            inject=tuple(wanted.inject),
            heal=tuple(wanted.heal),
            status=tuple(wanted.status),
            says_broken=wanted.says_broken,
            hits=wanted.hits,
        )
