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
"""The faults of a campaign, in their turn."""

import collections.abc
import contextlib
import functools

from extreme_tempest_plugin import errors
from extreme_tempest_plugin import settings
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.faults import bystanders
from extreme_tempest_plugin.faults import configuration
from extreme_tempest_plugin.faults import engines
from extreme_tempest_plugin.faults import healing
from extreme_tempest_plugin.faults import injection
from extreme_tempest_plugin.faults import journal
from extreme_tempest_plugin.faults import losses
from extreme_tempest_plugin.faults import members
from extreme_tempest_plugin.faults import reading
from extreme_tempest_plugin.faults import recording
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model

#: Makes an injection, which is held from then on.
Make = collections.abc.Callable[[], injection.Injection]


def heal_dead_runs(
    destructive: settings.Destructive, faults: tuple[model.Fault, ...]
) -> None:
    """Heal what dead runs left broken.

    Before anybody logs in: it may be the identity service.

    :param faults: of the plan that is to be run. One that breaks nothing may
        leave a journal alone that it may not read.
    :raises RefusedError: if something stays broken, or is still under way.
    :raises UsageError: if the journal cannot be used.
    """
    try:
        healed = healing.heal_all(destructive)
    except journal.UnreadableError:
        if faults:
            raise
        return
    for one in healed:
        if not one.proven:
            raise errors.RefusedError(
                f'{one.fault} of a dead run is not healed: {one.text}; see '
                '`tempest extreme heal`'
            )


def others(
    faults: tuple[model.Fault, ...], destructive: settings.Destructive
) -> bystanders.Bystanders:
    """What must be there between the faults of a plan.

    :raises UsageError: if the os-faults configuration cannot be used.
    """
    offered = (
        reading.read(destructive.os_faults_config).targets.values()
        if len(faults) > 1
        else ()
    )
    return bystanders.Bystanders(offered)


def make(
    plan: model.Fault,
    target: configuration.Target,
    destructive: settings.Destructive,
    *,
    identity: str,
    run: str,
    record: recording.Record,
) -> injection.Injection:
    """An injection by the engine of its kind, proven by its observer.

    :param target: of ``guard.check``.
    """
    kind = engines.kind(plan.fault)
    return injection.Injection(
        plan,
        target,
        identity=identity,
        run=run,
        engine=engines.engine(kind, target, destructive.call_timeout),
        observer=engines.observer(kind, target),
        log=journal.Journal(destructive.state_dir),
        record=record,
    )


class Breaking:
    """Makes the injections of one run and holds them until they are healed.

    :param faults: of the plan.
    :param targets: of the faults, in their order.
    :param run: identity of the run.
    :param record: takes each event.
    :ivar held: what was begun.
    :ivar seen: the faults up to now, as the checkers will see them.
    """

    def __init__(
        self,
        faults: tuple[model.Fault, ...],
        targets: tuple[configuration.Target, ...],
        destructive: settings.Destructive,
        run: str,
        record: collections.abc.Callable[[events.Event], None],
    ) -> None:
        self.held: list[injection.Injection] = []
        self.seen = windows.Faults(faults)
        self._faults = tuple(zip(faults, targets, strict=True))
        self._destructive = destructive
        self._run = run
        self._write = record

    def in_turn(
        self,
    ) -> collections.abc.Iterator[tuple[model.Fault, Make]]:
        """The faults in the order in which they are due."""
        numbered = enumerate(self._faults, start=1)
        for number, (fault, target) in sorted(
            numbered, key=lambda one: one[1][0].at
        ):
            yield (
                fault,
                functools.partial(
                    self._make, f'fault-{number}', fault, target
                ),
            )

    def endangered(self, fault: model.Fault) -> str:
        """Clusters that lose their majority if this is injected now.

        By what their members say, whatever the plan has of them; empty if
        there are none.
        """
        target = next(its for one, its in self._faults if one is fault)
        offered = reading.read(self._destructive.os_faults_config)
        said = []
        for cluster in offered.clusters:
            gone = losses.lost(cluster, target)
            if not gone or not cluster.kind:
                continue
            left = members.serving(cluster, offered.hosts).difference(gone)
            if len(left) < cluster.majority:
                said.append(
                    f'{cluster.name} would have {len(left)} of '
                    f'{len(cluster.members)} members'
                )
        return ', '.join(said)

    def heal(self, say: collections.abc.Callable[[str], None]) -> None:
        """Heal all that is held, the last first; what is healed stays so.

        :param say: told what is being done.
        """
        with contextlib.ExitStack() as stack:
            # Each is healed, whatever the others do.
            for one in self.held:
                stack.callback(_heal, one, say)
            # What makes one whole may be what another one took away.
            for one in reversed(self.held):
                one.undo()

    def _make(
        self, identity: str, fault: model.Fault, target: configuration.Target
    ) -> injection.Injection:
        one = make(
            fault,
            target,
            self._destructive,
            identity=identity,
            run=self._run,
            record=self._record,
        )
        self.held.append(one)
        return one

    def _record(self, event: events.Event) -> None:
        self._write(event)
        if isinstance(event, events.Fault):
            self.seen.see(event)


def _heal(
    one: injection.Injection, say: collections.abc.Callable[[str], None]
) -> None:
    try:
        if one.healed is None:
            say(f'healing {one.plan.target}')
        one.heal()
    except BaseException:
        # What comes between, a signal or a display that fails, ends no heal.
        one.heal()
        raise
