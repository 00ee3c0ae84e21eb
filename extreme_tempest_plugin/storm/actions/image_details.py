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
"""Names, properties and members of images.

https://docs.openstack.org/api-ref/image/v2/#update-image
"""

import collections.abc
import random

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import image_states as images
from extreme_tempest_plugin.storm.actions import looking
from extreme_tempest_plugin.storm.actions import registers

#: Projects that images are shared with: they need not exist.
_MEMBER = {
    key: f'{number:032x}' for number, key in enumerate(registers.KEYS, start=1)
}


class RenameImage(images.ImageAction):
    """The image shows the new name."""

    name = 'image.rename'
    states = images.RESTING

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'name': fresh}

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        name = call.args['name']
        return self.patch(
            cloud, call, {'op': 'replace', 'path': '/name', 'value': name}
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        image = images.show(cloud, call.id)
        name = image.fixed.name if image else None
        return images.sight(
            image,
            name == call.args['name'],
            error=f'its name is still {name}',
            seen={'name': name},
        )


class _OnProperty(images.ImageAction):
    states = images.RESTING

    def values(
        self, cloud: ports.Cloud, call: model.Call
    ) -> tuple[model.Sight, registers.Values]:
        """The image and its properties."""
        image = images.show(cloud, call.id)
        return images.sight(image, False), image.properties if image else {}

    def seen_as(self, key: object) -> str:
        """Name of a property among the attributes of its image."""
        return f'property.{key}'


class SetProperty(_OnProperty, registers.SetKey):
    """The image shows the value."""

    name = 'image.set_property'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        key, value = call.args['key'], call.args['value']
        return self.patch(
            cloud, call, {'op': 'add', 'path': f'/{key}', 'value': value}
        )


class DeleteProperty(_OnProperty, registers.DeleteKey):
    """The image does not show the property."""

    name = 'image.delete_property'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        key = call.args['key']
        return self.patch(cloud, call, {'op': 'remove', 'path': f'/{key}'})


class _Member(msgspec.Struct):
    member_id: str
    status: str = ''


class _MembersBody(msgspec.Struct):
    members: list[_Member]


class _OnMember(images.ImageAction):
    """A member is a key that is there or not."""

    states = frozenset({images.QUEUED, images.ACTIVE})

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        shareable = resource.attributes.get(images.SHAREABLE)
        return bool(resource.shared or shareable) and super().suits(
            resource, holders
        )

    def values(
        self, cloud: ports.Cloud, call: model.Call
    ) -> tuple[model.Sight, registers.Values]:
        """The image and its members."""
        sight = images.sight(images.show(cloud, call.id), False)
        found = looking.read(
            cloud.service('glance'), _members(call), _MembersBody
        )
        ids = {one.member_id for one in found.members} if found else set()
        return sight, {
            key: registers.THERE for key, id_ in _MEMBER.items() if id_ in ids
        }

    def seen_as(self, key: object) -> str:
        """Name of a member among the attributes of its image."""
        return f'member.{key}'


class AddMember(_OnMember, registers.AddKey):
    """The image has the member."""

    name = 'image.add_member'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        member = _MEMBER[str(call.args['key'])]
        return cloud.service('glance').post(_members(call), {'member': member})


class RemoveMember(_OnMember, registers.DeleteKey):
    """The image does not have the member."""

    name = 'image.remove_member'

    def invoke(self, cloud: ports.Cloud, call: model.Call) -> ports.Answer:
        member = _MEMBER[str(call.args['key'])]
        return cloud.service('glance').delete(f'{_members(call)}/{member}')


def _members(call: model.Call) -> str:
    return f'{images.path(call.id)}/members'


ACTIONS: tuple[model.Action, ...] = (
    RenameImage(),
    SetProperty(),
    DeleteProperty(),
    AddMember(),
    RemoveMember(),
)
