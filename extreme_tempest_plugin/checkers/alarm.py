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
"""The first operation that cannot be right, while the storm goes on.

What it says is what ``stuck`` and ``unexpected`` will find in the end; an
operation during a fault is excused here as it is there.
"""

from extreme_tempest_plugin.checkers import operations
from extreme_tempest_plugin.checkers import unexpected
from extreme_tempest_plugin.checkers import windows
from extreme_tempest_plugin.history import events


class Alarm:
    """Sees events in the order in which they are written.

    :param faults: of the same run, up to now.
    :ivar raised: what cannot be right, one line; empty while all may be.
    """

    wants = operations.Operations.wants

    def __init__(self, faults: windows.Faults) -> None:
        self.raised = ''
        self._faults = faults
        self._calls = operations.Operations()

    def see(self, event: events.AnyEvent) -> None:
        """Take one event in."""
        if self.raised or not isinstance(event, self.wants):
            return
        self._calls.see(event)
        if not isinstance(event, events.Fail | events.Info | events.Settled):
            return
        # It is over: what came of it need not be held any longer.
        operation = self._calls.by_op.pop(event.op, None)
        if operation is None:
            return
        why = _wrong(operation)
        cover = windows.Cover(self._faults.windows())
        if why and not cover.of(operation.began, event.t):
            self.raised = f'{operation.action} {operation.op}: {why}'


def _wrong(operation: operations.Operation) -> str:
    """Why it cannot be right; empty if it may be."""
    if operation.rest is not None:
        return (
            ''
            if operation.rest.reached
            else f'did not come to rest: {operation.rest.state}'
        )
    answer = unexpected.answer(operation)
    if answer:
        return f'{answer}: {operation.error}'
    refused = unexpected.refusal(operation)
    return f'refused with {refused}: {operation.error}' if refused else ''
