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
"""The census after a storm: all that services say, of all that it made.

First every list, with a closer look where a list says too little; then the
counters of quotas; then what services say of each other's resources.
"""

import collections.abc
import dataclasses
import pathlib

from extreme_tempest_plugin.cloud import census
from extreme_tempest_plugin.cloud import census_compute
from extreme_tempest_plugin.cloud import census_dns
from extreme_tempest_plugin.cloud import census_identity
from extreme_tempest_plugin.cloud import census_images
from extreme_tempest_plugin.cloud import census_objects
from extreme_tempest_plugin.cloud import census_quotas
from extreme_tempest_plugin.cloud import census_records
from extreme_tempest_plugin.cloud import census_views
from extreme_tempest_plugin.cloud import ledger
from extreme_tempest_plugin.cloud import name_servers
from extreme_tempest_plugin.cloud import patient
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.history import events


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Afterwards:
    """What is to be known of the storm for its census.

    :param admin: the cloud as an administrator; None if there is none.
    :param kinds: of the resources that the storm dealt with.
    :param ledgers: of the storm.
    :param prefix: of the names of all that it created.
    :param alone: nobody else uses the project.
    :param servers: name servers to ask, see ``census_dns``.
    :param record: takes each event, ``Writer.append``.
    """

    cloud: ports.Cloud
    admin: ports.Cloud | None
    kinds: collections.abc.Collection[str]
    ledgers: collections.abc.Collection[pathlib.Path]
    prefix: str
    alone: bool
    servers: tuple[name_servers.Server, ...]
    record: collections.abc.Callable[[events.Event], None]

    def take(self) -> None:
        """Record all of it.

        :raises HarnessError: if a ledger cannot be read.
        """
        counts = census.take(
            events.CensusPhase.AFTER,
            self.cloud,
            self.kinds,
            self.record,
            admin=self.admin,
            closer=self._closer(),
        )
        census_quotas.take(patient.Patient(self.cloud), counts, self.record)
        census_views.Recorder(
            project=self.cloud.project, record=self.record
        ).take(self._views())

    def _made(self, kind: str) -> dict[str, str]:
        return ledger.made(self.ledgers, kind)

    def _closer(self) -> dict[str, census.Closer]:
        swift = census_objects.Objects(
            cloud=self.cloud,
            made={kind: self._made(kind) for kind in ('container', 'object')},
        )
        return {
            'container': swift.containers,
            'group': census_identity.groups,
            'image': census_images.look,
            'object': swift.objects,
            'user': census_identity.users,
        }

    def _views(self) -> collections.abc.Iterator[census_views.View]:
        cloud = patient.Patient(self.cloud)
        made = self._made('server')
        yield from census_compute.Views(
            cloud=cloud,
            admin=patient.Patient(self.admin) if self.admin else None,
            made=made,
            alone=self.alone,
        ).of(self.kinds)
        if 'server' in self.kinds:
            yield census_records.Records(cloud=cloud, made=made).view()
        if 'zone' in self.kinds:
            yield census_dns.Answers(
                cloud=cloud,
                prefix=self.prefix,
                made=self._made('zone'),
                servers=self.servers,
            ).view()


def while_broken(
    cloud: ports.Cloud,
    admin: ports.Cloud | None,
    kinds: collections.abc.Container[str],
    ledgers: collections.abc.Iterable[pathlib.Path],
    record: collections.abc.Callable[[events.Event], None],
) -> None:
    """Record what placement says of the servers, while something is broken.

    A compute that comes back tidies up, and nobody would see it afterwards.

    :raises HarnessError: if a ledger cannot be read.
    """
    if 'server' not in kinds:
        return
    views = census_compute.Views(
        cloud=cloud, admin=admin, made=ledger.made(ledgers, 'server')
    )
    census_views.Recorder(
        project=cloud.project,
        record=record,
        phase=events.CensusPhase.DURING,
    ).take(
        view
        for view in views.of(('server',))
        if view.kind == census_compute.ALLOCATION
    )
