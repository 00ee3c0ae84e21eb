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
"""What the operator did to the cloud, and when, by his own marks."""

import bisect

from extreme_tempest_plugin.history import events


class Marks:
    """Collects the marks of ``tempest extreme mark``; each ends the last."""

    wants: tuple[type[events.Event], ...] = (events.Note,)

    def __init__(self) -> None:
        self._times: list[int] = []
        self._texts: list[str] = []

    def see(self, event: events.AnyEvent) -> None:
        if type(event) is not events.Note:
            return
        if event.what is events.Topic.MARK and (
            not self._times or event.t >= self._times[-1]
        ):
            self._times.append(event.t)
            self._texts.append(event.text)

    def of(self, start: int, end: int) -> tuple[str, ...]:
        """What was being done at some time in ``[start, end]``, ns."""
        first = max(0, bisect.bisect_right(self._times, start) - 1)
        last = bisect.bisect_right(self._times, end)
        found = [
            text
            for time, text in zip(
                self._times[first:last], self._texts[first:last], strict=True
            )
            if text and time <= end
        ]
        return tuple(dict.fromkeys(found))
