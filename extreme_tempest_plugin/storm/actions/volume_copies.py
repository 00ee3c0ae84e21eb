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
"""Snapshots, clones and backups of volumes.

Only of volumes that nobody uses: what a backend needs to copy one in use
(the help of the hypervisor, with NFS) is another matter.
"""

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import volume
from extreme_tempest_plugin.storm.actions import volume_states as volumes

_IDLE = model.Need(kind='volume', states=frozenset({volumes.AVAILABLE}))


class _Copy(volumes.Creating):
    """A snapshot or a backup: it keeps its volume from being deleted."""

    partners = {'volume': _IDLE}
    conflicts = volumes.CONFLICTS

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return self.made(
            cloud,
            {
                'name': call.args['name'],
                'volume_id': call.partners['volume'].id,
            },
        )


class CreateSnapshot(_Copy):
    """The snapshot is available."""

    name = 'volume_snapshot.create'
    requires = frozenset({'volume:snapshot'})
    kind = 'volume_snapshot'
    collection = 'snapshots'
    wrapper = 'snapshot'


class DeleteSnapshot(volumes.Deleting):
    """The snapshot is not found."""

    name = 'volume_snapshot.delete'
    requires = frozenset({'volume:snapshot'})
    kind = 'volume_snapshot'
    collection = 'snapshots'
    wrapper = 'snapshot'


class CreateBackup(_Copy):
    """The backup is available."""

    name = 'volume_backup.create'
    kind = 'volume_backup'
    collection = 'backups'
    wrapper = 'backup'
    requires = frozenset({'backup'})

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        if not sight.reached:
            return sight
        # The volume was "backing-up", and must be free again.
        of = call.partners['volume']
        return volumes.back(cloud, of, sight)


class DeleteBackup(volumes.Deleting):
    """The backup is not found."""

    name = 'volume_backup.delete'
    kind = 'volume_backup'
    collection = 'backups'
    wrapper = 'backup'
    requires = frozenset({'backup'})


class _FromVolume(volume.CreateVolume):
    """A volume that is made from another one, and as large."""

    conflicts = volumes.CONFLICTS | {413}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        # Without a size it is the one of its source.
        return self.made(
            cloud,
            {'name': call.args['name'], **self.source(cloud, call)},
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        # No size: so it is not extended. A clone of a volume that has
        # snapshots takes over its format on record and not its format, and
        # cannot be extended then (cinder 29 with NFS: error_extending).
        return {}


class CloneVolume(_FromVolume):
    """The copy is available, and its source is so again."""

    name = 'volume.clone'
    requires = frozenset({'volume:clone'})
    links = model.Links.REMOVES
    partners = {'source': _IDLE}

    def source(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, object]:
        return {'source_volid': call.partners['source'].id}

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight = super().look(cloud, call, answer)
        if not sight.reached:
            return sight
        return volumes.back(cloud, call.partners['source'], sight)


class CreateFromSnapshot(_FromVolume):
    """The copy of the snapshot is available."""

    name = 'volume.create_from_snapshot'
    requires = frozenset({'volume:snapshot'})
    links = model.Links.REMOVES
    partners = {
        'source': model.Need(
            kind='volume_snapshot', states=frozenset({volumes.AVAILABLE})
        )
    }

    def source(
        self, cloud: ports.Cloud, call: model.Call
    ) -> dict[str, object]:
        return {'snapshot_id': call.partners['source'].id}


ACTIONS: tuple[model.Action, ...] = (
    CreateSnapshot(),
    DeleteSnapshot(),
    CreateBackup(),
    DeleteBackup(),
    CloneVolume(),
    CreateFromSnapshot(),
)
