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
"""The part of the census that asks services about each other's resources.

Placement has allocations for nova's servers, cinder has attachments to them,
and nova lists the volumes of each. They must agree, see
``checkers.references``. Each view is a kind of its own, so that it is not
taken for the resource itself.
"""

import collections.abc
import dataclasses
import time

import msgspec

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events

#: Kinds of the entries: what placement, cinder and nova say.
ALLOCATION = 'allocation'
ATTACHMENT = 'volume_attachment'
SERVER_VOLUME = 'server_volume'

#: From here on cinder shows attachments.
_ATTACHMENTS_MICROVERSION = '3.27'

#: Servers that are asked about one by one, at most.
MOST = 500


class _Allocations(msgspec.Struct):
    allocations: dict[str, msgspec.Raw] = {}


class _Attachment(msgspec.Struct):
    id: str
    volume_id: str
    status: str = ''
    instance: str | None = None


class _Attachments(msgspec.Struct):
    attachments: list[_Attachment]


class _ServerVolume(msgspec.Struct):
    volume_id: str = msgspec.field(name='volumeId')


class _ServerVolumes(msgspec.Struct):
    attachments: list[_ServerVolume] = msgspec.field(name='volumeAttachments')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """Asks services about each other's resources.

    :param admin: placement speaks to an administrator alone; None leaves
        that out, with a remark.
    :param record: takes each event, ``Writer.append``.
    """

    cloud: ports.Cloud
    admin: ports.Cloud | None
    record: collections.abc.Callable[[events.Event], None]
    actor: str = 'campaign'
    clock: collections.abc.Callable[[], int] = time.monotonic_ns
    phase: events.CensusPhase = events.CensusPhase.AFTER

    def take(
        self,
        wanted: collections.abc.Collection[str],
        made: collections.abc.Collection[str],
    ) -> None:
        """Record the views of what the storm dealt with.

        :param wanted: kinds that the storm dealt with.
        :param made: ids of all servers that the run made.
        """
        if 'server' in wanted:
            self._record_all(ALLOCATION, 'placement', self._allocations(made))
        if 'volume' in wanted:
            self._record_all(ATTACHMENT, 'cinder', self._attachments())
        if 'server' in wanted and 'volume' in wanted:
            self._record_all(SERVER_VOLUME, 'nova', self._server_volumes())

    def _alive(self) -> set[str]:
        found = listing.found(self.cloud, kinds.BY_NAME['server'])
        return {server.id for server in found}

    def _allocations(
        self, made: collections.abc.Collection[str]
    ) -> collections.abc.Iterator[tuple[str, str, dict[str, str]]]:
        if self.admin is None:
            raise _HiddenError('placement speaks to an administrator alone')
        placement = self.admin.service('placement')
        for server in _bounded({*self._alive(), *made}):
            answer = placement.get(f'allocations/{server}')
            held = answer.read(_Allocations).allocations
            if held:
                yield (
                    server,
                    'present',
                    {'server': server, 'providers': ' '.join(sorted(held))},
                )

    def _attachments(
        self,
    ) -> collections.abc.Iterator[tuple[str, str, dict[str, str]]]:
        answer = self.cloud.service('cinder').get(
            'attachments/detail', version=_ATTACHMENTS_MICROVERSION
        )
        for one in answer.read(_Attachments).attachments:
            yield (
                one.id,
                one.status,
                {'volume': one.volume_id, 'server': one.instance or ''},
            )

    def _server_volumes(
        self,
    ) -> collections.abc.Iterator[tuple[str, str, dict[str, str]]]:
        nova = self.cloud.service('nova')
        for server in _bounded(self._alive()):
            try:
                answer = nova.get(f'servers/{server}/os-volume_attachments')
            except ports.CallError as error:
                if error.refusal.status == 404:
                    continue
                raise
            found = answer.read(_ServerVolumes).attachments
            for number, one in enumerate(found, start=1):
                yield (
                    f'{server}.{number}',
                    'present',
                    {'volume': one.volume_id, 'server': server},
                )

    def _record_all(
        self,
        kind: str,
        service: str,
        rows: collections.abc.Iterator[tuple[str, str, dict[str, str]]],
    ) -> None:
        count = 0
        what, about = events.Topic.CENSUS_COMPLETE, f'{self.phase}/{kind}'
        try:
            for id_, state, refs in rows:
                count += 1
                self.record(
                    events.Census(
                        t=self.clock(),
                        actor=self.actor,
                        phase=self.phase,
                        service=service,
                        resource=f'{kind}/{id_}',
                        state=state,
                        owner=self.cloud.project,
                        refs=refs,
                    )
                )
            text = f'{count} listed'
        except _HiddenError as error:
            what, about = events.Topic.REMARK, f'census/{kind}'
            text = f'not asked: {error}'
        except ports.CallError as error:
            # While something is broken, an answer is luck.
            excused = (
                error.refusal.kind is ports.Kind.FAIL
                or self.phase is events.CensusPhase.DURING
            )
            what = events.Topic.REMARK if excused else events.Topic.UNMEASURED
            about = f'census/{kind}'
            text = f'could not be listed: {error}'
        self.record(
            events.Note(
                t=self.clock(),
                actor=self.actor,
                what=what,
                about=about,
                text=text,
            )
        )


class _HiddenError(Exception):
    """It is not ours to see."""


def _bounded(servers: collections.abc.Collection[str]) -> list[str]:
    """The servers to ask about, in a fixed order.

    :raises _HiddenError: if there are too many.
    """
    if len(servers) > MOST:
        raise _HiddenError(
            f'{len(servers)} servers are too many to ask about one by one'
        )
    return sorted(servers)
