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
"""What a display is told while a campaign runs."""

import collections.abc
import dataclasses

from extreme_tempest_plugin.storm import tally
from extreme_tempest_plugin.uptime import watch


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One moment.

    :param phase: what is being done, one word or a few.
    :param elapsed: seconds since the storm began.
    :param duration: seconds that the plan gives it.
    :param storm: numbers of the storm, None without one.
    :param monitors: service name to numbers of its monitor.
    :param remarks: what the user should know, a line each; none is taken
        back.
    """

    phase: str
    elapsed: float
    duration: float
    storm: tally.Progress | None
    monitors: dict[str, watch.Progress]
    remarks: tuple[str, ...] = ()


Display = collections.abc.Callable[[Progress], None]
