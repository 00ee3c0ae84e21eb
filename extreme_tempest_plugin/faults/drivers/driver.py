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
"""A driver: what breaks, sees and heals some kinds of fault."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.faults import catalogue
from extreme_tempest_plugin.faults import evidence
from extreme_tempest_plugin.faults import parts
from extreme_tempest_plugin.faults.drivers import engine as engine_


def _nothing() -> None:
    pass


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Some kinds of fault, and who does them.

    :param name: as ``driver`` of ``targets`` has it in the configuration.
    :param by: with what it works, for people: ``shell over SSH, as root``.
    :param kinds: that it offers.
    :param engine: makes who breaks and heals, from the seconds after which a
        call is given up.
    :param observer: makes who sees it, from the seconds of a look.
    :param look: seconds that a host may take to be seen.
    :param preflight: whether all that it needs is on this machine; raises
        UsageError that says what to install.
    :param part: the part of a target, from its ``args`` in the section
        ``targets``; raises UsageError ``key: what is wrong``. None where its
        targets are in sections of their own.
    """

    name: str
    by: str
    kinds: tuple[catalogue.Kind, ...]
    engine: collections.abc.Callable[[float], engine_.Engine]
    observer: collections.abc.Callable[[float], evidence.Observer]
    look: float = 15.0
    preflight: collections.abc.Callable[[], None] = _nothing
    part: collections.abc.Callable[[object], parts.Foreign] | None = None
