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
"""What a virtual user works with: clouds, ledger, history and clock."""

import collections.abc
import dataclasses
import typing

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events


class Ledger(typing.Protocol):
    """What a user writes down, see ``cloud.ledger.Ledger``."""

    def owe(self, kind: str, name: str) -> None: ...

    def made(self, kind: str, name: str, id_: str) -> None: ...

    def gone(self, kind: str, name: str) -> None: ...


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A call that has ended, for statistics.

    :param elapsed: from sending to answer, ns.
    :param error: empty if it was acknowledged.
    """

    action: str
    service: str
    elapsed: int
    error: str


#: Told of each call that has ended.
Told = collections.abc.Callable[[Ended], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a user works with.

    :param cloud: for calls.
    :param looks: for looks, with a shorter time-out.
    :param admin: for calls and looks of actions that need it; None if there
        are no credentials of an administrator.
    :param record: takes each event, ``Writer.append``.
    :param clock: CLOCK_MONOTONIC, ns.
    :param ended: told of each call that has ended.
    """

    cloud: ports.Cloud
    looks: ports.Cloud
    admin: ports.Cloud | None = None
    ledger: Ledger
    record: collections.abc.Callable[[events.Event], None]
    clock: collections.abc.Callable[[], int]
    ended: Told = lambda ended: None
