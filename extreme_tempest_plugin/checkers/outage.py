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
"""Outages of each service against the SLO.

The edges of an outage are uncertain by a sample or so, see
``uptime.outages``: only what is certainly longer than allowed is a finding,
and what may be longer is a gap.
"""

import collections
import collections.abc

from extreme_tempest_plugin.checkers import marks
from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import outage_telling
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.uptime import availability
from extreme_tempest_plugin.uptime import outages

#: A service with more missed samples than this, in percent, outside of its
#: outages was not watched well enough for a pass.
MOST_MISSED_PCT = 5.0

#: A monitor starts and stops a little inside of the planned duration.
LEAST_WATCHED = 0.9


class Outage:
    """Samples against ``slo.longest_outage``.

    :ivar availability: after ``conclude``: by service.
    :ivar telling: after ``conclude``: what is told of each outage.
    """

    name = outage_telling.NAME
    wants: tuple[type[events.Event], ...] = (
        events.Sample,
        events.Missed,
        events.Note,
    )

    def __init__(
        self,
        plan: plan_model.Plan,
        faults: windows.Faults,
        marked: marks.Marks,
    ) -> None:
        self._plan = plan
        self._faults = faults
        self._marks = marked
        self._uptime = plan.uptime or plan_model.Uptime()
        self._watched: dict[str, list[outage_telling.Watched]] = (
            collections.defaultdict(list)
        )
        self.availability: dict[str, availability.Availability] = {}
        self._gaps: list[model.Gap] = []
        self._findings: list[model.Finding] = []
        self._rows: list[model.Row] = []
        #: When the watch was ended in good order before its time.
        self._stopped: int | None = None

    def see(self, event: events.AnyEvent) -> None:
        if isinstance(event, events.Sample | events.Missed):
            self._watched[event.service].append(event)
        elif type(event) is events.Note and event.what is events.Topic.STOPPED:
            self._stopped = event.t

    def conclude(self) -> model.Conclusion:
        self.telling = outage_telling.Telling(
            self._plan.slo, self._faults, self._marks, self._watched
        )
        self._control = outages.of(
            self._watched.pop(plan_model.CONTROL, ()),
            self._interval_ns(plan_model.CONTROL),
        )
        if (
            self._plan.uptime is not None
            and self._plan.uptime.control is not None
            and not self._control.good
        ):
            self._gap(
                f'The control {self._plan.uptime.control} was never there: '
                'it tells nothing of the network of the tester.'
            )
        for service in self._services():
            watched = self._watched.get(service, [])
            found = outages.of(watched, self._interval_ns(service))
            self.availability[service] = found
            before = len(self._gaps), len(self._findings)
            if found.good + found.failed:
                self._judge_watch(service, found)
                self._judge(service, found)
            else:
                self._gap(f'{service} was to be watched and was not.')
            self._row(service, found, before)
        return model.Conclusion(
            findings=tuple(self._findings),
            gaps=tuple(self._gaps),
            rows=tuple(self._rows),
        )

    def shared_ns(self, outage: availability.Outage) -> int:
        """How much of an outage the control may have shared."""
        return sum(
            max(
                0,
                min(outage.end_latest_ns, one.end_latest_ns)
                - max(outage.start_earliest_ns, one.start_earliest_ns),
            )
            for one in self._control.outages
        )

    def watched(
        self, service: str
    ) -> collections.abc.Iterable[outage_telling.Watched]:
        """Samples of a service, missed ones too."""
        return self._watched.get(service, ())

    def _services(self) -> list[str]:
        planned: tuple[str, ...] = ()
        if self._plan.uptime is not None:
            planned = self._plan.uptime.services or ()
            if not planned and not self._watched:
                self._gap('Services were to be watched and none was.')
        return list(dict.fromkeys((*planned, *sorted(self._watched))))

    def _judge_watch(
        self, service: str, found: availability.Availability
    ) -> None:
        """Whether the service was watched well enough for a pass."""
        allowed = self._allowed_ns(service)
        if found.unknown_ns > allowed:
            self._gap(
                f'Nobody looked at {service} for '
                f'{model.seconds(found.unknown_ns)} in all, which may hide '
                'a longer outage than is allowed.'
            )
        missed = found.missed - sum(one.missed for one in found.outages)
        due = missed + found.good + found.failed
        if due and 100.0 * missed / due > MOST_MISSED_PCT:
            self._gap(
                f'{missed} of {due} samples of {service} could not be sent.'
            )
        if self._plan.uptime is not None:
            self._judge_length(service, self._plan.uptime, found)

    def _judge_length(
        self,
        service: str,
        uptime: plan_model.Uptime,
        found: availability.Availability,
    ) -> None:
        """Whether it was watched for as long as it was to be."""
        length = found.end_ns - found.start_ns
        due = found.missed + found.good + found.failed
        least = LEAST_WATCHED * self._plan.duration * model.SECOND
        if uptime.samples is not None and due >= uptime.samples:
            return
        if self._stopped is not None:
            unseen = self._stopped - found.end_ns
            if unseen > outages.GAP_INTERVALS * self._interval_ns(service):
                self._gap(
                    f'{service} was not watched for the last '
                    f'{model.seconds(unseen)}.'
                )
        elif length < least - self._interval_ns(service):
            self._gap(
                f'{service} was watched for {model.seconds(length)} of '
                f'{self._plan.duration:g} s.'
            )

    def _judge(self, service: str, found: availability.Availability) -> None:
        allowed = self._allowed_ns(service)
        for one in found.outages:
            shared = self.shared_ns(one)
            certain = self._certain_ns(service, one) - shared
            if certain > allowed or (allowed == 0 and not shared):
                self._findings.append(self.telling.finding(service, one))
            elif shared and one.most_ns > allowed:
                self._gap(
                    f'{service} was away for {model.seconds(one.length_ns)}, '
                    f'and {model.seconds(shared)} of it the control was, too: '
                    "it may have been the tester's own network."
                )
            elif one.open or one.most_ns > allowed:
                self._gap(
                    f'An outage of {service} lasted between '
                    f'{model.seconds(one.least_ns)} and '
                    f'{model.seconds(one.most_ns)}'
                    f'{" and was not over" if one.open else ""}: whether it '
                    'was longer than allowed is not known.'
                )

    def _certain_ns(self, service: str, one: availability.Outage) -> int:
        """How long one outage lasted for certain.

        Where nobody looked, it may have been up for a moment. Each such
        stretch is longer than GAP_INTERVALS intervals, so there are so many
        at most, and the longest part is at least the mean one.
        """
        stretch = outages.GAP_INTERVALS * self._interval_ns(service)
        most = int(one.unknown_ns / stretch)
        return (one.least_ns - one.unknown_ns) // (most + 1)

    def _row(
        self,
        service: str,
        found: availability.Availability,
        before: tuple[int, int],
    ) -> None:
        gaps, findings = before
        ok: bool | None = True
        if len(self._findings) > findings:
            ok = False
        elif len(self._gaps) > gaps:
            ok = None
        measured = 'none'
        if not found.good + found.failed:
            measured = 'not watched'
        elif found.outages:
            measured = model.seconds(found.longest_ns)
        self._rows.append(
            model.Row(
                name=f'longest outage of {service}',
                wanted=f'at most {self._plan.slo.allowed_outage(service):g} s',
                measured=measured,
                ok=ok,
            )
        )

    def _allowed_ns(self, service: str) -> int:
        allowed = self._plan.slo.allowed_outage(service)
        return round(allowed * model.SECOND)

    def _interval_ns(self, service: str) -> int:
        return round(self._uptime.interval_of(service) * model.SECOND)

    def _gap(self, why: str) -> None:
        self._gaps.append(model.Gap(checker=self.name, why=why))
