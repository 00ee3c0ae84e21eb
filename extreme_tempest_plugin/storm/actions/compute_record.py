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
"""What nova has recorded of a request: os-instance-actions/<request id>.

A status alone often proves nothing: a server is ACTIVE before a reboot, too,
and with a request that was lost on its way to the compute service it stays
so. nova-api starts a record before it answers, and each service that works
on the request adds an event, with its result once it is done.

https://docs.openstack.org/api-ref/compute/#show-server-action-details
"""

import dataclasses

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm.actions import looking

#: From here on nova shows the events of an action to its owner.
MICROVERSION = '2.51'


class _Event(msgspec.Struct):
    event: str
    result: str | None = None


class _Action(msgspec.Struct):
    events: list[_Event] | None = None


class _Body(msgspec.Struct):
    action: _Action = msgspec.field(name='instanceAction')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The events of one request.

    :param results: event and its result, None while it runs.
    :param shown: the cloud shows events to us; without that nothing is
        proven, and nothing denied.
    """

    results: tuple[tuple[str, str | None], ...] = ()
    shown: bool = True

    def ended(self, event: str) -> bool:
        """Whether ``event`` was recorded, and nothing runs any more."""
        return any(name == event for name, _ in self.results) and all(
            result is not None for _, result in self.results
        )

    @property
    def well(self) -> bool:
        """Whether all that was recorded ended well."""
        return all(result == 'Success' for _, result in self.results)


def of(cloud: ports.Cloud, server: str, request_id: str) -> Record:
    """What nova has recorded of a request to a server.

    A cloud may hide the events, before 2.51 or by policy.

    :raises CallError: if nothing can be seen.
    """
    if not request_id:
        return Record(shown=False)
    try:
        found = looking.read(
            cloud.service('nova'),
            f'servers/{server}/os-instance-actions/{request_id}',
            _Body,
            version=MICROVERSION,
        )
    except ports.CallError as error:
        if error.refusal.status in (403, 406):
            return Record(shown=False)
        raise
    if found is None:
        return Record()
    if found.action.events is None:
        return Record(shown=False)
    return Record(
        results=tuple((one.event, one.result) for one in found.action.events)
    )
