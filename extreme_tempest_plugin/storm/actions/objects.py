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
"""Containers and objects: what a storm does with swift.

Swift is eventually consistent, and its lists more so than the rest: what is
verified is what a GET or HEAD of the very thing shows, never a list.

https://docs.openstack.org/api-ref/object-store/
"""

import collections.abc
import random
import typing

from extreme_tempest_plugin.cloud import kinds
from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

_THERE = frozenset({looking.PRESENT})

BINARY = {'Content-Type': 'application/octet-stream'}

_META = 'x-container-meta-storm'


class Swift(model.Action):
    service = 'swift'

    def path(self, cloud: ports.Cloud, id_: str) -> str:
        """Where swift has it."""
        return kinds.BY_NAME[self.kind].path(cloud, id_)

    def head(
        self, cloud: ports.Cloud, id_: str
    ) -> collections.abc.Mapping[str, str] | None:
        """Headers of what is there, None if swift says that it is not."""
        try:
            return (
                cloud.service('swift')
                .send('HEAD', self.path(cloud, id_))
                .headers
            )
        except ports.CallError as error:
            if error.refusal.status == 404:
                return None
            raise

    def register(
        self, cloud: ports.Cloud, id_: str, header: str, wanted: object
    ) -> model.Sight:
        """What is in a header that was set."""
        headers = self.head(cloud, id_)
        if headers is None:
            return model.Sight(
                state=looking.MISSING, error=f'404: no such {self.kind}'
            )
        value = headers.get(header)
        return model.Sight(
            state=looking.PRESENT,
            reached=value == wanted,
            error=f'{header} is {value!r}, not {wanted!r}'
            if value != wanted
            else '',
        )


class Delete(Swift):
    effect = model.Effect.CONSUMES
    states = _THERE

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('swift').delete(self.path(cloud, call.id))

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        if self.head(cloud, call.id) is None:
            return model.Sight(state=looking.DELETED, reached=True)
        return model.Sight(
            state=looking.PRESENT, error=f'the {self.kind} is still there'
        )


class Note(Swift):
    """A header of one's own, which swift keeps."""

    effect = model.Effect.CHANGES
    states = _THERE
    header: typing.ClassVar[str]

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'value': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        return cloud.service('swift').send(
            'POST',
            self.path(cloud, call.id),
            # Swift takes the type that comes along for the new one.
            headers={**BINARY, self.header: str(call.args['value'])},
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        return self.register(cloud, call.id, self.header, call.args['value'])


class CreateContainer(Swift):
    """A container."""

    name = 'container.create'
    kind = 'container'
    effect = model.Effect.CREATES

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        name = str(call.args['name'])
        answer = cloud.service('swift').put(self.path(cloud, name))
        return answer.creating(name)

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        if self.head(cloud, answer.made) is None:
            return model.Sight(state=looking.MISSING, error='404: no such')
        return model.Sight(state=looking.PRESENT, reached=True)


class SetContainerMetadata(Note):
    """A metadata item of a container."""

    name = 'container.set_metadata'
    kind = 'container'
    header = _META


class DeleteContainer(Delete):
    """The end of an empty container.

    Swift refuses with 409 while its list has not heard of the last deletion.
    """

    name = 'container.delete'
    kind = 'container'
    eventual = frozenset({409})


ACTIONS: tuple[model.Action, ...] = (
    CreateContainer(),
    SetContainerMetadata(),
    DeleteContainer(),
)
