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
"""The monitors and the log reader of a campaign."""

import collections.abc
import contextlib

from extreme_tempest_plugin import run_directory
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.cloud import cleanup
from extreme_tempest_plugin.cloud import clients
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.cloud import logs
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.history import notes
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.uptime import orders
from extreme_tempest_plugin.uptime import self_test
from extreme_tempest_plugin.uptime import watch

#: Seconds for each kind of resource that a write probe made.
PATIENCE = 60.0

Record = collections.abc.Callable[[events.Event], None]


class Observing:
    """Watches from before the storm to after the clean-up.

    :param record: takes the events of the campaign.
    :param note: writes its notes.
    """

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        access: credentials.Access,
        directory: run_directory.RunDirectory,
        record: Record,
        note: notes.Notes,
    ) -> None:
        specs = (
            orders.specs(
                settings,
                access.user,
                plan.uptime,
                directory.run,
                directory.path,
            )
            if plan.uptime
            else ()
        )
        self._monitors = watch.Monitors(specs)
        self._specs = specs
        self._cloud = lambda: clients.make(settings.cloud, access.user)
        self._uptime = plan.uptime
        self._log = logs.Watcher(settings.logs, record)
        self._note = note

    @contextlib.contextmanager
    def observed(
        self, ending: collections.abc.Callable[[], None]
    ) -> collections.abc.Iterator[None]:
        """Watch for as long as the block lasts.

        :param ending: called before the monitors are stopped.
        :raises HarnessError: if a monitor does not start.
        """
        if self._uptime is not None:
            self._test_itself(self._uptime.interval)
        try:
            with self._monitors:
                self._log.start()
                try:
                    yield
                finally:
                    ending()
                    self._log.stop()
        finally:
            for trouble in self._monitors.check():
                self._note.unmeasured('uptime', trouble)
            self._clean_up()

    def _clean_up(self) -> None:
        """Delete what the write probes made and could not delete."""
        ledgers = orders.ledgers(self._specs)
        if not ledgers:
            return
        for left in cleanup.clean(ledgers, self._cloud(), PATIENCE):
            self._note(events.Topic.LEFT_BEHIND, left.resource, left.why)

    def _test_itself(self, interval: float) -> None:
        result = self_test.run(interval)
        if result.passed:
            self._note(events.Topic.REMARK, 'uptime', result.text)
        else:
            self._note.unmeasured('uptime', result.text)

    def over(self) -> bool:
        """See ``watch.Monitors.over``."""
        return self._monitors.over()

    def progress(self) -> dict[str, watch.Progress]:
        """See ``watch.Monitors.progress``."""
        return self._monitors.progress()

    def up(self) -> dict[str, bool | None]:
        """Whether each service is up, None where nobody knows."""
        return {name: seen.up for name, seen in self.progress().items()}
