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

from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import ports

#: Seconds between two rounds.
PAUSE = 1.0

#: Seconds after which a deletion that was acknowledged is asked for again.
AGAIN = 15.0

#: Servers may refer to keypairs, so they go first.
ORDER = ('server', 'keypair')


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
    asked: float | None = None
    why: str = 'not tried yet'


def clean(
    paths: collections.abc.Iterable[pathlib.Path],
    cloud: ports.Cloud,
    timeout: float = 120.0,
    clock: collections.abc.Callable[[], float] = time.monotonic,
    sleep: collections.abc.Callable[[float], None] = time.sleep,
) -> tuple[Left, ...]:
    """Delete what the ledgers owe; may be repeated at any time.

    :param timeout: seconds for each kind of resource.
    :returns: what is still there, or may be; empty if all is gone.
    :raises HarnessError: if a ledger cannot be read.
    """
    left: list[Left] = []
    debts = ledger.read(paths)
    for kind in ORDER:
        owed = [debt for debt in debts if debt.kind == kind]
        if owed:
            left += _Cleaning(cloud, kind, owed, clock, sleep).run(timeout)
    left += [
        Left(resource=debt.resource, name=debt.name, why='unknown kind')
        for debt in debts
        if debt.kind not in ORDER
    ]
    return tuple(left)


class _Cleaning:
    """The deletion of one kind of resource."""

    def __init__(
        self,
        cloud: ports.Cloud,
        kind: str,
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
            present = self._present()
        except ports.CallError as error:
            for todo in self._todo.values():
                todo.why = f'could not be listed: {error}'
            return False
        there: dict[str, _Todo] = {}
        for id_, name, state in present:
            if id_ in self._ids or name in self._names:
                known = self._todo.get(id_)
                there[id_] = known or _Todo(
                    ledger.Debt(kind=self._kind, name=name, id=id_)
                )
                if known and known.asked is not None:
                    known.why = f'still {state} after its deletion'
        self._todo = there
        return not there

    def _present(self) -> list[tuple[str, str, str]]:
        compute = self._cloud.compute
        if self._kind == 'keypair':
            return [(name, name, 'there') for name in compute.list_keypairs()]
        return [
            (server.id, server.name, server.status)
            for server in compute.list_servers()
        ]

    def _ask(self, todo: _Todo) -> None:
        if todo.asked is not None and self._clock() - todo.asked < AGAIN:
            return
        debt = todo.debt
        if self._kind == 'server' and not debt.id:
            # The list could not be had: there is no id to delete.
            return
        try:
            if self._kind == 'server':
                self._cloud.compute.delete_server(debt.id)
            else:
                self._cloud.compute.delete_keypair(debt.name)
            todo.asked = self._clock()
        except ports.CallError as error:
            todo.why = str(error)
