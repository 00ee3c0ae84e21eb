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
"""What a run must reach, as a plan says it. Times are seconds."""

from typing import Annotated

import msgspec

from extreme_tempest_plugin.plan import values

#: Speaks for what a mapping of limits does not name.
DEFAULT = 'default'


class Times(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How long the operations of one action may take, s.

    :param p50: half of them may take longer, and so on by nearest rank.
    :param max: none may take longer.
    """

    p50: values.PositiveSeconds | None = None
    p90: values.PositiveSeconds | None = None
    p95: values.PositiveSeconds | None = None
    p99: values.PositiveSeconds | None = None
    max: values.PositiveSeconds | None = None

    def __post_init__(self) -> None:
        if not self.limits():
            raise ValueError('no limit: give `p50` to `p99` or `max`')

    def limits(self) -> tuple[tuple[str, int, float], ...]:
        """Name, percentile and seconds of each limit; the maximum is 100."""
        return tuple(
            (name, percent, limit)
            for name, percent, limit in (
                ('p50', 50, self.p50),
                ('p90', 90, self.p90),
                ('p95', 95, self.p95),
                ('p99', 99, self.p99),
                ('max', 100, self.max),
            )
            if limit is not None
        )


class Slo(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """What the run must reach to pass.

    :param latency: of calls, from the sending (where operations come at a
        rate: from when they were due) to the acknowledgement, by action;
        ``default`` speaks for those that are not named.
    :param settle: from the acknowledgement to rest, likewise.
    :param longest_outage: seconds that one outage of a service may last;
        ``default`` speaks for the services that are not named, 0 without it.
    :param uptime: percent of the watch that a service must be up at least;
        ``default`` speaks for the services that are not named.
    :param lost: acknowledged requests that may be lost.
    :param stuck: resources that may get stuck or into an error.
    :param duplicates: things of which there may be one, and are two.
    :param quotas: quotas that may be passed or miscounted.
    :param disagreements: resources about which services may disagree.
    :param log_errors: kinds of error lines that the servers may log; None
        lists them only.
    :param unexpected_5xx: answers with a status of 500 and more, outside of
        fault windows.
    :param unexpected_4xx: refusals that the contract of the API does not
        allow, outside of fault windows.
    :param schema_violations: acknowledgements that may break the schema of
        their API.
    :param missing_request_ids: acknowledgements that may have no request id.
    """

    latency: dict[str, Times] = {}
    settle: dict[str, Times] = {}
    longest_outage: dict[str, values.Seconds] = {}
    uptime: dict[str, values.Percent] = {}
    lost: Annotated[int, msgspec.Meta(ge=0)] = 0
    stuck: Annotated[int, msgspec.Meta(ge=0)] = 0
    duplicates: Annotated[int, msgspec.Meta(ge=0)] = 0
    quotas: Annotated[int, msgspec.Meta(ge=0)] = 0
    disagreements: Annotated[int, msgspec.Meta(ge=0)] = 0
    log_errors: Annotated[int, msgspec.Meta(ge=0)] | None = None
    unexpected_5xx: Annotated[int, msgspec.Meta(ge=0)] = 0
    unexpected_4xx: Annotated[int, msgspec.Meta(ge=0)] = 0
    schema_violations: Annotated[int, msgspec.Meta(ge=0)] = 0
    missing_request_ids: Annotated[int, msgspec.Meta(ge=0)] = 0

    def allowed_outage(self, service: str) -> float:
        """Seconds that one outage of ``service`` may last."""
        return _limit(self.longest_outage, service) or 0.0

    def wanted_uptime(self, service: str) -> float | None:
        """Percent that ``service`` must be up; None if nothing is said."""
        return _limit(self.uptime, service)


def _limit(limits: dict[str, float], service: str) -> float | None:
    """Of ``nova/kept``: its own limit, that of ``nova``, or the default."""
    bare = service.partition('@')[0].partition('/')[0]
    for name in (service, bare, DEFAULT):
        if name in limits:
            return limits[name]
    return None
