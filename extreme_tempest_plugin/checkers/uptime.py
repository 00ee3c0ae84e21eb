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
"""Uptime of each service, by time, against the SLO.

The edges of outages are uncertain, and what nobody looked at may have been
either: a service misses its SLO where all that is possible is below it, and
keeps it where all of it is above.
"""

import math

from extreme_tempest_plugin.checkers import model
from extreme_tempest_plugin.checkers import outage
from extreme_tempest_plugin.history import events
from extreme_tempest_plugin.plan import model as plan_model
from extreme_tempest_plugin.uptime import availability


class Uptime:
    """Availability against ``slo.uptime``.

    :param outages: concludes before.
    """

    name = 'uptime'
    wants: tuple[type[events.Event], ...] = ()

    def __init__(self, outages: outage.Outage, slo: plan_model.Slo) -> None:
        self._outages = outages
        self._slo = slo

    def see(self, event: events.AnyEvent) -> None:
        """Nothing to see: all it needs is collected."""

    def conclude(self) -> model.Conclusion:
        findings, gaps, rows = [], [], []
        for service, found in self._outages.availability.items():
            wanted = self._slo.wanted_uptime(service)
            if wanted is None:
                continue
            shared = sum(map(self._outages.shared_ns, found.outages))
            least, most = bounds(found, shared)
            ok = True if least >= wanted else False if most < wanted else None
            shown = f'{_floor(least)} to {_floor(most)} %'
            if ok is False:
                findings.append(_finding(service, found, shown, wanted))
            elif ok is None:
                gaps.append(
                    model.Gap(
                        checker=self.name,
                        why=f'{service} was up for {shown} of the time: '
                        f'whether that is {wanted:g} % is not known.',
                    )
                )
            rows.append(
                model.Row(
                    name=f'uptime of {service}',
                    wanted=f'at least {wanted:g} %',
                    measured=shown if least < most else f'{_floor(least)} %',
                    ok=ok,
                )
            )
        return model.Conclusion(
            findings=tuple(findings), gaps=tuple(gaps), rows=tuple(rows)
        )


def bounds(
    found: availability.Availability, shared_ns: int = 0
) -> tuple[float, float]:
    """The least and the most percent of the watch that it was up.

    :param shared_ns: of its outages, that the control probe had, too.
    """
    total = found.end_ns - found.start_ns
    if not total:
        return 0.0, 100.0
    least = sum(max(0, one.least_ns - one.unknown_ns) for one in found.outages)
    most = sum(one.most_ns for one in found.outages) + found.unknown_ns
    return (
        100.0 * max(0, total - most) / total,
        100.0 * min(total, max(0, total - least + shared_ns)) / total,
    )


def _finding(
    service: str,
    found: availability.Availability,
    shown: str,
    wanted: float,
) -> model.Finding:
    return model.Finding(
        checker=Uptime.name,
        about=service,
        service=service,
        what=f'{service} was up for {shown} of the time, wanted are '
        f'{wanted:g} %. It was away '
        f'{model.plural(len(found.outages), "time")}, for '
        f'{model.seconds(found.down_ns)} in all.',
    )


def _floor(percent: float) -> float:
    # Rounded down: 99.999 must not read as 100.
    return math.floor(percent * 1000) / 1000
