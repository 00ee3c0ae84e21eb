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
"""What placement, cinder and nova say of the servers of a run.

https://docs.openstack.org/api-ref/placement/
https://docs.openstack.org/api-ref/block-storage/v3/#attachments-attachments
https://docs.openstack.org/api-ref/compute/
"""

import collections
import collections.abc
import dataclasses
import functools
import time

import msgspec

from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import listing
from extreme_tempest_plugin.cloud import ports

#: Kinds of the rows: what placement, cinder and nova say.
ALLOCATION = 'allocation'
USAGE = 'project_usage'
HOST = 'server_host'
ATTACHMENT = 'volume_attachment'
SERVER_VOLUME = 'server_volume'

#: From here on cinder shows attachments, placement what a project uses.
_ATTACHMENTS_MICROVERSION = '3.27'
_USAGES_MICROVERSION = '1.9'

#: Seconds that placement may take to hear that a server is gone.
PATIENCE = 15.0
PAUSE = 1.0

#: While nova moves a server, the place that it leaves has an allocation in
#: the name of the move.
_MOVING = frozenset({'MIGRATING', 'RESIZE', 'REVERT_RESIZE', 'VERIFY_RESIZE'})

_Rows = collections.abc.Iterator[census_views.Row]


class _Held(msgspec.Struct):
    resources: dict[str, int] = {}


class _Allocations(msgspec.Struct):
    allocations: dict[str, _Held] = {}


class _Provider(msgspec.Struct):
    name: str


class _Placed(msgspec.Struct):
    """A server as an administrator sees it."""

    status: str
    task_state: str | None = msgspec.field(
        name='OS-EXT-STS:task_state', default=None
    )
    on: str | None = msgspec.field(
        name='OS-EXT-SRV-ATTR:hypervisor_hostname', default=None
    )


class _PlacedBody(msgspec.Struct):
    server: _Placed


class _Usages(msgspec.Struct):
    usages: dict[str, int]


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
    """The views of the servers of a run.

    :param admin: placement speaks to an administrator alone; None leaves
        that out, with a remark.
    :param made: ids of all servers that the run made.
    :param alone: nobody else uses the project.
    """

    cloud: ports.Cloud
    admin: ports.Cloud | None
    made: collections.abc.Collection[str]
    alone: bool = False
    sleep: collections.abc.Callable[[float], None] = time.sleep

    def of(
        self, wanted: collections.abc.Collection[str]
    ) -> collections.abc.Iterator[census_views.View]:
        """The views of what the storm dealt with.

        :param wanted: kinds of resources.
        """
        if 'server' in wanted:
            yield _view(ALLOCATION, 'placement', self._allocations)
            if self.admin:
                hosts = functools.partial(self._hosts, self.admin)
                yield _view(HOST, 'placement', hosts)
            if self.alone and self.admin:
                usage = functools.partial(self._usage, self.admin)
                yield _view(USAGE, 'placement', usage)
        if 'volume' in wanted:
            yield _view(ATTACHMENT, 'cinder', self._attachments)
        if 'server' in wanted and 'volume' in wanted:
            yield _view(SERVER_VOLUME, 'nova', self._server_volumes)

    def _alive(self) -> dict[str, str]:
        """States of the servers that are there, by id."""
        found = listing.found(self.cloud, kinds.BY_NAME['server'])
        return {server.id: server.state for server in found}

    def _allocations(self) -> _Rows:
        if self.admin is None:
            raise census_views.HiddenError(
                'not checked without an administrator: placement speaks to '
                'nobody else'
            )
        for server in census_views.bounded(
            {*self._alive(), *self.made}, 'servers'
        ):
            held = _held(self.admin, server)
            if held:
                yield census_views.Row(
                    id=server,
                    refs={
                        'server': server,
                        'providers': ' '.join(sorted(held)),
                    },
                )

    def _hosts(self, admin: ports.Cloud) -> _Rows:
        """Where a server holds its memory, and where it is.

        Only a host has memory; what is below it in placement, or beside it,
        has other things.
        """
        placement, nova = admin.service('placement'), admin.service('nova')
        name = functools.cache(
            lambda provider: (
                placement.get(f'resource_providers/{provider}')
                .read(_Provider)
                .name
            )
        )
        for id_ in census_views.bounded(self._alive(), 'servers'):
            try:
                answer = nova.get(f'servers/{id_}')
            except ports.CallError as error:
                if error.refusal.status == 404:
                    continue
                raise
            server = answer.read(_PlacedBody).server
            held = sorted(
                name(provider)
                for provider, of_one in _held(admin, id_).items()
                if 'MEMORY_MB' in of_one.resources
            )
            yield census_views.Row(
                id=id_,
                refs={
                    'of': f'server/{id_}',
                    'status': server.task_state or server.status,
                    'held': ' '.join(held),
                    'on': server.on or '',
                },
            )

    def _usage(self, admin: ports.Cloud) -> _Rows:
        """What placement counts for the project, and what its servers hold.

        They agree at once, or after a while, or never.
        """
        for left in reversed(range(round(PATIENCE / PAUSE))):
            alive = self._alive()
            servers = census_views.bounded({*alive, *self.made}, 'servers')
            used, held = self._counted(admin, servers)
            moving = not _MOVING.isdisjoint(alive.values())
            if used == held or moving or not left:
                break
            self.sleep(PAUSE)
        for name in sorted(used.keys() | held.keys()):
            yield census_views.Row(
                id=name,
                state='moving' if moving else 'present',
                refs={'used': str(used[name]), 'held': str(held[name])},
            )

    def _counted(
        self, admin: ports.Cloud, servers: collections.abc.Iterable[str]
    ) -> tuple[collections.Counter[str], collections.Counter[str]]:
        """What the project uses and its servers hold, by resource class."""
        answer = admin.service('placement').get(
            f'usages?project_id={self.cloud.project}',
            version=_USAGES_MICROVERSION,
        )
        used = collections.Counter(answer.read(_Usages).usages)
        held: collections.Counter[str] = collections.Counter()
        for server in servers:
            for of_one in _held(admin, server).values():
                held.update(of_one.resources)
        return used, held

    def _attachments(self) -> _Rows:
        answer = self.cloud.service('cinder').get(
            'attachments/detail', version=_ATTACHMENTS_MICROVERSION
        )
        for one in answer.read(_Attachments).attachments:
            yield census_views.Row(
                id=one.id,
                state=one.status,
                refs={'volume': one.volume_id, 'server': one.instance or ''},
            )

    def _server_volumes(self) -> _Rows:
        nova = self.cloud.service('nova')
        for server in census_views.bounded(self._alive(), 'servers'):
            try:
                answer = nova.get(f'servers/{server}/os-volume_attachments')
            except ports.CallError as error:
                if error.refusal.status == 404:
                    continue
                raise
            found = answer.read(_ServerVolumes).attachments
            for number, one in enumerate(found, start=1):
                yield census_views.Row(
                    id=f'{server}.{number}',
                    refs={'volume': one.volume_id, 'server': server},
                )


def _view(
    kind: str, service: str, rows: collections.abc.Callable[[], _Rows]
) -> census_views.View:
    return census_views.View(kind=kind, service=service, rows=rows)


def _held(admin: ports.Cloud, server: str) -> dict[str, _Held]:
    """The allocations of a server, by provider."""
    answer = admin.service('placement').get(f'allocations/{server}')
    return answer.read(_Allocations).allocations
