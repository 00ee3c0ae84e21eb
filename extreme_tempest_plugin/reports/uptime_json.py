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
"""The file that OSIC's api_uptime wrote: uptime by service, its six keys.

https://github.com/osic/api_uptime (api_uptime/test.py, ``report``).
"""

import pathlib

import msgspec

from extreme_tempest_plugin.checkers import summary_uptime
from extreme_tempest_plugin.checkers import verdict as verdicts
from extreme_tempest_plugin.reports import verdict_json


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Of one service, see ``summary_uptime.ServiceUptime``."""

    uptime_pct: float | None
    total_requests: int
    successful_requests: int
    failed_requests: int
    start_time: str
    end_time: str


def encode(uptime: dict[str, summary_uptime.ServiceUptime]) -> str:
    """One line of JSON, as the old tool wrote it."""
    reports = {
        service: msgspec.convert(seen, Report, from_attributes=True)
        for service, seen in uptime.items()
    }
    return msgspec.json.encode(reports).decode() + '\n'


def write(verdict: verdicts.Verdict, path: pathlib.Path) -> None:
    """Write it; the file appears whole or not at all.

    :raises OSError: if it cannot be written.
    """
    verdict_json.write_whole(path, encode(verdict.uptime))
