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
"""Clocks that jump, our part of an os-faults configuration."""

import collections.abc

from extreme_tempest_plugin.cloud import ssh
from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import nodes
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults import schema

#: Seconds that a clock must jump at least, for the way to the host takes some.
_SHORTEST_STEP = 10


class Clock(parts.Part, frozen=True, kw_only=True):
    """The clock of a host, that can jump.

    :param step_s: seconds by which it jumps; negative for back.
    """

    step_s: int

    @property
    def subject(self) -> str:
        return catalogue.Subject.CLOCK

    def at(self, where: str) -> str:
        return f'the clock of {where} by {self.step_s:+} s'

    def hit(self, hosts: parts.Addresses) -> parts.Addresses:
        return hosts


class Checking(nodes.Checking):
    """A file that is being checked, for clocks."""

    def clock(
        self,
        key: str,
        given: object,
        hosts: collections.abc.Mapping[str, ssh.Host],
    ) -> tuple[ssh.Host, Clock]:
        """A host whose clock can jump.

        :raises UsageError: if it would not jump far enough to be seen.
        """
        wanted = self.convert(given, schema.Clock, key)
        self.check_listed(f'{key}.host', wanted.host, hosts)
        if abs(wanted.step_s) < _SHORTEST_STEP:
            raise self.wrong(
                f'{key}.step_s',
                f'{wanted.step_s} s are too few to be seen from here: give '
                f'{_SHORTEST_STEP} at least, or -{_SHORTEST_STEP} at most',
            )
        return hosts[wanted.host], Clock(step_s=wanted.step_s)
