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
"""Whether more is lost than the faults explain, while the campaign goes on.

It looks between two faults, when everything is to be up again, so that what
is down counts from the first look after a heal. Times are seconds of the
campaign.
"""

import collections.abc

from extreme_tempest_plugin.plan import model


class Cascade:
    """Counts what is down, and for how long.

    :param limit: of the plan.
    """

    def __init__(self, limit: model.Abort) -> None:
        self._limit = limit
        self._down: dict[str, float] = {}
        self._lost: dict[str, float] = {}

    def see(
        self, up: collections.abc.Mapping[str, bool | None], now: float
    ) -> None:
        """What the monitors say.

        :param up: service to whether it is up; None if nobody knows, which
            leaves it as it was.
        """
        if up.get(model.CONTROL) is False:
            # The tester's own network is away: they say nothing of a cloud.
            return
        for service, state in up.items():
            if state is False:
                self._down.setdefault(service, now)
            elif state:
                self._down.pop(service, None)

    def see_lost(
        self, lost: collections.abc.Iterable[str], now: float
    ) -> None:
        """All that was there before the first fault, and is not now."""
        self._lost = {name: self._lost.get(name, now) for name in lost}

    def excess(self) -> str:
        """What is down beyond the limit, however long; empty if nothing."""
        down = sorted(self._down)
        if len(down) <= self._limit.down_services:
            down = []
        return ', '.join([*down, *sorted(self._lost)])

    def passed(self, now: float) -> str:
        """Why nothing more may be broken; empty if it may."""
        down, lost = (
            sorted(name for name, t in since.items() if self._long(t, now))
            for since in (self._down, self._lost)
        )
        said = []
        if len(down) > self._limit.down_services:
            said.append(
                f'{len(down)} services are down ({", ".join(down)}), more '
                f'than abort.down_services: {self._limit.down_services}'
            )
        if lost:
            said.append(
                'lost, though it was there before the first fault: '
                + ', '.join(lost)
            )
        if not said:
            return ''
        return f'{"; ".join(said)}; for {self._limit.seconds:g} s and more'

    def _long(self, since: float, now: float) -> bool:
        return now - since >= self._limit.seconds
