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
"""Delete what a ledger says that a run still owes, and nothing else."""

import collections.abc
import dataclasses
import pathlib
import time

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import ports

#: Seconds between two rounds.
PAUSE = 1.0

#: Seconds after which a deletion that was acknowledged is asked for again.
AGAIN = 15.0

#: Seconds for which the deletion of each kind of resource is tried.
TIMEOUT = 120.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What could not be deleted.

    :param resource: ``server/<id>``, or ``server/<name>`` where no id is
        known.
    :param why: one line.
    """

    resource: str
    name: str
    why: str


@dataclasses.dataclass(slots=True)
class _Todo:
    debt: ledger.Debt
    found: kinds.Found | None = None
    asked: float | None = None
    why: str = 'not tried yet'


def clean(
    paths: collections.abc.Iterable[pathlib.Path],
    cloud: ports.Cloud,
    timeout: float = TIMEOUT,
    *,
    admin: ports.Cloud | None = None,
    clock: collections.abc.Callable[[], float] = time.monotonic,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> tuple[Left, ...]:
    """Delete what the ledgers owe; may be repeated at any time.

    :param timeout: seconds for each kind of resource.
    :param admin: the cloud as an administrator, who alone can delete users
        and projects; None if there is none.
    :returns: what is still there, or may be; empty if all is gone.
    :raises HarnessError: if a ledger cannot be read.
    """
    left: list[Left] = []
    debts = ledger.read(paths)
    for kind in kinds.KINDS:
        owed = [debt for debt in debts if debt.kind == kind.name]
        if owed and kind.listed:
            whose = (admin or cloud) if kind.admin else cloud
            left += _Cleaning(whose, kind, owed, clock, sleep).run(timeout)
    left += [
        Left(resource=debt.resource, name=debt.name, why='unknown kind')
        for debt in debts
        if debt.kind not in kinds.BY_NAME
    ]
    return tuple(left)


class _Cleaning:
    """The deletion of one kind of resource."""

    def __init__(
        self,
        cloud: ports.Cloud,
        kind: kinds.Kind,
        debts: collections.abc.Sequence[ledger.Debt],
        clock: collections.abc.Callable[[], float],
        sleep: collections.abc.Callable[[float], None],
    ) -> None:
        self._cloud = cloud
        self._kind = kind
        self._names = {debt.name for debt in debts}
        self._ids = {debt.id for debt in debts if debt.id}
        self._todo = {debt.id or debt.name: _Todo(debt) for debt in debts}
        self._clock = clock
        self._sleep = sleep

    def run(self, timeout: float) -> list[Left]:
        """Delete, look, and again, until nothing is there or time is up."""
        deadline = self._clock() + timeout
        while True:
            if self._look():
                return []
            if self._clock() >= deadline:
                return [
                    Left(
                        resource=todo.debt.resource,
                        name=todo.debt.name,
                        why=todo.why,
                    )
                    for todo in self._todo.values()
                ]
            for todo in list(self._todo.values()):
                if self._clock() >= deadline:
                    break
                self._ask(todo)
            self._sleep(PAUSE)

    def _look(self) -> bool:
        """Whether all is gone; what is there becomes what is to do.

        A server that was renamed is known by its id, one whose create was
        never answered by its name; two with one name are both ours.
        """
        try:
            present = kinds.found(self._cloud, self._kind)
        except ports.CallError as error:
            for todo in self._todo.values():
                todo.why = f'could not be listed: {error}'
            return False
        there: dict[str, _Todo] = {}
        for one in present:
            if one.id in self._ids or one.name in self._names:
                todo = self._todo.get(one.id) or _Todo(
                    ledger.Debt(kind=self._kind.name, name=one.name, id=one.id)
                )
                todo.found = one
                if todo.asked is not None:
                    todo.why = f'still {one.state} after its deletion'
                there[one.id] = todo
        self._todo = there
        return not there

    def _ask(self, todo: _Todo) -> None:
        if todo.asked is not None and self._clock() - todo.asked < AGAIN:
            return
        id_ = todo.debt.id or (todo.found.id if todo.found else '')
        if not id_:
            # The list could not be had: there is no id to delete.
            return
        try:
            if self._kind.undo and todo.found:
                self._kind.undo(self._cloud, todo.found)
            self._cloud.service(self._kind.service).delete(
                self._kind.path(self._cloud, id_)
            )
            todo.asked = self._clock()
        except ports.CallError as error:
            todo.why = str(error)
