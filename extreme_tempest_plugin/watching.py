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
"""Watch APIs around a piece of Python: the monitors as a context manager."""

import collections.abc
import contextlib
import threading
import typing

from extreme_tempest_plugin import campaign
from extreme_tempest_plugin import errors
from extreme_tempest_plugin import preparation
from extreme_tempest_plugin import progress
from extreme_tempest_plugin import settings as settings_
from extreme_tempest_plugin.cloud import credentials
from extreme_tempest_plugin.plan import model
from extreme_tempest_plugin.plan import ready
from extreme_tempest_plugin.plan import values


class Watch:
    """What a block of ``monitors`` was given.

    :ivar result: verdict and history; None until the block is over.
    """

    def __init__(self) -> None:
        self.result: campaign.Result | None = None


@contextlib.contextmanager
def monitors(
    settings: settings_.Settings,
    access: credentials.Access,
    *services: str,
    longest_outage: float = 0.0,
    **options: typing.Any,
) -> collections.abc.Iterator[Watch]:
    """Watch for as long as the block lasts; judge what was seen after it.

    :param services: what to watch, as ``uptime.targets`` reads it; without
        one those of ``[uptime] services``.
    :param longest_outage: seconds that an outage may last for a pass.
    :param options: of ``uptime`` in a plan: ``interval``, ``timeout`` in
        seconds, ``control`` and so on.
    :raises UsageError: before the block, if it cannot be watched.
    :raises HarnessError: if the monitors do not start, or no history can be
        written.
    """
    if services:
        options['services'] = list(services)
    bare = model.Plan(
        name='watch', duration=values.MOST_SECONDS, uptime=model.Uptime()
    )
    slo = {'longest_outage': {model.DEFAULT: longest_outage}}
    plan = preparation.prepare(
        ready.changed(bare, uptime=options, slo=slo), settings
    )
    runner = _Runner(plan, settings, access)
    runner.start()
    watch = Watch()
    try:
        runner.await_work()
        yield watch
    finally:
        runner.over = 'the block that was watched is over'
        runner.join()
    watch.result = runner.outcome()


class _Runner(threading.Thread):
    """A campaign beside the block."""

    def __init__(
        self,
        plan: model.Plan,
        settings: settings_.Settings,
        access: credentials.Access,
    ) -> None:
        super().__init__(name='monitors', daemon=True)
        self._campaign = (plan, settings, access)
        self._decided = threading.Event()
        self._at_work = False
        self._result: campaign.Result | None = None
        self._error: Exception | None = None
        self.over = ''

    def run(self) -> None:
        try:
            self._result = campaign.run(
                *self._campaign, self._see, until=lambda: self.over
            )
        except Exception as error:
            self._error = error
        finally:
            self._decided.set()

    def await_work(self) -> None:
        """Wait until the monitors are at work.

        :raises ExtremeError: if they will never be.
        """
        self._decided.wait()
        if not self._at_work:
            self.join()
            why = '; '.join(gap.why for gap in self.outcome().verdict.gaps)
            raise errors.HarnessError(why)

    def outcome(self) -> campaign.Result:
        """What became of the campaign; call it after the end."""
        if self._error:
            raise self._error
        assert self._result is not None
        return self._result

    def _see(self, shown: progress.Progress) -> None:
        if shown.phase == campaign.WATCHING:
            self._at_work = True
            self._decided.set()
