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
"""Asks whether the cloud is in its steady state, while a campaign lasts.

Each check in a thread of its own, so that a host that hangs holds up nobody.
"""

import collections.abc
import threading
import time

from extreme_tempest_plugin import breaking
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin import steady
from extreme_tempest_plugin import steady_checks
from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import outcomes
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.cloud import reported
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.plan import model

#: Seconds between two looks.
_PERIOD = 1.0
#: Seconds that a cloud has to show its steady state before the first fault.
_PATIENCE = 20.0
#: Seconds for which a look that is under way is awaited at the end.
_END = 90.0
#: Seconds that a heal waits for what nova says of a host that is off.
_LOOK = 5.0
#: Of the census: a service of nova on a host that is off.
_KIND = 'service'


class Steadying:
    """Asks the checks of one campaign; none where nothing is broken.

    :param up: what the monitors say.
    :param record: takes each event.
    :param note: writes notes.
    :ivar state: what the checks say.
    :raises UsageError: if the os-faults configuration cannot be used.
    """

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        access: credentials.Access,
        directory: run_directory.RunDirectory,
        up: steady_checks.Up,
        record: collections.abc.Callable[[events.Event], None],
        note: notes.Notes,
    ) -> None:
        self.state = steady.State(
            record,
            note,
            breaking.others(plan.faults, settings.destructive),
            plan.steady.within,
        )
        self._wanted = steady_checks.Checks(plan, settings, access, up, note)
        self._plan = plan
        self._cloud = settings.cloud
        self._access = access
        self._record = record
        self._note = note
        self._directory = directory
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._checks: list[steady.Check] = []

    def hold(self, say: collections.abc.Callable[[str], None]) -> None:
        """Begin to ask, and see that the cloud is in its steady state.

        :param say: told what is being done.
        :raises RefusedError: if it is not.
        """
        try:
            for check in self._wanted.of(self._directory, self._over.is_set):
                self._begin(check)
        except ports.CallError as error:
            raise _refusal(
                f'it does not say what it offers: {error}'
            ) from None
        began = time.monotonic()
        while wrong := self._wrong():
            waited = time.monotonic() - began
            awaited = waited < steady.LONGEST and self.state.awaited()
            if waited >= _PATIENCE and not awaited:
                raise _refusal(wrong)
            say('looking whether the cloud is in its steady state')
            time.sleep(_PERIOD)

    def _wrong(self) -> str:
        """What is not known to be steady, and why; empty if all is."""
        awaited = dict.fromkeys(self.state.awaited(), 'no answer yet')
        wrong = awaited | self.state.unsteady() | self.state.unknown()
        return '; '.join(f'{name}: {why}' for name, why in wrong.items())

    def settle(self, say: collections.abc.Callable[[str], None]) -> None:
        """Wait until it is in its steady state again, if that may come."""
        while waiting := self.state.unsettled():
            say(f'waiting for {", ".join(waiting)}')
            time.sleep(_PERIOD)

    def look(self, fault: model.Fault) -> None:
        """Record what nova says of the host of a fault, before its heal.

        Of one that is off for long enough to be seen as down. The heal waits
        a little for the answer; a later one says nothing of the fault.
        """
        if not self._plan.steady.expects_down(fault) or not self._access.admin:
            return
        admin = clients.make(self._cloud, self._access.admin)
        over = threading.Event()

        def record(event: events.Event) -> None:
            if not over.is_set():
                self._record(event)

        def ask() -> None:
            try:
                census_views.Recorder(
                    project=admin.project,
                    record=record,
                    phase=events.CensusPhase.DURING,
                ).take((_services(admin, fault.target),))
            except Exception as error:
                self._note.unmeasured(f'census/{_KIND}', outcomes.line(error))

        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        asking.join(_LOOK)
        over.set()

    def stop(self) -> None:
        """Ask nobody any more; a second time does nothing."""
        self._over.set()
        until = time.monotonic() + _END
        while self._threads:
            self._threads.pop().join(max(0.0, until - time.monotonic()))
        while self._checks:
            self._checks.pop().end()

    def _begin(self, check: steady.Check) -> None:
        self.state.add(check)
        self._checks.append(check)
        # Of a process that ends nobody waits for an answer.
        thread = threading.Thread(target=self._ask, args=(check,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _ask(self, check: steady.Check) -> None:
        while not self._over.wait(_PERIOD):
            if not self.state.due(check):
                continue
            began = time.monotonic_ns()
            try:
                self.state.take(check, began, check.look())
            except Exception as error:
                # Whatever it is, it is ours, and the verdict is unknown.
                self._give_up(check, outcomes.line(error))
                return

    def _give_up(self, check: steady.Check, why: str) -> None:
        """Note that it is not asked any more, when the disk has room again."""
        while True:
            try:
                self.state.give_up(check, why)
                return
            except OSError:
                if self._over.wait(_PERIOD):
                    return


def _services(admin: ports.Cloud, target: str) -> census_views.View:
    """What nova says of its services on a host.

    :param target: name of the host in the os-faults configuration.
    """

    def rows() -> collections.abc.Iterator[census_views.Row]:
        for one, up in reported.parts(admin, 'nova services').items():
            binary, _, host = one.partition(' on ')
            if _same(host, target):
                yield census_views.Row(
                    id=f'{binary}@{host}',
                    state='up' if up else 'down',
                    refs={'target': target},
                )

    return census_views.View(kind=_KIND, service='nova', rows=rows)


def _same(one: str, other: str) -> bool:
    """Whether two names are of one host, with its domain or without it."""
    return one == other or (
        one.partition('.')[0] == other or other.partition('.')[0] == one
    )


def _refusal(why: str) -> errors.RefusedError:
    return errors.RefusedError(
        'the cloud is not in its steady state, so nothing was broken: '
        f'{why}: repair that, or leave that check out by `steady` of the plan'
    )
