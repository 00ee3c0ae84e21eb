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
"""Keys with values, which many users write at the same time.

A few keys and a value that nobody else writes: so it can be said of each
value that is seen whose it is, and whether an acknowledged one was lost.
"""

import abc
import collections.abc
import random

import msgspec

from extreme_tempest_plugin.cloud import ports
from extreme_tempest_plugin.storm import model
from extreme_tempest_plugin.storm.actions import looking

KEYS = ('xt_a', 'xt_b', 'xt_c')

#: Value of a key that is only there or not.
THERE = 'there'

Values = collections.abc.Mapping[str, str]


class _OnKey(model.Action):
    """An action on one key.

    Its arguments are ``key`` and, if it writes, ``value``; ``seen`` and the
    attributes of the resource have the key's value under ``seen_as``.
    """

    effect = model.Effect.CHANGES

    @abc.abstractmethod
    def values(
        self, cloud: ports.Cloud, call: model.Call
    ) -> tuple[model.Sight, Values]:
        """The resource, and its keys with their values.

        :raises CallError: if nothing can be seen.
        """

    def seen_as(self, key: object) -> str:
        """Name of a key among the attributes of its resource."""
        return f'metadata.{key}'

    def there(self, resource: model.Resource) -> tuple[str, ...]:
        """The keys that one's own resource has."""
        return tuple(
            key
            for key in KEYS
            if resource.attributes.get(self.seen_as(key)) is not None
        )

    def look(
        self, cloud: ports.Cloud, call: model.Call, answer: ports.Answer
    ) -> model.Sight:
        sight, values = self.values(cloud, call)
        if sight.state == looking.MISSING:
            return sight
        key, wanted = str(call.args['key']), call.args.get('value')
        found = values.get(key)
        return msgspec.structs.replace(
            sight,
            reached=found == wanted,
            error=sight.error if found == wanted else f'{key} is {found!r}',
            seen={self.seen_as(key): found},
        )

    def attributes(self, call: model.Call) -> model.Arguments:
        key = self.seen_as(call.args['key'])
        return {key: call.args.get('value')}


class SetKey(_OnKey):
    """Give a key a value."""

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        return {'key': rng.choice(KEYS), 'value': fresh}


class AddKey(_OnKey):
    """Add a key that is only there or not; one's own if it is not there."""

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return bool(self._missing(resource))

    def _missing(self, resource: model.Resource) -> tuple[str, ...]:
        if resource.shared:
            return KEYS
        there = self.there(resource)
        return tuple(key for key in KEYS if key not in there)

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        assert chosen.resource is not None
        key = rng.choice(self._missing(chosen.resource))
        return {'key': key, 'value': THERE}


class DeleteKey(_OnKey):
    """Take a key away; one's own only if it is there."""

    def suits(
        self,
        resource: model.Resource,
        holders: collections.abc.Sequence[model.Resource],
    ) -> bool:
        return bool(self._known(resource))

    def _known(self, resource: model.Resource) -> tuple[str, ...]:
        return KEYS if resource.shared else self.there(resource)

    def arguments(
        self, rng: random.Random, fresh: str, chosen: model.Chosen
    ) -> model.Arguments:
        assert chosen.resource is not None
        return {'key': rng.choice(self._known(chosen.resource))}
